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

__all__ = ["remove_empty_quotas", "remove_ended", "remove_idempotency_keys"]

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


# Owners may be anybody's random tokens, and each leaves a row behind that counts nothing. One with a limit of its own
# was put there by an admin. Whoever reserves in it just now holds it, or adds it anew.
_QUOTAS: Final = text("""
    DELETE FROM quotas WHERE (tenant, owner) IN (
        SELECT tenant, owner FROM quotas WHERE reserved = 0 AND used = 0 AND live = 0 AND bytes_limit IS NULL
        LIMIT CAST(:limit AS bigint) FOR UPDATE SKIP LOCKED)
    RETURNING owner
""")


async def remove_ended(engine: AsyncEngine, older_than: timedelta, limit: int) -> int:
    return len(await execute(engine, _ENDED, {"older_than": older_than, "limit": limit}))


async def remove_idempotency_keys(engine: AsyncEngine, limit: int) -> int:
    return len(await execute(engine, _KEYS, {"limit": limit}))


async def remove_empty_quotas(engine: AsyncEngine, limit: int) -> int:
    return len(await execute(engine, _QUOTAS, {"limit": limit}))
