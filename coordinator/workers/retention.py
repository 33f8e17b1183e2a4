"""Forgetting: ended uploads after their retention, idempotency keys once they count no more, quotas
that count nothing.

In small batches with a pause between two looks; any number of replicas may do it. The database's trouble is logged and
waited out: it never ends the loop.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog

from coordinator.errors import DatabaseUnavailable
from coordinator.uploads.ledger import RetentionRepository

__all__ = ["Retention"]

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Retention:
    repository: RetentionRepository
    ended: timedelta | None
    """How long an ended upload is kept; None: for ever."""
    interval: timedelta = timedelta(minutes=1)
    batch: int = 200

    async def run(self) -> None:
        """Forget until cancelled."""
        while True:
            if not await self._more():
                await asyncio.sleep(self.interval.total_seconds())

    async def forget(self) -> bool:
        """One batch of each kind; whether there may be more. Raises DatabaseUnavailable."""
        keys = await self.repository.remove_idempotency_keys(self.batch)
        quotas = await self.repository.remove_empty_quotas(self.batch)
        uploads = 0
        if self.ended is not None:
            uploads = await self.repository.remove_ended(self.ended, self.batch)
        if keys or uploads or quotas:
            log.info("retention.forgot", uploads=uploads, idempotency_keys=keys, quotas=quotas)
        return self.batch in {keys, uploads, quotas}

    async def _more(self) -> bool:
        try:
            return await self.forget()
        except DatabaseUnavailable:
            log.warning("retention.database_unavailable")
            return False
