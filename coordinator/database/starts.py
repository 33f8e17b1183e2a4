"""The birth of a row, once: however often, and by however many at the same moment, the same start is asked for.

Two unique indexes decide, not a look before the leap. The idempotency key is inserted first; whoever comes second
waits for the first one's commit and then finds its upload. The live fingerprint decides next in the same way. All of
it is one transaction: key, intent, lease, event and quota are committed together, before the store hears of the
upload. Of a `put` upload it hears nothing then: the row is born open, driven by nobody, and wakes when it expires.

Nearly every start is the first of its kind, and no quota is kept: then the transaction is one statement, with the same
order within. Where an index decides otherwise that statement writes nothing, and the long way finds out what there is.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import StatementRefused, Transaction, execute
from coordinator.database.moves import EVENT_OF_MOVED
from coordinator.database.quotas import reserve
from coordinator.database.rows import digest_json, to_upload, yielding_uploads
from coordinator.errors import DatabaseUnavailable, IdempotencyKeyReuse
from coordinator.uploads.ledger import IdempotencyKey, Started
from coordinator.uploads.model import LeaseOwner, Method, NewUpload, Upload, UploadId
from coordinator.uploads.state import Event, Reason, State

__all__ = ["start", "start_first"]

_TAKE_KEY: Final = text("""
    INSERT INTO idempotency_keys AS kept (tenant, principal, key, request_hash, upload_id)
    VALUES (:tenant, :principal, :key, :request_hash, :upload_id)
    ON CONFLICT (tenant, principal, key) DO UPDATE
        SET request_hash = EXCLUDED.request_hash, upload_id = EXCLUDED.upload_id, created_at = now()
        WHERE kept.created_at < now() - interval '24 hours'
    RETURNING upload_id
""")

_RENAME_KEY: Final = text("""
    UPDATE idempotency_keys SET upload_id = :upload_id, created_at = now()
    WHERE tenant = :tenant AND principal = :principal AND key = :key AND upload_id = :earlier
    RETURNING upload_id
""")

_OF_KEY: Final = text("""
    SELECT request_hash, upload_id FROM idempotency_keys
    WHERE tenant = :tenant AND principal = :principal AND key = :key
""")

_POINT_KEY: Final = text("""
    UPDATE idempotency_keys SET upload_id = :upload_id
    WHERE tenant = :tenant AND principal = :principal AND key = :key
""")

_COLUMNS: Final = """
    id, tenant, owner, policy, state, filename, content_type, content_encoding, metadata, method, size,
    part_size, part_count, bucket, key, mark, fingerprint, digest, lease_owner, lease_until, wake_at, lifetime,
    urls_until, expires_at, hard_expires_at, quota_reserved, quota_owner
"""

_VALUES: Final = """
    CAST(:id AS uuid), :tenant, :owner, :policy, :state, :filename, :content_type, :content_encoding,
    CAST(:metadata AS jsonb), :method, CAST(:size AS bigint), CAST(:part_size AS bigint), CAST(:part_count AS int),
    :bucket, :key, :mark, CAST(:fingerprint AS text),
    CAST(:digest AS jsonb), :lease, now() + CAST(:lease_for AS interval), now() + CAST(:wake_in AS interval),
    CAST(:lifetime AS interval), now() + CAST(:urls_live AS interval),
    now() + LEAST(CAST(:lifetime AS interval), CAST(:hard_lifetime AS interval)),
    now() + CAST(:hard_lifetime AS interval), CAST(:quota_reserved AS bigint), CAST(:quota_owner AS boolean)
"""

_UNLESS_LIVE: Final = """
    ON CONFLICT (tenant, owner, policy, fingerprint)
        WHERE fingerprint IS NOT NULL AND state IN ('completing', 'creating', 'open') DO NOTHING
    RETURNING *
"""

_INSERT: Final = yielding_uploads(
    "moved",
    given=f"""
    WITH moved AS (INSERT INTO uploads ({_COLUMNS}) SELECT {_VALUES} {_UNLESS_LIVE}), {EVENT_OF_MOVED}
    """,
)

# A key that was taken for an upload that then was not written is refused by the key's reference, at the end.
_INSERT_WITH_KEY: Final = yielding_uploads(
    "moved",
    given=f"""
    WITH taken AS (
        INSERT INTO idempotency_keys (tenant, principal, key, request_hash, upload_id)
        SELECT :key_tenant, :principal, :idempotency_key, :request_hash, CAST(:id AS uuid)
        WHERE NOT EXISTS (
            SELECT FROM uploads
            WHERE tenant = :tenant AND owner = :owner AND policy = :policy AND fingerprint = CAST(:fingerprint AS text)
              AND fingerprint IS NOT NULL AND state IN ('completing', 'creating', 'open'))
        ON CONFLICT (tenant, principal, key) DO NOTHING
        RETURNING upload_id
    ), moved AS (
        INSERT INTO uploads ({_COLUMNS}) SELECT {_VALUES} FROM taken {_UNLESS_LIVE}
    ), {EVENT_OF_MOVED}
    """,  # noqa: S608 - put together from this package's constants only
)

_KEYS_REFERENCE: Final = "fk_idempotency_keys_upload_id"

_ALIVE: Final = yielding_uploads(
    "uploads",
    rest="""
    WHERE u.tenant = :tenant AND u.owner = :owner AND u.policy = :policy AND u.fingerprint = :fingerprint
      AND u.fingerprint IS NOT NULL AND u.state IN ('completing', 'creating', 'open')
    """,
)

# Whoever serves one bucket can neither sign for nor complete what lives in another: the file begins anew where it is
# started now, and is resumed there from then on. The one elsewhere goes on by its id.
_LET_GO: Final = text(
    "UPDATE uploads SET fingerprint = NULL WHERE id = :id AND fingerprint = :fingerprint RETURNING id"
)

_BY_ID: Final = yielding_uploads("uploads", rest="WHERE u.id = :id")

_TRIES: Final = 3
"""The upload that stood in the way may end between the two looks; three times in a row is no coincidence."""


async def start_first(
    engine: AsyncEngine,
    new: NewUpload,
    idempotency: IdempotencyKey | None,
    lease: LeaseOwner,
    lease_for: timedelta,
) -> Upload | None:
    """The row, where neither the key nor the file was known. None: nothing was written, and `start` has to look."""
    if new.quota is not None:
        return None
    parameters = _parameters(new, lease, lease_for)
    if idempotency is None:
        rows = await execute(engine, _INSERT, parameters)
        return to_upload(rows[0]) if rows else None
    key = {
        "key_tenant": idempotency.tenant,
        "principal": idempotency.principal,
        "idempotency_key": idempotency.key,
        "request_hash": idempotency.request_hash,
    }
    try:
        rows = await execute(engine, _INSERT_WITH_KEY, parameters | key)
    except StatementRefused as refused:
        if refused.constraint != _KEYS_REFERENCE:
            raise
        return None
    return to_upload(rows[0]) if rows else None


async def start(
    connection: Transaction,
    new: NewUpload,
    idempotency: IdempotencyKey | None,
    lease: LeaseOwner,
    lease_for: timedelta,
) -> Started:
    """Within the caller's transaction. Raises IdempotencyKeyReuse, QuotaExceeded, SizeNotAllowed."""
    if idempotency is not None:
        earlier = await _earlier(connection, new.id, idempotency)
        if earlier is not None:
            return Started(earlier, "replayed")
    for _ in range(_TRIES):
        born = await _one(connection, _INSERT, _parameters(new, lease, lease_for))
        if born is not None:
            if new.quota is not None:
                await reserve(connection, new, new.quota)
            return Started(born, "created")
        alive = await _one(connection, _ALIVE, _live_file(new))
        if alive is not None and alive.bucket != new.bucket:
            await connection.execute(_LET_GO, {"id": alive.id, "fingerprint": new.fingerprint})
        elif alive is not None:
            if idempotency is not None:
                await connection.execute(_POINT_KEY, _parameters_of_key(idempotency, alive.id))
            return Started(alive, "resumed")
    raise DatabaseUnavailable("This file is being started and ended elsewhere. Try again.", retry_after=1)


async def _earlier(connection: Transaction, new_id: UploadId, idempotency: IdempotencyKey) -> Upload | None:
    """Take the key for `new_id`, or return the upload it stands for already."""
    parameters = _parameters_of_key(idempotency, new_id)
    if await connection.execute(_TAKE_KEY, parameters):
        return None
    while True:
        [kept] = await connection.execute(_OF_KEY, parameters)
        if kept["request_hash"] != idempotency.request_hash:
            raise IdempotencyKeyReuse(
                "This Idempotency-Key was used with another body. Use a new key for a new request."
            )
        earlier = await _one(connection, _BY_ID, {"id": kept["upload_id"]})
        if earlier is not None and not _is_void(earlier, idempotency):
            return earlier
        # of several who find it so, one renames the key; the others wait for that one's commit, and find its upload
        if await connection.execute(_RENAME_KEY, {**parameters, "earlier": kept["upload_id"]}):
            return None


def _is_void(earlier: Upload, idempotency: IdempotencyKey) -> bool:
    """Whether what the key names is no answer to a start: whoever repeats the request must get an upload."""
    never_open = earlier.state is State.FAILED and earlier.reason in {Reason.CREATE_LOST, Reason.CONFIG}
    return never_open or earlier.id == idempotency.instead_of


async def _one(
    connection: Transaction, statement: TextClause, parameters: Mapping[str, object]
) -> Upload | None:
    rows = await connection.execute(statement, parameters)
    return to_upload(rows[0]) if rows else None


def _live_file(new: NewUpload) -> dict[str, object]:
    return {
        "tenant": new.tenant,
        "owner": new.owner,
        "policy": new.policy,
        "fingerprint": new.fingerprint,
    }


def _parameters_of_key(idempotency: IdempotencyKey, upload_id: UploadId) -> dict[str, object]:
    return {
        "tenant": idempotency.tenant,
        "principal": idempotency.principal,
        "key": idempotency.key,
        "request_hash": idempotency.request_hash,
        "upload_id": upload_id,
    }


def _parameters(new: NewUpload, lease: LeaseOwner, lease_for: timedelta) -> dict[str, object]:
    return {
        "event": Event.CREATED.value,
        **_birth(new, lease, lease_for),
        "id": new.id,
        **_live_file(new),
        "filename": new.filename,
        "content_type": new.content_type,
        "content_encoding": new.content_encoding,
        "metadata": msgspec.json.encode(new.metadata).decode(),
        "size": new.plan.size,
        "part_size": new.plan.part_size,
        "part_count": new.plan.part_count,
        "bucket": new.bucket,
        "key": new.key,
        "mark": new.mark,
        "method": new.method.value,
        "digest": digest_json(new.digest),
        "urls_live": new.urls_live,
        "lifetime": new.lifetime,
        "hard_lifetime": new.hard_lifetime,
        "quota_reserved": None if new.quota is None else new.plan.size or 0,
        "quota_owner": new.quota is not None and new.quota.limits_owners,
    }


def _birth(new: NewUpload, lease: LeaseOwner, lease_for: timedelta) -> dict[str, object]:
    if new.method is Method.PUT:
        wake_in = min(new.lifetime, new.hard_lifetime)
        return {"state": State.OPEN.value, "lease": None, "lease_for": None, "wake_in": wake_in}
    return {"state": State.CREATING.value, "lease": lease, "lease_for": lease_for, "wake_in": lease_for}
