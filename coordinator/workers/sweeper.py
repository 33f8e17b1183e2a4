"""The sweep: rows whose wake-up time has come are driven on, by whichever replica gets there first.

There is no leader and no queue beside the table: `claim_due` hands each row to one caller (SKIP LOCKED), and the row's
lease, epoch and backoff do the rest. A look that fails is logged and tried again; it never ends the loop.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from coordinator.errors import DatabaseUnavailable, Problem
from coordinator.uploads.driver import Driver
from coordinator.uploads.model import Upload, UploadId

__all__ = ["Sweeper"]

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Sweeper:
    driver: Driver
    interval: timedelta
    batch: int = 20
    """Rows driven side by side at most: it bounds what one replica asks of the store at once."""

    async def run(self) -> None:
        """Sweep until cancelled. Rows are claimed as places get free: one that takes minutes holds up nothing but its own."""
        driven: dict[UploadId, asyncio.Task[None]] = {}
        try:
            while True:
                free = self.batch - len(driven)
                due = await self._claimed_or_log(free)
                for upload in due:
                    # one that is driven here, and comes due again because the store is slow, has its driver
                    if upload.id not in driven:
                        driven[upload.id] = self._begun(upload, driven)
                if len(due) < free:
                    await asyncio.sleep(self.interval.total_seconds())
                elif len(driven) == self.batch:
                    await asyncio.wait(driven.values(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            left = list(driven.values())
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def sweep(self) -> int:
        """One round to its end; how many rows were due. Raises DatabaseUnavailable."""
        due = await self._claimed(self.batch)
        await asyncio.gather(*map(self._drive, due))
        return len(due)

    async def _claimed(self, places: int) -> Sequence[Upload]:
        driving = self.driver.driving
        return await driving.repository.claim_due(driving.store.bucket, places, driving.timing.lease)

    async def _claimed_or_log(self, places: int) -> Sequence[Upload]:
        try:
            return await self._claimed(places)
        except DatabaseUnavailable:
            log.warning("sweep.database_unavailable")
        except Exception:
            # a defect in one round must not end all rounds
            log.exception("sweep.failed")
        return ()

    def _begun(self, upload: Upload, driven: dict[UploadId, asyncio.Task[None]]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._drive(upload), name=f"sweep-{upload.id}")
        task.add_done_callback(lambda _: driven.pop(upload.id))
        return task

    async def _drive(self, upload: Upload) -> None:
        try:
            await self.driver.sweep(upload)
        except Problem as failed:
            log.warning("sweep.unsettled", upload_id=str(upload.id), error=type(failed).__name__)
        except Exception:
            # a defect in one row must not end the others
            log.exception("sweep.failed", upload_id=str(upload.id))
