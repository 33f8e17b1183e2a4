"""Quotas: bytes are reserved in the transaction of the intent and settled in the statement of the last move.

`reserved + used` never exceeds the limit (invariant 7): the row is locked by the very statement that looks at it, and
a refusal takes the intent back with it. A tenant's row has the owner ''; an owner's own is kept only where owners are
limited. Everybody locks in one order, first the upload, then the tenant's row, then the owner's: no deadlocks. What
was reserved stands in the upload's row, so that it is settled exactly once, whatever the settings say by then.

`used` counts what was completed. Objects are not deleted here, so it only grows; an admin who deletes some lowers it.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import text

from coordinator.database.engine import Record, Transaction
from coordinator.errors import QuotaExceeded, SizeNotAllowed
from coordinator.uploads.model import NewUpload, Quota

__all__ = ["SETTLED_OF_MOVED", "reserve"]

_RESERVE: Final = text("""
    UPDATE quotas SET reserved = reserved + CAST(:bytes AS bigint), live = live + 1
    WHERE tenant = :tenant AND owner = :owner
      AND COALESCE(reserved + used + CAST(:bytes AS bigint) <= COALESCE(bytes_limit, CAST(:bytes_limit AS bigint)), true)
      AND COALESCE(live < CAST(:live_limit AS int), true)
    RETURNING COALESCE(bytes_limit, CAST(:bytes_limit AS bigint)) AS bytes_limit
""")

_STANDING: Final = text("""
    SELECT COALESCE(bytes_limit, CAST(:bytes_limit AS bigint)) AS bytes_limit, reserved, used, live
    FROM quotas WHERE tenant = :tenant AND owner = :owner
""")

_ADD: Final = text(
    "INSERT INTO quotas (tenant, owner) VALUES (:tenant, :owner) ON CONFLICT DO NOTHING RETURNING owner"
)

# An admin may have taken a row away, or lowered a limit under a stream whose size nobody knew: an upload ends all the
# same, and what is counted stays within what may be counted.
_SETTLE: Final = """
    UPDATE quotas SET
        live = GREATEST(live - 1, 0),
        reserved = GREATEST(reserved - settling.quota_reserved, 0),
        used = CASE WHEN settling.state = 'completed'
            THEN LEAST(used + settling.stored_bytes,
                       bytes_limit - GREATEST(reserved - settling.quota_reserved, 0))
            ELSE used END
"""

SETTLED_OF_MOVED: Final = f"""
    settled_tenant AS (
        {_SETTLE} FROM moved AS settling
        WHERE settling.quota_reserved IS NOT NULL
          AND quotas.tenant = settling.tenant AND quotas.owner = ''
        RETURNING settling.*
    ), settled_owner AS (
        {_SETTLE} FROM settled_tenant AS settling
        WHERE settling.quota_owner AND quotas.tenant = settling.tenant AND quotas.owner = settling.owner
    )
"""
"""Common table expressions after a last move, `moved`. The owner's row hangs on the tenant's, so that they are locked in turn."""


async def reserve(transaction: Transaction, new: NewUpload, quota: Quota) -> None:
    """After the row of `new` was written, in its transaction. Raises QuotaExceeded, and SizeNotAllowed for a stream."""
    await _reserve(transaction, new, "", quota.tenant_bytes, None)
    if quota.limits_owners:
        await _reserve(transaction, new, new.owner, quota.owner_bytes, quota.owner_uploads)


async def _reserve(
    transaction: Transaction, new: NewUpload, owner: str, bytes_limit: int | None, live_limit: int | None
) -> None:
    place: dict[str, object] = {"tenant": new.tenant, "owner": owner, "bytes_limit": bytes_limit}
    wanted: dict[str, Any] = place | {"bytes": new.plan.size or 0, "live_limit": live_limit}
    while not (reserved := await transaction.execute(_RESERVE, wanted)):
        if await transaction.execute(_ADD, place):
            continue
        standing = await transaction.execute(_STANDING, place)
        # none, or with room: it came, or was tidied away, between the two looks
        if standing and not _has_room(standing[0], wanted):
            raise _exceeded(standing[0], owner, live_limit)
    if new.plan.size is None and reserved[0]["bytes_limit"] is not None:
        raise SizeNotAllowed("Bytes are counted against a quota here, so `size` must be given.")


def _has_room(standing: Record, wanted: Mapping[str, Any]) -> bool:
    counted = standing["reserved"] + standing["used"] + wanted["bytes"]
    fits = standing["bytes_limit"] is None or counted <= standing["bytes_limit"]
    return fits and (wanted["live_limit"] is None or standing["live"] < wanted["live_limit"])


def _exceeded(standing: Record, owner: str, live_limit: int | None) -> QuotaExceeded:
    whose = "owner" if owner else "tenant"
    if live_limit is not None and standing["live"] >= live_limit:
        return QuotaExceeded(
            f"This {whose} has {standing['live']} uploads under way, and may have {live_limit}. "
            "Finish or abort one of them.",
            members={"limit": live_limit, "used": 0, "reserved": standing["live"]},
        )
    return QuotaExceeded(
        f"The upload does not fit into what is left of this {whose}'s quota. "
        "Abort uploads that are not needed, or ask for more room.",
        members={
            "limit": standing["bytes_limit"],
            "used": standing["used"],
            "reserved": standing["reserved"],
        },
    )
