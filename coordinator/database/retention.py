"""What is old goes, in small batches, so that no table grows without end (failure matrix E14).

An upload goes with its events and its idempotency key, once it has ended and nothing is left to look at: a row whose
late check is still due has a wake-up time, and stays. Any number of replicas may do this at once; none waits for
another.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import execute

__all__ = ["remove_ended", "remove_idempotency_keys"]

# the last change of an ended row is its end: neither its late check nor anything else touches `updated_at`
_ENDED: Final = text("""
    WITH old AS (
        SELECT id FROM uploads WHERE wake_at IS NULL AND updated_at < now() - CAST(:older_than AS interval)
        ORDER BY updated_at LIMIT CAST(:limit AS bigint) FOR UPDATE SKIP LOCKED
    ), told AS (
        DELETE FROM events WHERE upload_id IN (SELECT id FROM old)
    )
    DELETE FROM uploads WHERE id IN (SELECT id FROM old) RETURNING id
""")

# A key counts for 24 hours. The hour on top is for a start that found it just before: it reads the key once more.
_KEYS: Final = text("""
    DELETE FROM idempotency_keys WHERE (tenant, principal, key) IN (
        SELECT tenant, principal, key FROM idempotency_keys WHERE created_at < now() - interval '25 hours'
        ORDER BY created_at LIMIT CAST(:limit AS bigint) FOR UPDATE SKIP LOCKED)
    RETURNING upload_id
""")


async def remove_ended(engine: AsyncEngine, older_than: timedelta, limit: int) -> int:
    return len(await execute(engine, _ENDED, {"older_than": older_than, "limit": limit}))


async def remove_idempotency_keys(engine: AsyncEngine, limit: int) -> int:
    return len(await execute(engine, _KEYS, {"limit": limit}))
