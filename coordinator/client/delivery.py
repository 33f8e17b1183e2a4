"""The protocol of one content, top to bottom: recognise it, start or resume, ask what is held, send what is missing,
report, complete. The coordinator's ledger is the truth. It may be stopped at any await and run again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from coordinator.client.completion import complete, settled
from coordinator.client.digests import Hashing, PartDigests, algorithm_for
from coordinator.client.ending import (
    abort_if_there,
    check_open,
    completed_already,
    ended,
    says_over,
    what_became,
)
from coordinator.client.errors import ClientError, FileError, PartFailed, StreamTooLong, WrongUse
from coordinator.client.files import Content
from coordinator.client.finding import Finding
from coordinator.client.options import UploadOptions
from coordinator.client.progress import Meter, Stage
from coordinator.client.report import Reporter
from coordinator.client.sender import Checks, Sender, Way
from coordinator.client.sources import Opening
from coordinator.client.stream import Stream
from coordinator.client.stream_supply import StreamSupply
from coordinator.client.supply import ContentSupply, Supply
from coordinator.client.turns import turn
from coordinator.client.verifying import other_content, planned
from coordinator.client.whose import Anothers, Whose
from coordinator.protocol import (
    ClaimBody,
    CompleteBody,
    DigestBody,
    PartAnswer,
    SignedPartAnswer,
    UploadAnswer,
)
from coordinator.uploads.plan import Plan

__all__ = ["Delivery", "Watcher"]

_MOST_ROUNDS: Final = 5
_MOST_DETOURS: Final = 5


@dataclass(frozen=True, slots=True)
class Watcher:
    on_stage: Callable[[Stage], None]
    on_upload: Callable[[UploadAnswer], None]


@dataclass(slots=True)
class _Work:
    """An upload under way."""

    upload: UploadAnswer
    plan: Plan
    meter: Meter
    reporter: Reporter
    signed: list[SignedPartAnswer]
    known: bool
    """Whether the meter says what the store holds."""
    found: dict[int, str | None] = field(default_factory=dict)
    """ETags of a file's parts that are not sent, as they are there already."""
    sent: bool = False
    """Whether all of it has been at the store in this run: what is completed then is what was given."""
    stored: dict[int, PartAnswer] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.upload.id)

    @property
    def etags(self) -> dict[int, str | None]:
        """Of the parts that were found or sent."""
        return {**self.found, **self.reporter.etags}


class Delivery:
    def __init__(
        self,
        opening: Opening,
        options: UploadOptions,
        *,
        way: Way,
        hashing: Hashing,
        finding: Finding,
        watcher: Watcher,
        state: Path | None,
    ) -> None:
        """`state`: the directory where processes of this machine take turns."""
        self._opening = opening
        self._options = options
        self._way = way
        self._coordinator = way.coordinator
        self._hashing = hashing
        self._finding = finding
        self._whose = Whose(way.coordinator, hashing, finding)
        self._watcher = watcher
        self._state = state
        self._work: _Work | None = None
        self._file_digest: asyncio.Future[DigestBody] | None = None
        self._detours = 0
        self._anew = False
        self._streams = False

    @property
    def meter(self) -> Meter | None:
        return None if self._work is None else self._work.meter

    async def run(self) -> UploadAnswer:
        """The completed upload. Raises ClientError."""
        self._watcher.on_stage("preparing")
        content = self._opening.open()
        self._streams = isinstance(content, Stream)
        try:
            while True:
                try:
                    upload = await self._passed(content)
                except Anothers as found:
                    await self._pass_over(found, content)
                    continue
                if upload is not None:
                    await self._finding.finished(str(upload.id))
                    return upload
        finally:
            self._finding.release()
            if self._file_digest is not None:
                self._file_digest.cancel()
            content.close()

    async def settle(self, stopped: BaseException) -> None:
        """After a failure or a stop: what nobody can go on with is cleared away; of a stop, what arrived is told."""
        if self._is_lost(stopped):
            await self.abandon()
        elif self._work is not None and isinstance(stopped, asyncio.CancelledError):
            await self._work.reporter.flush()

    async def abandon(self) -> None:
        """Clears away what a start, even one whose answer is still on its way, left at the coordinator."""
        if self._work is None:
            await self._finding.clear()
            return
        await self._work.reporter.stop()
        await abort_if_there(self._coordinator, self._work.id)
        await self._finding.finished(self._work.id)

    def _is_lost(self, stopped: BaseException) -> bool:
        """Compressed bytes are others each time; a stream of too many parts has them at its next time too; and one that
        failed by itself is not found again without a name.
        """
        if self._options.gzip or isinstance(stopped, StreamTooLong):
            return True
        of_source = isinstance(stopped, (WrongUse, FileError)) or not isinstance(
            stopped, (ClientError, asyncio.CancelledError)
        )
        return self._streams and of_source and not self._finding.finds_again

    async def _passed(self, content: Content | Stream) -> UploadAnswer | None:
        """The completed upload; None: the way there is to be gone again."""
        try:
            return await self._pass(content)
        except ClientError as error:
            upload = await self._detour(error, content)
        if upload is None or upload.state != "completed" or self._work is None:
            return None
        # a file can be held against what somebody else has completed, whatever of it has been sent
        self._work.sent = self._work.sent and isinstance(content, Stream)
        return await self._completed(self._work, upload, content)

    async def _pass(self, content: Content | Stream) -> UploadAnswer:
        work = self._work or await self._begin(content)
        async with self._turn(work):
            for rounds in range(_MOST_ROUNDS):
                if isinstance(content, Stream) and not work.sent:
                    work.upload = await settled(self._coordinator, work.upload)
                if work.upload.state == "open":
                    if not (isinstance(content, Stream) and work.sent):
                        await self._send(work, content)
                    work.sent = True
                elif work.upload.state == "completed":
                    return await self._completed(work, work.upload, content)
                self._watcher.on_stage("finishing")
                _check(content)
                await work.reporter.flush()
                await self._whose.check_alone(work.upload, work.etags)
                outcome = await complete(self._coordinator, work.upload, await self._claim(content))
                if isinstance(outcome, UploadAnswer):
                    return await self._completed(work, outcome, content)
                if isinstance(content, Stream):
                    break
                if work.upload.method == "put" and rounds:
                    # an object is never written over: what stands there is not this content
                    await abort_if_there(self._coordinator, work.id)
                    await self._begin_anew(work)
                    return await self._pass(content)
                for number in outcome:
                    work.meter.missing(number)
        raise PartFailed("The store does not keep what it was sent. Try again later.")

    async def _begin(self, content: Content | Stream) -> _Work:
        found = await self._finding.run(content)
        upload = found.upload
        plan = Plan(content.size, upload.part_size, upload.part_count)
        reporter = Reporter(lambda claims: self._report(upload, content, claims))
        meter = Meter(plan.size, plan.part_count)
        self._work = _Work(upload, plan, meter, reporter, found.signed, found.created)
        self._watcher.on_upload(upload)
        return self._work

    async def _report(
        self, upload: UploadAnswer, content: Content | Stream, claims: Sequence[ClaimBody]
    ) -> None:
        if not isinstance(content, Stream):
            await self._finding.note_parts(content, upload, {one.part_number: one.etag for one in claims})
        await self._coordinator.report(str(upload.id), claims)

    @asynccontextmanager
    async def _turn(self, work: _Work) -> AsyncIterator[None]:
        if self._state is None or work.plan.part_count == 1:
            yield
            return
        async with turn(self._state, work.id, lambda: self._watcher.on_stage("waiting")) as waited:
            if waited:
                work.upload = await self._coordinator.get(work.id)
                work.known = False
            yield

    async def _learn(self, work: _Work, content: Content | Stream) -> None:
        """Which parts exist is asked, never remembered; of those that another file may have left, each is read."""
        self._watcher.on_stage("preparing")
        held: Sequence[PartAnswer] = await self._coordinator.parts(work.id, refresh=True)
        work.known = True
        if isinstance(content, Stream):
            work.stored = {part.part_number: part for part in held}
            return
        held = await self._whose.found_own(
            work.upload, content, work.plan, planned(work.plan, held), work.etags
        )
        for number in set(work.meter.done) - {part.part_number for part in held}:
            work.meter.missing(number)
        work.found = {part.part_number: part.etag for part in held}
        for part in held:
            if part.part_number not in work.meter.done:
                work.meter.stored(part.part_number, part.size)

    async def _send(self, work: _Work, content: Content | Stream) -> None:
        if not work.known:
            await self._learn(work, content)
        self._watcher.on_stage("uploading")
        self._begin_file_digest(content)
        sender = Sender(
            self._way,
            work.id,
            supply=self._supply(work, content),
            meter=work.meter,
            reporter=None if work.plan.part_count == 1 else work.reporter,
            checks=Checks(lambda: _check(content), lambda: check_open(self._coordinator, work.id)),
        )
        if algorithm_for(self._options.digests, work.upload) is None or work.plan.part_count == 1:
            sender.window.put(work.signed)
        await sender.send()

    def _supply(self, work: _Work, content: Content | Stream) -> Supply:
        algorithm = algorithm_for(self._options.digests, work.upload)
        if isinstance(content, Stream):
            return StreamSupply(
                content,
                work.plan.part_size,
                self._hashing,
                algorithm,
                stored=work.stored,
                meter=work.meter,
            )
        count = work.plan.part_count or 1
        missing = [number for number in range(1, count + 1) if number not in work.meter.done]
        digests = PartDigests(self._hashing, content, work.plan, algorithm) if algorithm else None
        return ContentSupply(content, work.plan, missing, digests)

    def _begin_file_digest(self, content: Content | Stream) -> None:
        algorithm = self._options.file_digest
        if algorithm is not None and self._file_digest is None and not isinstance(content, Stream):
            self._file_digest = asyncio.ensure_future(self._hashing.whole(content, algorithm, content.size))

    async def _claim(self, content: Content | Stream) -> CompleteBody:
        if isinstance(content, Stream):
            return CompleteBody(size=content.taken, digest=content.digest())
        if self._file_digest is None:
            return CompleteBody()
        return CompleteBody(digest=await asyncio.shield(self._file_digest))

    async def _detour(self, error: ClientError, content: Content | Stream) -> UploadAnswer | None:
        """After an error that may mean that the upload is over: what became of it. None: it is to be started anew."""
        if self._work is None or not says_over(error) or self._detours >= _MOST_DETOURS:
            raise error
        self._detours += 1
        self._work.known = False
        upload = await what_became(self._coordinator, self._work.id)
        if upload is not None:
            self._work.upload = upload
            return upload
        if isinstance(content, Stream) and content.taken:
            raise ended()
        await self._begin_anew(self._work)
        return None

    async def _pass_over(self, found: Anothers, content: Content | Stream) -> None:
        """Leaves the upload to whom it belongs. Raises FileError where it is the one that the caller named."""
        if self._finding.chosen or (isinstance(content, Stream) and content.taken):
            raise (other_content if found.live else completed_already)(content.filename)
        self._finding.pass_over(apart=found.live)
        if self._work is not None:
            await self._work.reporter.stop()
        self._work = None

    async def _begin_anew(self, work: _Work) -> None:
        """Once; raises UploadEnded the next time."""
        if self._anew:
            raise ended()
        self._anew = True
        self._finding.forget()
        await work.reporter.stop()
        self._work = None

    async def _completed(self, work: _Work, upload: UploadAnswer, content: Content | Stream) -> UploadAnswer:
        """Raises UploadEnded; and Anothers where somebody else has completed it, with what is not known to be this content."""
        if upload.state != "completed":
            raise ended()
        work.upload = upload
        if work.sent:
            if not isinstance(content, Stream):
                await self._whose.note_completed(upload, content)
            return upload
        self._watcher.on_stage("finishing")
        if isinstance(content, Stream) or not await self._whose.is_of(upload, content):
            raise Anothers(live=False)
        return upload


def _check(content: Content | Stream) -> None:
    """Raises FileChanged."""
    if not isinstance(content, Stream):
        content.check()
