"""Whether an upload is this file's, asked wherever another file may have come to it.

Two machines may send, at one time and with one key, two files of one name, size and fingerprint; and one may find another
file where the one that it began with has been. Whoever comes to an upload that holds parts compares them (`found_own`),
but for those that this machine remembers to have sent of this very file, unchanged since: an interrupted upload then goes on
at once. Who comes with another modification time joins only where some of it proved to be the same. Even then the rest may
differ: so each looks, before completing, whether the parts are still those that it sent or found (`check_alone`), and
none takes for its own what the other has completed (`is_of`).
"""

from collections.abc import Mapping, Sequence

from coordinator.client.api import Coordinator
from coordinator.client.digests import Hashing
from coordinator.client.files import Content
from coordinator.client.finding import Finding
from coordinator.client.fingerprint import proves_content
from coordinator.client.own_parts import WHOLE
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
        self,
        upload: UploadAnswer,
        content: Content,
        plan: Plan,
        held: Sequence[PartAnswer],
        sent: Mapping[int, str | None],
    ) -> Sequence[PartAnswer]:
        """Those of the parts at the store that are this content's, as far as anything tells.

        `sent`: the ETags of those that were sent, or found to be its own, before. Raises FileChanged where a part is not, and
        Anothers where none speaks for a copy.
        """
        known = await self._finding.own_parts(content, upload)
        known |= {number: etag.strip('"') for number, etag in sent.items() if etag is not None}
        ours = [part for part in held if _is_known(part, known)]
        others = [part for part in held if not _is_known(part, known)]
        if ours and not others:
            return held
        found = await compared(self._hashing, content, plan, others)
        if found.other:
            # what began as this very file is not changed: somebody else has come to it
            raise Anothers(live=True) if ours else other_content(content.filename)
        own = found.same
        if ours:
            pass
        elif not found.differs and self._finding.has_time_of(content, upload):
            # what nothing can be compared with counts as this file's
            own = others
        elif not (own or self._finding.chosen or proves_content(content.size)):
            raise Anothers(live=True)
        await self._finding.note_parts(content, upload, {part.part_number: part.etag for part in own})
        return [*ours, *own]

    async def check_alone(self, upload: UploadAnswer, etags: Mapping[int, str | None]) -> None:
        """`etags`: as the parts were sent, or found. Raises Anothers where somebody else has sent other ones."""
        if upload.part_count == 1 or upload.fingerprint is None:
            return
        for part in await self._coordinator.parts(str(upload.id), refresh=False):
            own = etags.get(part.part_number)
            if own is not None and part.etag is not None and own.strip('"') != part.etag:
                raise Anothers(live=True)

    async def is_of(self, upload: UploadAnswer, content: Content) -> bool:
        """Whether what somebody else has completed is this content.

        That the upload bears this file's name and time tells nothing, whoever came to it later.
        """
        if proves_content(content.size) and self._finding.recognises(upload, content):
            return True
        remembered = await self._finding.own_parts(content, upload)
        known = upload.etag is not None and remembered.get(WHOLE) == upload.etag
        return known or await holds(self._hashing, upload, content)

    async def note_completed(self, upload: UploadAnswer, content: Content) -> None:
        """For who waits for its turn with this very file; uploads of one part take none."""
        if upload.part_count != 1:
            await self._finding.note_parts(content, upload, {WHOLE: upload.etag})


def _is_known(part: PartAnswer, known: Mapping[int, str]) -> bool:
    return part.etag is not None and known.get(part.part_number) == part.etag
