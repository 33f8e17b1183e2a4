"""One upload on its way, as its caller sees it: something to await, to watch and to cancel."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import suppress
from inspect import iscoroutine, iscoroutinefunction
from typing import Final

from coordinator.client.delivery import Delivery, Watcher
from coordinator.client.errors import ClientError, UploadCancelled, WrongUse
from coordinator.client.progress import Meter, Progress, Stage
from coordinator.protocol import UploadAnswer

__all__ = ["OngoingUpload"]

_TICK: Final = 0.25
_FAREWELL: Final = 3.0
"""Seconds for leaving things in order at the coordinator when an upload does not come to its end."""


_NOT_AWAITED: Final = (
    "on_progress must be a plain function: nobody awaits what an async one does. Iterate over the upload instead (async for "
    "progress in client.uploading(...))."
)


class OngoingUpload:
    """Begins at once. Awaiting it gives the completed upload, or raises; iterating over it gives its progress.

    When whoever awaits it is cancelled, it stops and stays resumable.
    """

    def __init__(
        self,
        filename: str,
        make: Callable[[Watcher, Callable[[str], None]], Delivery],
        *,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        """Raises WrongUse for an `on_progress` that would have to be awaited."""
        _check_plain(on_progress)
        self.filename = filename
        self.warnings: list[str] = []
        """What went wrong beside it and did not stop it."""
        self.upload: UploadAnswer | None = None
        """As of the coordinator's last answer; None before the first."""
        self._none = Meter(None, None)
        self._stage: Stage = "preparing"
        self._on_progress = on_progress
        self._ends: BaseException | None = None
        """What `on_progress` raised to end the program."""
        self._news = asyncio.Event()
        self._delivery = make(Watcher(self._on_stage, self._on_upload), self.warnings.append)
        self._running = asyncio.create_task(self._run())
        self._running.add_done_callback(lambda one: one.cancelled() or one.exception())

    @property
    def progress(self) -> Progress:
        upload_id = None if self.upload is None else str(self.upload.id)
        meter = self._delivery.meter or self._none
        return meter.read(self._stage, self.filename, upload_id)

    def done(self) -> bool:
        return self._running.done()

    async def result(self) -> UploadAnswer:
        """The completed upload. Raises ClientError."""
        try:
            return await self._running
        except asyncio.CancelledError:
            if self._running.cancelled() and not _asked_to_stop():
                raise UploadCancelled(f"The upload of {self.filename} was cancelled.") from None
            raise

    def __await__(self) -> Generator[object, None, UploadAnswer]:
        return self.result().__await__()

    async def __aiter__(self) -> AsyncIterator[Progress]:
        """At every change of stage and about four times a second; ends with the upload, however it ends."""
        while not self._running.done():
            yield self.progress
            self._news.clear()
            news = asyncio.create_task(self._news.wait())
            try:
                await asyncio.wait({news, self._running}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
        yield self.progress

    async def cancel(self, *, keep: bool = True) -> None:
        """Stop. `keep`: what arrived stays, and the upload can be resumed; otherwise the coordinator clears it away.

        Raises ClientError when it could not be cleared away.
        """
        if not self._running.done():
            self._running.cancel()
            await asyncio.wait({self._running})
        if not keep and (self._running.cancelled() or self._running.exception() is not None):
            await self._delivery.abandon()

    async def _run(self) -> UploadAnswer:
        ticking = asyncio.create_task(self._tick())
        try:
            upload = await self._delivery.run()
        except GeneratorExit:
            raise
        except BaseException as stopped:
            await self._farewell(stopped)
            if self._ends is not None:
                raise self._ends from None
            raise
        finally:
            ticking.cancel()
        self.upload = upload
        self._on_stage("completed")
        if self._ends is not None:
            raise self._ends
        return upload

    async def _farewell(self, stopped: BaseException) -> None:
        with suppress(ClientError, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await self._delivery.settle(stopped)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            if self._stage == "uploading" and self._delivery.meter is not None:
                self._delivery.meter.tick(asyncio.get_running_loop().time())
            self._announce()

    def _on_stage(self, stage: Stage) -> None:
        self._stage = stage
        self._announce()

    def _on_upload(self, upload: UploadAnswer) -> None:
        self.upload = upload
        self._announce()

    def _announce(self) -> None:
        self._news.set()
        if self._on_progress is None or self._ends is not None:
            return
        try:
            answer: object = self._on_progress(self.progress)
            if iscoroutine(answer):
                answer.close()
                self._warn(_NOT_AWAITED)
        except Exception as failed:  # noqa: BLE001 - whoever only looks must not end an upload
            self._warn(f"on_progress raised {failed!r}.")
        except BaseException as ends:  # noqa: BLE001 - raised by the upload, once that has stopped in good order
            self._ends = ends
            self._running.cancel()

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)


def _check_plain(on_progress: object) -> None:
    if iscoroutinefunction(on_progress) or iscoroutinefunction(getattr(on_progress, "__call__", None)):  # noqa: B004 - what calling it runs
        raise WrongUse(_NOT_AWAITED)


def _asked_to_stop() -> bool:
    """Whether it is the waiting task itself that is being cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
