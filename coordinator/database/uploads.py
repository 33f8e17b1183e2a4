"""The repository of uploads: `uploads.ledger.UploadRepository` on Postgres, one statement an operation but for `start`.

Every time is the database's; every change of state is in `moves`, every wake-up in `leases`, every part in `parts`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database import leases, listing, moves, parts, retention, starts
from coordinator.database.engine import Transaction, execute, in_transaction
from coordinator.database.gathered import Gathered
from coordinator.database.positional import rows_of
from coordinator.database.rows import to_upload, yielding_uploads
from coordinator.uploads.ledger import Changes, IdempotencyKey, ListFilter, Started
from coordinator.uploads.model import Claim, Identity, LeaseOwner, NewUpload, Part, Upload, UploadId
from coordinator.uploads.state import Event

__all__ = ["REREAD", "Uploads"]

_ASKED: Final = {"id": "uuid", "tenant": "text", "owner": "text"}

_GET: Final = yielding_uploads(
    "uploads",
    rest="WHERE u.id = :id AND u.tenant = :tenant AND (CAST(:owner AS text) IS NULL OR u.owner = :owner)",
)

_GET_MANY: Final = yielding_uploads(
    f"""(
        SELECT uploads.* FROM {rows_of(_ASKED)} AS given JOIN uploads ON uploads.id = its_id
        WHERE uploads.tenant = its_tenant AND (its_owner IS NULL OR uploads.owner = its_owner)
    )"""  # noqa: S608 - put together from this package's constants only
)

REREAD: Final = yielding_uploads("uploads", rest="WHERE u.id = :id")

# A wake-up that was due sooner stays: to wake too early is harmless, too late is not.
_EXTEND: Final = text("""
    UPDATE uploads SET
        urls_until = GREATEST(urls_until, CAST(:urls_until AS timestamptz)),
        expires_at = GREATEST(expires_at, LEAST(
            COALESCE(CAST(:active_at AS timestamptz), now()) + lifetime, hard_expires_at)),
        wake_at = CASE WHEN wake_at < expires_at THEN wake_at ELSE GREATEST(expires_at, LEAST(
            COALESCE(CAST(:active_at AS timestamptz), now()) + lifetime, hard_expires_at)) END,
        updated_at = now()
    WHERE id = :id AND state = 'open'
    RETURNING id
""")

_FIX_STREAM_END: Final = yielding_uploads(
    "fixed",
    given="""
    WITH fixed AS (
        UPDATE uploads SET part_count = COALESCE(part_count, CAST(:part_count AS int)), updated_at = now()
        WHERE id = :id AND state = 'open' RETURNING *
    )
    """,
)


class Uploads:
    """Implements UploadRepository and RetentionRepository. The engine stays the caller's to dispose of."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._gets = Gathered(self._get_many)
        self._starts = Gathered(partial(starts.start_keyed, engine))
        self._completions = Gathered(partial(moves.complete_untouched, engine))

    async def start(
        self, new: NewUpload, idempotency: IdempotencyKey | None, lease: LeaseOwner, lease_for: timedelta
    ) -> Started:
        asked = starts.StartAsked(new, idempotency, lease, lease_for)
        if new.quota is None:
            keyed = idempotency is not None
            first = await (self._starts.of(asked) if keyed else starts.start_unkeyed(self._engine, asked))
            if first is not None:
                return Started(first, "created")

        async def once(connection: Transaction) -> Started:
            return await starts.start(connection, asked)

        return await in_transaction(self._engine, once)

    async def get(self, upload_id: UploadId, identity: Identity) -> Upload | None:
        looked = await self._gets.of((upload_id, identity))
        if looked is not None:
            return looked[0]
        parameters = {"id": upload_id, "tenant": identity.tenant, "owner": identity.owner}
        rows = await execute(self._engine, _GET, parameters)
        return to_upload(rows[0]) if rows else None

    async def reread(self, upload_id: UploadId) -> Upload | None:
        rows = await execute(self._engine, REREAD, {"id": upload_id})
        return to_upload(rows[0]) if rows else None

    async def find(self, query: ListFilter) -> tuple[Sequence[Upload], UploadId | None]:
        return await listing.find(self._engine, query)

    async def move(self, upload: Upload, event: Event, changes: Changes) -> Upload | None:
        if moves.is_completion(upload, event, changes):
            moved = await self._completions.of(moves.Completion(upload, changes))
            if moved is not None:
                return moved
        return await moves.move(self._engine, upload, event, changes)

    async def renew_lease(self, upload: Upload, lease_for: timedelta) -> bool:
        return await leases.renew(self._engine, upload, lease_for)

    async def postpone(self, upload: Upload, wake_in: timedelta, *, gone: bool = False) -> None:
        await leases.postpone(self._engine, upload, wake_in, gone=gone)

    async def claim_due(self, bucket: str, limit: int, lease_for: timedelta) -> Sequence[Upload]:
        return await leases.claim_due(self._engine, bucket, limit, lease_for)

    async def settle(self, upload: Upload) -> None:
        await leases.settle(self._engine, upload)

    async def remove_ended(self, older_than: timedelta, limit: int) -> int:
        return await retention.remove_ended(self._engine, older_than, limit)

    async def remove_idempotency_keys(self, limit: int) -> int:
        return await retention.remove_idempotency_keys(self._engine, limit)

    async def remove_empty_quotas(self, limit: int) -> int:
        return await retention.remove_empty_quotas(self._engine, limit)

    async def extend(
        self, upload: Upload, *, urls_until: datetime | None, active_at: datetime | None
    ) -> bool:
        parameters = {"id": upload.id, "urls_until": urls_until, "active_at": active_at}
        return bool(await execute(self._engine, _EXTEND, parameters))

    async def record_parts(self, upload_id: UploadId, claims: Sequence[Claim]) -> bool:
        return await parts.record(self._engine, upload_id, claims)

    async def parts(self, upload_id: UploadId, *, after: int = 0, limit: int | None = None) -> Sequence[Part]:
        return await parts.parts(self._engine, upload_id, after=after, limit=limit)

    async def parts_by_number(self, upload_id: UploadId, part_numbers: Sequence[int]) -> Mapping[int, Part]:
        return await parts.parts_by_number(self._engine, upload_id, part_numbers)

    async def fix_stream_end(self, upload_id: UploadId, part_count: int) -> Upload | None:
        parameters = {"id": upload_id, "part_count": part_count}
        rows = await execute(self._engine, _FIX_STREAM_END, parameters)
        return to_upload(rows[0]) if rows else None

    async def _get_many(
        self, asked: Sequence[tuple[UploadId, Identity]]
    ) -> Sequence[tuple[Upload | None] | None]:
        """Each one's row, if it is in the asker's reach. None for whoever asks for what somebody else asks for."""
        first = dict(reversed(asked))
        parameters = {
            "id": list(first),
            "tenant": [identity.tenant for identity in first.values()],
            "owner": [identity.owner for identity in first.values()],
        }
        found = {row.id: row for row in map(to_upload, await execute(self._engine, _GET_MANY, parameters))}
        return [
            (found.get(upload_id),) if first[upload_id] == identity else None for upload_id, identity in asked
        ]
