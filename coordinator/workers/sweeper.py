"""The sweep: rows whose wake-up time has come are driven on, by whichever replica gets there first.

There is no leader and no queue beside the table: `claim_due` hands each row to one caller (SKIP LOCKED), and the row's
lease, epoch and backoff do the rest. A sweep that fails as a whole is logged and tried again; it never ends the loop.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from coordinator.errors import DatabaseUnavailable
from coordinator.uploads.driver import Driver
from coordinator.uploads.model import Upload

__all__ = ["Sweeper"]

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Sweeper:
    driver: Driver
    interval: timedelta
    batch: int = 20
    """Rows claimed, and driven side by side, at a time: it bounds what one replica asks of the store at once."""

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            if await self._sweep_or_log() < self.batch:
                await asyncio.sleep(self.interval.total_seconds())

    async def sweep(self) -> int:
        """One round; how many rows were due. Raises DatabaseUnavailable."""
        driving = self.driver.driving
        due = await driving.repository.claim_due(driving.store.bucket, self.batch, driving.timing.lease)
        await self._drive(due)
        return len(due)

    async def _sweep_or_log(self) -> int:
        try:
            return await self.sweep()
        except DatabaseUnavailable:
            log.warning("sweep.database_unavailable")
        except Exception:
            # a defect in one round must not end all rounds
            log.exception("sweep.failed")
        return 0

    async def _drive(self, due: Sequence[Upload]) -> None:
        outcomes = await asyncio.gather(*map(self.driver.sweep, due), return_exceptions=True)
        for upload, outcome in zip(due, outcomes, strict=True):
            if isinstance(outcome, Exception):
                log.error("sweep.failed", upload_id=str(upload.id), exc_info=outcome)
