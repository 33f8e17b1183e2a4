"""`coordinator sweep`: drive what is due now, forget what is old, and end. For whoever would rather run it by a timer.

It is what a sweeping process does, without the waiting: any number may run at once, beside any number of processes.
Ends with 0 when all that was due was driven, with 1 when a drive broke; what still waits for the store is no failure.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from coordinator.cli.interruption import run_heeding
from coordinator.cli.operating import operating
from coordinator.database.uploads import Uploads
from coordinator.logs import configure_logs
from coordinator.settings import Settings, load_settings
from coordinator.uploads.driver import Driver
from coordinator.uploads.ledger import UploadRepository
from coordinator.uploads.model import Upload

__all__ = ["Swept", "run_sweep", "sweep"]

_BATCH = 20
_FORGOTTEN_AT_ONCE = 200

Swept = Counter[str]
"""How many rows came to what, in words."""

_BROKEN = "broken"


def run_sweep(*, once: bool) -> None:
    """Raises ConfigurationError, Interrupted, and SystemExit with 1 when a drive broke."""
    settings = load_settings()
    configure_logs(settings)
    swept = run_heeding(_swept(settings, once=once))
    for outcome, count in sorted(swept.items()):
        print(f"{count:6} {outcome}")
    if not swept:
        print("nothing was due")
    if swept[_BROKEN]:
        sys.exit(1)


async def sweep(driver: Driver, *, once: bool, batch: int = _BATCH) -> Swept:
    """Drive due rows until none is due, or one batch. Raises DatabaseUnavailable."""
    driving = driver.driving
    swept: Swept = Counter()
    while due := await driving.repository.claim_due(driving.store.bucket, batch, driving.timing.lease):
        outcomes = await asyncio.gather(*map(driver.sweep, due), return_exceptions=True)
        swept += await _outcomes(driving.repository, due, outcomes)
        if once:
            break
    return swept


async def forget(uploads: Uploads, ended: timedelta | None, *, batch: int = _FORGOTTEN_AT_ONCE) -> Swept:
    """What the processes forget beside sweeping; `ended` None: ended uploads are kept for ever."""
    swept: Swept = Counter()
    while count := await uploads.remove_idempotency_keys(batch):
        swept["idempotency keys forgotten"] += count
    while count := await uploads.remove_empty_quotas(batch):
        swept["empty quotas forgotten"] += count
    while ended is not None and (count := await uploads.remove_ended(ended, batch)):
        swept["ended uploads forgotten"] += count
    return swept


async def _swept(settings: Settings, *, once: bool) -> Swept:
    async with operating(settings) as at:
        driver = Driver(at.driving)
        try:
            swept = await sweep(driver, once=once)
        finally:
            await driver.close(timedelta(seconds=settings.drain))
        return swept + await forget(Uploads(at.engine), timedelta(days=settings.retention) or None)


async def _outcomes(
    repository: UploadRepository, due: Sequence[Upload], outcomes: Sequence[BaseException | None]
) -> Swept:
    swept: Swept = Counter()
    for row, outcome in zip(due, outcomes, strict=True):
        if outcome is not None:
            print(f"coordinator: {row.id}: {type(outcome).__name__}", file=sys.stderr)
            swept[_BROKEN] += 1
            continue
        now = await repository.reread(row.id) or row
        swept[f"{row.state} -> {now.state}" if now.state is not row.state else f"{row.state}, looked at"] += 1
    return swept
