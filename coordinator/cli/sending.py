"""Sends what was found, several files at once, and tells a display; with a list of what was left when it is stopped."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

from coordinator.cli.display import Display, Passed, Summary, Took
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure, one_line
from coordinator.cli.source import Source, Unsendable
from coordinator.client import ClientError, LeftBehind, OngoingUpload
from coordinator.uploads.plan import AWS_LIMITS

__all__ = ["Sending"]

_FILES_AT_ONCE: Final = 64
"""Open files: the more small ones wait together, the fewer requests they take. How many parts are under way at once the
client finds out, over all of them."""

_LARGE_AT_ONCE: Final = 16
"""Of more than one part: few of them are to be left half sent by an interruption."""

_TICK: Final = 0.25
"""Seconds between two looks at what is under way."""

_LONGEST_NAME: Final = 500
"""Characters of a line in which a command follows that must not be cut."""


class Sending:
    def __init__(
        self,
        begin: Callable[[Source], OngoingUpload],
        display: Display,
        clock: Callable[[], float],
        *,
        failure_of: Callable[[Exception], Failure],
        abort_command: Callable[[str], str],
    ) -> None:
        """`begin` may raise ClientError or OSError."""
        self._begin = begin
        self._display = display
        self._clock = clock
        self._failure_of = failure_of
        self._abort_command = abort_command
        self._under_way: dict[Source, OngoingUpload] = {}
        self._began = clock()
        self._completed = 0
        self._bytes_stored = 0
        self._failures: list[Failure] = []
        self._warned: set[str] = set()
        self._stopped = False
        self._room_for_large = asyncio.Semaphore(_LARGE_AT_ONCE)

    @property
    def left(self) -> Iterator[tuple[Source, OngoingUpload]]:
        """What was under way when it was stopped."""
        return iter(self._under_way.items())

    async def send(self, found: Iterator[Source | Unsendable]) -> ExitCode:
        """Raises Failure for what stops everything, and what the display raises."""
        try:
            async with asyncio.TaskGroup() as tasks:
                ticking = tasks.create_task(self._tick())
                workers = [tasks.create_task(self._work(found)) for _ in range(_FILES_AT_ONCE)]
                await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
                ticking.cancel()
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        seconds = self._clock() - self._began
        self._display.ended(Summary(self._completed, len(self._failures), self._bytes_stored, seconds))
        return self._code()

    def _code(self) -> ExitCode:
        codes = {failure.code for failure in self._failures}
        return codes.pop() if len(codes) == 1 else ExitCode.FAILED if codes else ExitCode.DONE

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            for source, one in self._under_way.items():
                self._warn(source, one)
            self._display.moved({source: one.progress for source, one in self._under_way.items()})

    async def _work(self, found: Iterator[Source | Unsendable]) -> None:
        for one in found:
            if isinstance(one, Unsendable):
                self._failed(one.shown, one.failure)
            elif one.size is not None and one.size <= AWS_LIMITS.min_part_size:
                await self._send(one)
            else:
                async with self._room_for_large:
                    await self._send(one)

    async def _send(self, source: Source) -> None:
        began = self._clock()
        try:
            self._under_way[source] = ongoing = self._begin(source)
            try:
                upload = await ongoing
            finally:
                self._warn(source, ongoing)
        except (ClientError, OSError) as error:
            self._failed(source.shown, self._failure_of(error))
            self._under_way.pop(source, None)
        else:
            del self._under_way[source]
            self._completed += 1
            self._bytes_stored += upload.size or 0
            took = Took(self._clock() - began, ongoing.progress.bytes_resumed)
            self._display.completed(source, upload, took)

    def _warn(self, source: Source, ongoing: OngoingUpload) -> None:
        """Each warning once, as soon as it is known: a full disk is full for every file."""
        for text in ongoing.warnings:
            if text in self._warned:
                continue
            self._warned.add(text)
            if isinstance(text, LeftBehind):
                self._tell_left(source, text)
            else:
                self._display.warned(text)

    def _tell_left(self, source: Source, behind: LeftBehind) -> None:
        upload = behind.upload
        abort = self._abort_command(str(upload.id))
        told = (
            f"{one_line(source.shown, _LONGEST_NAME)}: {behind.why}, so it is sent from the beginning; the unfinished upload expires at "
            f"{upload.expires_at:%Y-%m-%d %H:%M} UTC, or at once with: {abort}"
        )
        self._display.warned(told, Passed(source.shown, str(upload.id), abort))

    def _failed(self, shown: str, failure: Failure) -> None:
        """Raises the failure when the others would fail in the same way; it is told once, whoever comes second with it."""
        if not self._stopped:
            self._display.failed(shown, failure)
        failure.told = True
        if failure.stops_all:
            self._stopped = True
            raise failure
        self._failures.append(failure)
