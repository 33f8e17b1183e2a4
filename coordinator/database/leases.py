"""The table is the queue: rows with wake-up times, claimed by whoever comes, driven under a lease (docs/design.md, section 4).

Nothing here changes a state, so nothing here bumps the epoch; everything but the claim is fenced by it.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import execute
from coordinator.database.rows import to_upload, yielding_uploads
from coordinator.uploads.model import Upload

__all__ = ["claim_due", "postpone", "renew", "settle"]

_CLAIM: Final = yielding_uploads(
    "claimed",
    given="""
    WITH claimed AS (
        UPDATE uploads SET wake_at = now() + CAST(:lease_for AS interval)
        WHERE id = ANY(ARRAY(
            SELECT id FROM uploads
            WHERE wake_at <= now() AND bucket = :bucket AND (lease_until IS NULL OR lease_until <= now())
            ORDER BY wake_at LIMIT CAST(:limit AS bigint) FOR NO KEY UPDATE SKIP LOCKED))
        RETURNING *
    )
    """,
)

_RENEW: Final = text("""
    UPDATE uploads SET
        lease_until = now() + CAST(:lease_for AS interval),
        wake_at = GREATEST(wake_at, now() + CAST(:lease_for AS interval))
    WHERE id = :id AND epoch = :epoch AND lease_owner = CAST(:lease AS text)
    RETURNING id
""")

# `wake_in` was computed when the row was read: whoever stood still since then must not sleep past an open row's end.
_POSTPONE: Final = text("""
    UPDATE uploads SET
        lease_owner = NULL, lease_until = NULL, attempts = attempts + 1,
        wake_at = CASE WHEN state = 'open' AND expires_at > now()
            THEN LEAST(now() + CAST(:wake_in AS interval), expires_at) ELSE now() + CAST(:wake_in AS interval) END,
        gone_since = CASE WHEN CAST(:gone AS boolean) THEN COALESCE(gone_since, now()) END
    WHERE id = :id AND epoch = :epoch
    RETURNING id
""")

_SETTLE: Final = text("""
    UPDATE uploads SET wake_at = NULL
    WHERE id = :id AND epoch = :epoch AND state IN ('aborted', 'completed', 'failed')
    RETURNING id
""")


async def claim_due(engine: AsyncEngine, bucket: str, limit: int, lease_for: timedelta) -> Sequence[Upload]:
    """Due rows that nobody drives, the longest overdue first taken, each to one caller only.

    Those of another bucket are for whoever serves it: here its store would answer for this one's.
    """
    rows = await execute(engine, _CLAIM, {"bucket": bucket, "limit": limit, "lease_for": lease_for})
    return [to_upload(row) for row in rows]


async def renew(engine: AsyncEngine, upload: Upload, lease_for: timedelta) -> bool:
    parameters = {
        "id": upload.id,
        "epoch": upload.epoch,
        "lease": upload.lease_owner,
        "lease_for": lease_for,
    }
    return bool(await execute(engine, _RENEW, parameters))


async def postpone(engine: AsyncEngine, upload: Upload, wake_in: timedelta, *, gone: bool) -> None:
    parameters = {"id": upload.id, "epoch": upload.epoch, "wake_in": wake_in, "gone": gone}
    await execute(engine, _POSTPONE, parameters)


async def settle(engine: AsyncEngine, upload: Upload) -> None:
    await execute(engine, _SETTLE, {"id": upload.id, "epoch": upload.epoch})
