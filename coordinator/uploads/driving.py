"""What every driver of a row shares: the two ports, who drives, how long things may take; and the lease's heartbeat.

A driver holds the row's lease while it talks to the store. It renews the lease as long as it lives; when it dies,
the lease ends by the database's clock and any replica goes on from what the store shows. Its outcome is fenced by the
epoch: a driver that was overtaken learns so from the move it cannot make, and its result is dropped.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from coordinator.errors import DatabaseUnavailable
from coordinator.uploads.ledger import Changes, UploadRepository
from coordinator.uploads.model import LeaseOwner, Upload
from coordinator.uploads.recovery import backoff
from coordinator.uploads.state import Event, Reason
from coordinator.uploads.store import ObjectStore

__all__ = ["Driving", "Timing"]

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things may take."""

    lease: timedelta = timedelta(seconds=30)
    complete_deadline: timedelta = timedelta(minutes=5)
    """One Complete, and the time before anybody may send a second one."""
    complete_retries: tuple[float, ...] = (0.5, 2.0, 5.0)
    """Seconds between Completes that the store answered with a failure of its own."""
    late_check_after: timedelta = timedelta(hours=1)
    create_deadline: timedelta = timedelta(seconds=12)
    """One drive of a row that is being created, however many calls it takes; then whoever waits is answered."""
    create_patience: timedelta = timedelta(minutes=10)
    """An intent older than this that the store never heard of is given up."""
    gone_rereads: tuple[float, ...] = (0.2, 1.0)
    """Seconds between the reads that must agree before an open upload is called gone."""
    part_noted_every: timedelta = timedelta(minutes=1)
    """How often the ledger is told of a part under way through the relay; well below `relaying.LANDS_WITHIN`."""


@dataclass(frozen=True, slots=True)
class Driving:
    repository: UploadRepository
    store: ObjectStore
    me: LeaseOwner
    timing: Timing = field(default_factory=Timing)

    @asynccontextmanager
    async def kept(self, upload: Upload) -> AsyncIterator[None]:
        """Renew the row's lease until the block ends."""
        heart = asyncio.create_task(self._beat(upload))
        try:
            yield
        finally:
            heart.cancel()
            await asyncio.wait({heart})

    async def _beat(self, upload: Upload) -> None:
        while True:
            await asyncio.sleep(self.timing.lease.total_seconds() / 3)
            try:
                if not await self.repository.renew_lease(upload, self.timing.lease):
                    return
            except DatabaseUnavailable:
                log.warning("lease.not_renewed", upload_id=str(upload.id))

    def leased(self, **changes: object) -> Changes:
        """Changes that keep, or take, the lease for us."""
        return Changes(lease=self.me, lease_for=self.timing.lease, **changes)  # type: ignore[arg-type]  # typed by Changes' own fields

    async def move(self, upload: Upload, event: Event, changes: Changes) -> Upload:
        """Make the move, or return the row as whoever was faster left it. To act on having moved: `try_move`."""
        return await self.try_move(upload, event, changes) or await self.current(upload)

    async def try_move(self, upload: Upload, event: Event, changes: Changes) -> Upload | None:
        """Make the move. None: somebody was faster, and whatever the row says now is theirs to act on."""
        moved = await self.repository.move(upload, event, changes)
        if moved is None:
            log.info("upload.overtaken", upload_id=str(upload.id), event_lost=event.value)
        else:
            log.info(event.value, upload_id=str(upload.id), epoch=moved.epoch, reason=moved.reason)
        return moved

    async def current(self, upload: Upload) -> Upload:
        """The row as it is now."""
        return await self.repository.reread(upload.id) or upload

    async def fail(self, upload: Upload, reason: Reason) -> Upload:
        return await self.move(
            upload, Event.FAILED, Changes(reason=reason, wake_in=self.timing.late_check_after)
        )

    async def rest(self, upload: Upload, *, gone: bool = False) -> Upload:
        """Nothing can be decided now: let the row go and look again later."""
        await self.repository.postpone(upload, backoff(upload.attempts), gone=gone)
        return await self.current(upload)
