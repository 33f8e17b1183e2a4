"""The protocol of one content, top to bottom: recognise it, start or resume, ask what is held, send what is missing,
report, complete. The coordinator's ledger is the truth. It may be stopped at any await and run again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from coordinator.client.api import Started
from coordinator.client.completion import complete
from coordinator.client.digests import Hashing, PartDigests
from coordinator.client.ending import abort_if_there, check_open, ended, says_over, what_became
from coordinator.client.errors import ClientError, OtherFile, PartFailed
from coordinator.client.files import Content
from coordinator.client.options import UploadOptions
from coordinator.client.progress import Meter, Stage
from coordinator.client.report import Reporter
from coordinator.client.sender import Checks, Sender, Way
from coordinator.client.start import Start, metadata_of, same_time
from coordinator.client.supply import ContentSupply
from coordinator.client.verifying import verified
from coordinator.client.window import window_size
from coordinator.protocol import CompleteBody, DigestBody, PartAnswer, SignedPartAnswer, UploadAnswer
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

    @property
    def id(self) -> str:
        return str(self.upload.id)


class Delivery:
    def __init__(
        self,
        way: Way,
        hashing: Hashing,
        content: Content,
        options: UploadOptions,
        watcher: Watcher,
        *,
        chosen: str | None = None,
    ) -> None:
        """`chosen`: the id of the unfinished upload that the content is given for."""
        self._way = way
        self._coordinator = way.coordinator
        self._hashing = hashing
        self._content = content
        self._options = options
        self._watcher = watcher
        self._chosen = chosen
        self._start = Start(
            way.coordinator, options, options.filename or content.filename, window_size(way.places.count)
        )
        self._starting: asyncio.Task[Started] | None = None
        self._work: _Work | None = None
        self._file_digest: asyncio.Future[DigestBody] | None = None
        self._detours = 0
        self._anew = False

    @property
    def meter(self) -> Meter | None:
        return None if self._work is None else self._work.meter

    async def run(self) -> UploadAnswer:
        """The completed upload. Raises ClientError."""
        while True:
            try:
                return await self._pass()
            except ClientError as error:
                upload = await self._detour(error)
                if upload is not None and upload.state == "completed":
                    return upload

    async def settle(self) -> None:
        """After a stop: what arrived is told, as far as that is quick."""
        if self._work is not None:
            await self._work.reporter.flush()

    async def abandon(self) -> None:
        """Clears away what a start, even one whose answer is still on its way, left at the coordinator."""
        if self._work is not None:
            await self._work.reporter.stop()
            await abort_if_there(self._coordinator, self._work.id)
        elif self._starting is not None:
            started = await self._starting
            await abort_if_there(self._coordinator, str(started.upload.id))

    async def _pass(self) -> UploadAnswer:
        self._watcher.on_stage("preparing")
        self._content.check()
        work = self._work or await self._begin()
        for _ in range(_MOST_ROUNDS):
            if work.upload.state == "open":
                await self._send(work)
            self._watcher.on_stage("finishing")
            self._content.check()
            await work.reporter.flush()
            outcome = await complete(self._coordinator, work.id, await self._claim())
            if isinstance(outcome, UploadAnswer):
                return self._completed(work, outcome)
            for number in outcome:
                work.meter.missing(number)
        raise PartFailed("The store does not keep what it was sent. Try again later.")

    async def _begin(self) -> _Work:
        upload, signed, known = await self._find()
        plan = Plan(self._content.size, upload.part_size, upload.part_count or 1)
        reporter = Reporter(lambda claims: self._coordinator.report(str(upload.id), claims))
        self._work = _Work(upload, plan, Meter(plan.size, plan.part_count), reporter, signed, known)
        self._watcher.on_upload(upload)
        return self._work

    async def _find(self) -> tuple[UploadAnswer, list[SignedPartAnswer], bool]:
        """The upload, parts signed already, and whether it is known to hold none."""
        if self._chosen is not None:
            upload = await self._coordinator.get(self._chosen)
            await self._check_chosen(upload)
            return upload, [], False
        if self._starting is None or self._starting.done():
            fingerprint = await asyncio.to_thread(self._content.fingerprint)
            # whatever a start creates has to be known, to go on with it or to clear it away
            self._starting = asyncio.create_task(self._start.run(self._content, fingerprint))
        started = await asyncio.shield(self._starting)
        return started.upload, list(started.parts), started.created

    async def _check_chosen(self, upload: UploadAnswer) -> None:
        """Raises OtherFile, UploadEnded."""
        if upload.state not in {"open", "completing", "completed"}:
            raise ended()
        same = upload.size == self._content.size
        if same and upload.fingerprint is not None:
            same = upload.fingerprint == await asyncio.to_thread(self._content.fingerprint)
        if not same:
            raise OtherFile(
                f"{self._content.filename} is not the file that the upload of {upload.filename} began with: it is another "
                "one, or it was changed since."
            )

    async def _learn(self, work: _Work) -> None:
        """Which parts exist is asked, never remembered."""
        held = [
            part
            for part in await self._coordinator.parts(work.id, refresh=True)
            if _is_planned(work.plan, part)
        ]
        if not same_time(work.upload, metadata_of(self._content, self._options)):
            held = await verified(self._hashing, self._content, work.plan, held)
        for part in held:
            work.meter.stored(part.part_number, part.size)
        for number in set(work.meter.done) - {part.part_number for part in held}:
            work.meter.missing(number)
        work.known = True

    async def _send(self, work: _Work) -> None:
        if not work.known:
            await self._learn(work)
        self._watcher.on_stage("uploading")
        self._begin_file_digest()
        missing = [
            number for number in range(1, (work.plan.part_count or 1) + 1) if number not in work.meter.done
        ]
        algorithm = self._options.digests
        digests = PartDigests(self._hashing, self._content, work.plan, algorithm) if algorithm else None
        sender = Sender(
            self._way,
            work.id,
            supply=ContentSupply(self._content, work.plan, missing, digests),
            meter=work.meter,
            reporter=work.reporter,
            checks=Checks(self._content.check, lambda: check_open(self._coordinator, work.id)),
        )
        if digests is None:
            sender.window.put(work.signed)
        await sender.send()

    def _begin_file_digest(self) -> None:
        if self._options.file_digest is not None and self._file_digest is None:
            whole = self._hashing.whole(self._content, self._options.file_digest)
            self._file_digest = asyncio.ensure_future(whole)

    async def _claim(self) -> CompleteBody:
        if self._file_digest is None:
            return CompleteBody()
        return CompleteBody(digest=await asyncio.shield(self._file_digest))

    async def _detour(self, error: ClientError) -> UploadAnswer | None:
        """After an error that may mean that the upload is over: what became of it. None: it is to be started anew."""
        if self._work is None or not says_over(error) or self._detours >= _MOST_DETOURS:
            raise error
        self._detours += 1
        self._work.known = False
        upload = await what_became(self._coordinator, self._work.id)
        if upload is not None:
            self._work.upload = upload
            return upload
        if self._anew or self._chosen is not None:
            raise ended()
        self._anew = True
        await self._work.reporter.stop()
        self._work = None
        self._starting = None
        self._start.forget()
        return None

    def _completed(self, work: _Work, upload: UploadAnswer) -> UploadAnswer:
        if upload.state != "completed":
            raise ended()
        work.upload = upload
        return upload


def _is_planned(plan: Plan, part: PartAnswer) -> bool:
    """One of another size is sent again."""
    return 1 <= part.part_number <= (plan.part_count or 0) and part.size == plan.size_of(part.part_number)
