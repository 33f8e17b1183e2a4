"""Whether an upload is this file's, asked wherever another file may have come to it.

Two machines may send, at one time and with one key, two files of one name, size and fingerprint; and one may find another
file where the one that it began with has been. Whoever comes to an upload that holds parts compares them (`found_own`),
unless this machine remembers that it is the very file, unchanged since: an interrupted upload then goes on at once.
Who comes with another modification time joins only where some of it proved to be the same. Even then the rest may
differ: so each looks, before completing, whether the parts are still those that it sent or found (`check_alone`), and
none takes for its own what the other has completed (`is_of`).
"""

from collections.abc import Mapping, Sequence

from coordinator.client.api import Coordinator
from coordinator.client.digests import Hashing
from coordinator.client.files import Content
from coordinator.client.finding import Finding
from coordinator.client.fingerprint import proves_content
from coordinator.client.verifying import compared, holds, other_content
from coordinator.protocol import PartAnswer, UploadAnswer
from coordinator.uploads.plan import Plan

__all__ = ["Anothers", "Whose"]


class Anothers(Exception):
    """The upload is, or may be, another content's. `live`: it is not completed, so a fingerprint would lead to it again."""

    def __init__(self, *, live: bool) -> None:
        super().__init__()
        self.live = live


class Whose:
    def __init__(self, coordinator: Coordinator, hashing: Hashing, finding: Finding) -> None:
        self._coordinator = coordinator
        self._hashing = hashing
        self._finding = finding

    async def found_own(
        self, upload: UploadAnswer, content: Content, plan: Plan, held: Sequence[PartAnswer]
    ) -> Sequence[PartAnswer]:
        """Those of the parts at the store that are this content's, as far as anything tells.

        Raises FileChanged where one is not, and Anothers where none speaks for a copy.
        """
        if await self._finding.is_very_file(content, upload):
            return held
        found = await compared(self._hashing, content, plan, held)
        if found.other:
            raise other_content(content.filename)
        own = found.same
        if not found.differs and self._finding.has_time_of(content, upload):
            # what nothing can be compared with counts as this file's
            own = list(held)
        elif not (own or self._finding.chosen or proves_content(content.size)):
            raise Anothers(live=True)
        await self._finding.identify(content, upload)
        return own

    async def check_alone(self, upload: UploadAnswer, etags: Mapping[int, str | None]) -> None:
        """`etags`: as the parts were sent, or found. Raises Anothers where somebody else has sent other ones."""
        if upload.part_count == 1 or upload.fingerprint is None:
            return
        for part in await self._coordinator.parts(str(upload.id), refresh=False):
            own = etags.get(part.part_number)
            if own is not None and part.etag is not None and own.strip('"') != part.etag:
                raise Anothers(live=True)

    async def is_of(self, upload: UploadAnswer, content: Content, *, sent: bool) -> bool:
        """Whether what somebody else has completed is this content.

        `sent`: some of it has been sent or found here. Then the upload bears this file's time, whoever came to it later,
        and only the object can tell.
        """
        told = not sent or proves_content(content.size)
        return (told and self._finding.recognises(upload, content)) or await holds(
            self._hashing, upload, content
        )
