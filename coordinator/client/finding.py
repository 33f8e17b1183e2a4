"""Which upload a content belongs to: the one it was given for, the one of its name, the one it began before, the one that
the coordinator knows by its fingerprint, or a new one; in this order. start.py says which ones are passed over.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coordinator.client.api import Coordinator, Started
from coordinator.client.ending import abort_if_there, completed_already, ended
from coordinator.client.errors import NotFound, OtherFile
from coordinator.client.files import Content
from coordinator.client.left_behind import Earlier, LeftBehind
from coordinator.client.options import UploadOptions
from coordinator.client.records import KnownFile, Record, Records, StateNotWritten
from coordinator.client.start import Start, same_time
from coordinator.client.stream import Stream
from coordinator.client.under_way import UnderWay
from coordinator.protocol import SignedPartAnswer, UploadAnswer
from coordinator.uploads.plan import AWS_LIMITS

__all__ = ["Finding", "Found"]


@dataclass(frozen=True, slots=True)
class Found:
    upload: UploadAnswer
    signed: list[SignedPartAnswer]
    created: bool
    """Whether it is new, and so holds no parts."""


class Finding:
    def __init__(
        self,
        coordinator: Coordinator,
        options: UploadOptions,
        start: Start,
        *,
        under_way: UnderWay,
        chosen: str | None,
        records: Records | None,
        warn: Callable[[str], None],
        now: Callable[[], float],
    ) -> None:
        self._coordinator = coordinator
        self._options = options
        self._start = start
        self._under_way = under_way
        self._file: object = self
        """What tells this file from others: its path, where it has one."""
        self._chosen = chosen
        self._records = records
        self._warn = warn
        self._now = now
        self._starting: asyncio.Task[Started] | None = None
        self._fingerprint: str | None = None
        self._remembered = False
        self._past_records = False
        self._led_by: Record | None = None
        self._own = None if records is None else records.own_parts
        self._noted = False
        self._earlier = None if records is None else Earlier(coordinator, records)
        self._over = False

    @property
    def finds_again(self) -> bool:
        """Whether the upload of a stream is found by whoever sends the stream again."""
        named = self._options.name is not None and self._records is not None
        return named or self._chosen is not None

    @property
    def chosen(self) -> bool:
        """Whether the caller said which upload it is."""
        return self._chosen is not None

    def recognises(self, upload: UploadAnswer, content: Content) -> bool:
        """Whether the fingerprint is the same, which of a file larger than its samples says nothing of the rest."""
        return (
            upload.size == content.size
            and upload.fingerprint is not None
            and upload.fingerprint == self._fingerprint
        )

    def has_time_of(self, content: Content, upload: UploadAnswer) -> bool:
        """Whether the upload began with a file of this one's modification time, as far as it is known."""
        return same_time(upload, content, self._options)

    async def own_parts(self, content: Content, upload: UploadAnswer) -> dict[int, str]:
        """The ETags of the parts that come from this very file, unchanged since, as far as this machine knows."""
        own, identity = self._own, content.identity
        if own is None or identity is None:
            return {}
        self._noted = True
        return await asyncio.to_thread(own.of, str(upload.id), identity)

    async def note_parts(
        self, content: Content, upload: UploadAnswer, etags: Mapping[int, str | None]
    ) -> None:
        """From now on these do."""
        own, identity = self._own, content.identity
        if own is not None and identity is not None and etags:
            self._noted = True
            await asyncio.to_thread(own.add, str(upload.id), identity, etags)

    async def run(self, content: Content | Stream) -> Found:
        """Raises OtherFile, UploadEnded, and what the coordinator refuses."""
        self._over = False
        if not isinstance(content, Stream):
            self._fingerprint = await _read_fingerprint(content)
            self._file = (content.path, self._start.filename, self._start.place) if content.path else self
        async with self._under_way.turn(self._fingerprint):
            upload = await self._known(content)
            if upload is not None:
                self._under_way.hold(self, self._file, upload)
                return Found(upload, [], created=False)
        await self._look_back(content)
        if self._starting is None or self._starting.done():
            # whatever a start creates has to be known, to go on with it or to clear it away
            self._starting = asyncio.create_task(
                self._begin(None if isinstance(content, Stream) else content)
            )
            self._under_way.begins(self._starting)
        started = await asyncio.shield(self._starting)
        await self._remember(started, content)
        await self._tell_left(str(started.upload.id))
        return Found(started.upload, list(started.parts), started.created)

    def release(self) -> None:
        """Its file is not under way any more."""
        self._over = True
        self._under_way.release(self)

    def forget(self) -> None:
        """The upload is gone by accident: the next run begins anew. Raises UploadEnded where one was asked for."""
        if self._chosen is not None:
            raise ended()
        self.release()
        self._starting = None
        self._start.forget()

    def pass_over(self, *, apart: bool) -> None:
        """The upload it was led to is another content's: the next run begins anew, `apart` from all that a fingerprint finds."""
        self.release()
        self._starting = None
        self._past_records = True
        if apart and self._led_by is not None and self._earlier is not None:
            self._earlier.passed_over(self._led_by)
        self._start.forget(apart=apart)

    async def clear(self) -> None:
        """What a start that was interrupted may have left behind."""
        if self._starting is not None:
            await abort_if_there(self._coordinator, str((await self._starting).upload.id))

    async def finished(self, upload_id: str) -> None:
        """It need not be remembered any longer."""
        if self._remembered:
            await self._note(lambda records: records.remove(upload_id))
        if self._own is not None and self._noted:
            await asyncio.to_thread(self._own.forget, upload_id)

    async def _begin(self, content: Content | None) -> Started:
        fingerprint = self._fingerprint
        if fingerprint is not None:
            async with self._under_way.turn(fingerprint):
                if not self._under_way.sends_copy(self._file, fingerprint):
                    return await self._held(content, fingerprint)
        return await self._held(content, None)

    async def _held(self, content: Content | None, fingerprint: str | None) -> Started:
        started = await self._start.run(content, fingerprint)
        # a start whose upload was cancelled meanwhile keeps nobody else from it
        if not self._over:
            self._under_way.hold(self, self._file, started.upload)
        return started

    async def _known(self, content: Content | Stream) -> UploadAnswer | None:
        """The unfinished upload that the content was given for, or that is on record here."""
        if self._chosen is not None:
            asked = await self._coordinator.get(self._chosen)
            self._check_same(asked, content)
            return asked
        for record in await self._recorded(content):
            upload = await self._began(record)
            if upload is not None:
                self._check_same(upload, content)
                self._led_by = record
                return upload
        return None

    async def _recorded(self, content: Content | Stream) -> list[Record]:
        records, server, name = self._records, self._coordinator.url, self._options.name
        if records is None or self._past_records:
            return []
        if name is not None:
            return await asyncio.to_thread(records.named, server, name)
        file = self._known_file(content)
        if file is None or file.size < AWS_LIMITS.min_part_size:
            return []
        return await asyncio.to_thread(records.of_file, server, file)

    def _known_file(self, content: Content | Stream) -> KnownFile | None:
        if isinstance(content, Stream) or content.path is None or content.modified_ns is None:
            return None
        start = self._start
        return KnownFile(content.path, content.size, content.modified_ns, start.filename, start.place)

    async def _look_back(self, content: Content | Stream) -> None:
        file = self._known_file(content)
        if self._earlier is not None and self._options.name is None and file is not None:
            await self._earlier.look(file)

    async def _tell_left(self, upload_id: str) -> None:
        """Of what the file began before it was changed, where that is not gone on with."""
        if self._earlier is None:
            return
        over, left = await self._earlier.left(
            upload_id, lambda one: self._under_way.is_anothers(self._file, one)
        )
        for one in left:
            self._warn(one)
        if over:
            await self._note(lambda records: records.remove(*over))

    async def _began(self, record: Record) -> UploadAnswer | None:
        """The upload of a record, where it can be gone on with as it is asked for."""
        if self._under_way.is_anothers(self._file, record.upload_id):
            return None
        try:
            upload = await self._coordinator.get(record.upload_id)
        except NotFound:
            # it may be another key's; if it is not, the record goes by its age
            return None
        self._remembered = True
        if upload.state not in {"open", "completing"}:
            await self.finished(record.upload_id)
            return None
        if self._options.restart:
            await abort_if_there(self._coordinator, record.upload_id)
            await self.finished(record.upload_id)
            return None
        if differences := self._start.differences(upload):
            why = f"its unfinished upload began with another {' and '.join(differences)}"
            self._warn(LeftBehind(why, upload))
            return None
        return upload

    def _check_same(self, upload: UploadAnswer, content: Content | Stream) -> None:
        if upload.state not in {"open", "completing", "completed"}:
            raise ended()
        if isinstance(content, Stream) and upload.state == "completed":
            raise completed_already(content.filename)
        if isinstance(content, Stream):
            same = upload.fingerprint is None
        else:
            same = upload.size == content.size and upload.fingerprint in {None, self._fingerprint}
        if not same:
            named = (
                f"the unfinished upload named {self._options.name}" if self._options.name else "that upload"
            )
            raise OtherFile(
                f"{content.filename} is not what {named} began with ({upload.filename}): it is another file, or it was changed "
                "since. Give the original, or start again from the beginning (restart)."
            )

    async def _remember(self, started: Started, content: Content | Stream) -> None:
        upload = started.upload
        # what one request sends is not worth the write; its fingerprint finds it all the same
        if self._records is None or (upload.part_count == 1 and self._options.name is None):
            return
        known = None if isinstance(content, Stream) else content
        record = Record(
            server=self._coordinator.url,
            owner=f"{upload.tenant}/{upload.owner}",
            upload_id=str(upload.id),
            filename=upload.filename,
            place=self._start.place,
            name=self._options.name,
            path=known.path if known else None,
            size=upload.size,
            modified_ns=known.modified_ns if known else None,
            fingerprint=self._fingerprint,
            began=self._now(),
        )
        self._remembered = True
        await self._note(lambda records: records.add(record))

    async def _note(self, change: Callable[[Records], None]) -> None:
        if self._records is None:
            return
        try:
            await asyncio.to_thread(change, self._records)
        except StateNotWritten as failed:
            self._warn(f"{failed}. The upload goes on; the service still knows it again by its file.")


async def _read_fingerprint(content: Content) -> str:
    if content.size <= _QUICK:
        return content.fingerprint()
    return await asyncio.to_thread(content.fingerprint)


_QUICK = 256 * 1024
"""Bytes. A thread takes longer than this takes to read, unless a disk sleeps."""
