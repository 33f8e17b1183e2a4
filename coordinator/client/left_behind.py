"""The unfinished upload that a file leaves behind where it is sent as another one. Its parts cost until it ends, so it is named."""

import asyncio
from collections.abc import Callable
from typing import Self

from coordinator.client.api import Coordinator
from coordinator.client.errors import ClientError
from coordinator.client.records import KnownFile, Record, Records
from coordinator.protocol import UploadAnswer
from coordinator.uploads.plan import AWS_LIMITS

__all__ = ["Earlier", "LeftBehind"]

_CHANGED = "it differs from its unfinished upload"


class LeftBehind(str):
    """A warning like the others, which are texts too, with what it is about."""

    __slots__ = ("upload", "why")

    upload: UploadAnswer
    """The unfinished one."""
    why: str
    """Without the name of the file and without what comes of it."""

    def __new__(cls, why: str, upload: UploadAnswer) -> Self:
        made = super().__new__(
            cls,
            f"{upload.filename}: {why}, so it is sent from the beginning; the unfinished upload ({upload.id}) stays until it "
            f"is aborted, or expires ({upload.expires_at:%Y-%m-%d %H:%M} UTC).",
        )
        made.why, made.upload = why, upload
        return made

    def __getnewargs__(self) -> tuple[str, UploadAnswer]:  # type: ignore[override]  # a text is made of one
        """For copies, and for other processes."""
        return self.why, self.upload


class Earlier:
    """What a file began before it was changed, as far as it is on record on this machine."""

    def __init__(self, coordinator: Coordinator, records: Records) -> None:
        self._coordinator = coordinator
        self._records = records
        self._found: list[Record] | None = None

    def passed_over(self, record: Record) -> None:
        """The file was led to this one's upload, and had been changed without a sign."""
        self._found = [*(self._found or []), record]

    async def look(self, file: KnownFile) -> None:
        """The first time; to be called before the file's new upload takes their place."""
        if self._found is not None:
            return
        if file.size < AWS_LIMITS.min_part_size:
            # there may be many such, and one is looked up sooner than a thread is asked
            self._found = self._records.before(self._coordinator.url, file)
        else:
            self._found = await asyncio.to_thread(self._records.before, self._coordinator.url, file)

    async def left(
        self, upload_id: str, is_anothers: Callable[[str], bool]
    ) -> tuple[list[str], list[LeftBehind]]:
        """Beside the upload that is gone on with: the ids of all that need not be remembered, and those that are unfinished.

        Each of them once.
        """
        asked = [one.upload_id for one in self._found or [] if one.upload_id != upload_id]
        self._found = [one for one in self._found or [] if one.upload_id == upload_id]
        over: list[str] = []
        left: list[LeftBehind] = []
        for one in asked:
            if is_anothers(one):
                continue
            try:
                upload = await self._coordinator.get(one)
            except ClientError:
                # it may be another key's; the file itself is on its way
                continue
            over.append(one)
            if upload.state == "open":
                left.append(LeftBehind(_CHANGED, upload))
        return over, left
