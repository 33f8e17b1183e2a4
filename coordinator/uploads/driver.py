"""Who drives which row: the tasks of this process, and what a sweep does with a row whose time has come.

Work at the store runs as a task of the process, not of a request: a client that hangs up changes nothing. One row is
driven by at most one task here; across processes the lease decides.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from datetime import timedelta
from typing import Any

import structlog

from coordinator.errors import Problem
from coordinator.uploads.aborting import abort, check_late
from coordinator.uploads.completion import complete, complete_again
from coordinator.uploads.creation import create_again
from coordinator.uploads.driving import Driving
from coordinator.uploads.expiry import expire
from coordinator.uploads.model import Upload, UploadId
from coordinator.uploads.state import TERMINAL, Event, State
from coordinator.uploads.store import StoreError

__all__ = ["Driver"]

log = structlog.stdlib.get_logger()

_Step = Callable[[Driving, Upload], Coroutine[Any, Any, Upload]]


class Driver:
    def __init__(self, driving: Driving) -> None:
        self.driving = driving
        self._tasks: dict[UploadId, asyncio.Task[Upload]] = {}
        self._shared: dict[Hashable, asyncio.Task[Upload]] = {}
        self._running: set[asyncio.Task[Upload]] = set()
        """Those of `_tasks` and `_shared`, and those that the later ones of the same upload still wait for."""

    def complete(self, upload: Upload) -> None:
        """Drive a row that we just moved to `completing`; `join` waits for the outcome."""
        self._run(complete, upload)

    async def shared(
        self, what: Hashable, work: Callable[[], Coroutine[Any, Any, Upload]], wait: timedelta
    ) -> Upload | None:
        """Do something that may take longer than its request may; whoever asks for the same meanwhile joins.

        None: it is not done after `wait`, and goes on.
        """
        task = self._shared.get(what)
        if task is None:
            task = self._shared[what] = asyncio.create_task(work())
            self._running.add(task)
            task.add_done_callback(lambda done: self._no_longer_shared(what, done))
        done, _ = await asyncio.wait({task}, timeout=wait.total_seconds())
        return task.result() if done else None

    async def abort(self, upload: Upload, wait: timedelta) -> Upload:
        return await self._outcome(self._run(abort, upload), upload, wait)

    async def join(self, upload: Upload, wait: timedelta) -> Upload:
        """Wait for a row that somebody drives, here or in another process; the row as it then is."""
        task = self._tasks.get(upload.id)
        if task is not None:
            return await self._outcome(task, upload, wait)
        deadline = asyncio.get_running_loop().time() + wait.total_seconds()
        row, pause = upload, 0.1
        while row.state is upload.state and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)
            row = await self.driving.repository.reread(upload.id) or row
        return row

    async def sweep(self, upload: Upload) -> None:
        """A row that `claim_due` handed to us."""
        if upload.state in TERMINAL:
            await check_late(self.driving, upload)
            return
        if upload.state is State.OPEN:
            await self._settled(self._run(expire, upload))
            return
        taken = await self.driving.repository.move(upload, Event.TAKEN_OVER, self.driving.leased())
        if taken is not None:
            log.info(Event.TAKEN_OVER.value, upload_id=str(upload.id), state=taken.state)
            await self._settled(self._run(_AGAIN[taken.state], taken))

    async def close(self, drain: timedelta) -> None:
        """Let running drives end for `drain`, then stop them: their leases end, and another process goes on."""
        if self._running:
            await asyncio.wait(self._running, timeout=drain.total_seconds())
        left = list(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _no_longer_shared(self, what: Hashable, task: asyncio.Task[Upload]) -> None:
        self._running.discard(task)
        del self._shared[what]
        # whoever waited has heard of it; nobody else has to
        _ = task.cancelled() or task.exception()

    def _run(self, step: _Step, upload: Upload) -> asyncio.Task[Upload]:
        earlier = self._tasks.get(upload.id)
        task = asyncio.create_task(self._drive(step, upload, earlier), name=f"drive-{upload.id}")
        self._tasks[upload.id] = task
        self._running.add(task)
        task.add_done_callback(lambda done: self._ended(upload.id, done))
        return task

    async def _drive(self, step: _Step, upload: Upload, earlier: asyncio.Task[Upload] | None) -> Upload:
        if earlier is not None:
            await asyncio.wait({earlier})
        return await step(self.driving, upload)

    def _ended(self, upload_id: UploadId, task: asyncio.Task[Upload]) -> None:
        self._running.discard(task)
        if self._tasks.get(upload_id) is task:
            del self._tasks[upload_id]
        failed = None if task.cancelled() else task.exception()
        if isinstance(failed, Problem | StoreError):
            log.warning("drive.failed", upload_id=str(upload_id), error=type(failed).__name__)
        elif failed is not None:
            log.error("drive.broken", upload_id=str(upload_id), exc_info=failed)

    async def _outcome(self, task: asyncio.Task[Upload], upload: Upload, wait: timedelta) -> Upload:
        done, _ = await asyncio.wait({task}, timeout=wait.total_seconds())
        if done and not task.cancelled():
            return task.result()
        return await self.driving.repository.reread(upload.id) or upload

    async def _settled(self, task: asyncio.Task[Upload]) -> None:
        try:
            await asyncio.shield(task)
        except (Problem, StoreError) as failed:
            log.info("sweep.unsettled", error=type(failed).__name__)


_AGAIN: dict[State, _Step] = {
    State.CREATING: create_again,
    State.COMPLETING: complete_again,
    State.ABORTING: abort,
}
