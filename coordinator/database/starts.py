"""The birth of a row, once: however often, and by however many at the same moment, the same start is asked for.

Two unique indexes decide, not a look before the leap. The idempotency key is inserted first; whoever comes second
waits for the first one's commit and then finds its upload. The live fingerprint decides next in the same way. All of
it is one transaction: key, intent, lease, event and quota are committed together, before the store hears of the
upload. Of a `put` upload it hears nothing then: the row is born open, driven by nobody, and wakes when it expires.

Nearly every start is the first of its kind, and no quota is kept: then the transaction is one statement, with the same
order within, for all that are asked for at the same time (gathered.py). Where an index decides otherwise that statement
writes nothing of a start, and the long way finds out what there is.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import Transaction, execute
from coordinator.database.moves import EVENT_OF_MOVED
from coordinator.database.positional import of_each, rows_of
from coordinator.database.quotas import reserve
from coordinator.database.rows import digest_json, to_upload, yielding_uploads
from coordinator.errors import DatabaseUnavailable, IdempotencyKeyReuse
from coordinator.uploads.asking import refuse_other_file
from coordinator.uploads.ledger import IdempotencyKey, Started
from coordinator.uploads.model import LeaseOwner, Method, NewUpload, Upload, UploadId
from coordinator.uploads.state import Event, Reason, State

__all__ = ["StartAsked", "start", "start_keyed", "start_unkeyed"]

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

_GIVEN: Final = {
    "key_tenant": "text",
    "principal": "text",
    "idempotency_key": "text",
    "request_hash": "bytea",
    "id": "uuid",
    "tenant": "text",
    "owner": "text",
    "policy": "text",
    "state": "text",
    "filename": "text",
    "content_type": "text",
    "content_encoding": "text",
    "metadata": "jsonb",
    "method": "text",
    "size": "bigint",
    "part_size": "bigint",
    "part_count": "int",
    "bucket": "text",
    "key": "text",
    "mark": "text",
    "fingerprint": "text",
    "digest": "jsonb",
    "lease": "text",
    "lease_for": "interval",
    "wake_in": "interval",
    "lifetime": "interval",
    "urls_live": "interval",
    "hard_lifetime": "interval",
    "quota_reserved": "bigint",
    "quota_owner": "boolean",
}
"""What one start says, and of which type it is."""

# A key that was taken for an upload that then was not written is refused by the key's reference, at the end. Keys are
# taken in their order, so that two who take the same ones wait for each other at the first.
_TAKE_KEYS_AND_INSERT: Final = f"""
    taken AS (
        INSERT INTO idempotency_keys (tenant, principal, key, request_hash, upload_id)
        SELECT :key_tenant, :principal, :idempotency_key, :request_hash, :id FROM given
        WHERE NOT EXISTS (
            SELECT FROM uploads
            WHERE tenant = :tenant AND owner = :owner AND policy = :policy AND fingerprint = :fingerprint
              AND fingerprint IS NOT NULL AND state IN ('completing', 'creating', 'open'))
        ORDER BY :key_tenant, :principal, :idempotency_key
        ON CONFLICT (tenant, principal, key) DO NOTHING
        RETURNING upload_id
    ), moved AS (
        INSERT INTO uploads ({_COLUMNS})
        SELECT {_VALUES} FROM given JOIN taken ON taken.upload_id = :id {_UNLESS_LIVE}
    ), {EVENT_OF_MOVED}
"""  # noqa: S608 - put together from this package's constants only

_INSERT_WITH_KEYS: Final = yielding_uploads(
    "moved",
    given=f"WITH given AS {rows_of(_GIVEN)}, {of_each(_TAKE_KEYS_AND_INSERT, 'given', _GIVEN)}",
)

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


class StartAsked(NamedTuple):
    """One start, as the rules ask for it."""

    new: NewUpload
    idempotency: IdempotencyKey | None
    lease: LeaseOwner
    lease_for: timedelta


async def start_unkeyed(engine: AsyncEngine, asked: StartAsked) -> Upload | None:
    """The row, where the file was not known. None: nothing was written, and `start` has to look."""
    rows = await execute(engine, _INSERT, _parameters(asked))
    return to_upload(rows[0]) if rows else None


async def start_keyed(engine: AsyncEngine, asked: Sequence[StartAsked]) -> Sequence[Upload | None]:
    """Many at once: each one's row, where neither its key nor its file was known. None: nothing was written of it.

    Raises StatementRefused where a file became known at the same moment: then nothing at all was written.
    """
    each = [_parameters(one) | _key_beside(one.idempotency) for one in _of_different_files(asked)]
    parameters = {name: [one[name] for one in each] for name in _GIVEN}
    rows = await execute(engine, _INSERT_WITH_KEYS, {**parameters, "event": Event.CREATED.value})
    born = {upload.id: upload for upload in map(to_upload, rows)}
    return [born.get(one.new.id) for one in asked]


async def start(connection: Transaction, asked: StartAsked) -> Started:
    """Within the caller's transaction. Raises IdempotencyKeyReuse, QuotaExceeded, SizeNotAllowed, and what `refuse_other_file`
    does.
    """
    new, idempotency = asked.new, asked.idempotency
    if idempotency is not None:
        earlier = await _earlier(connection, new.id, idempotency)
        if earlier is not None:
            return Started(earlier, "replayed")
    for _ in range(_TRIES):
        born = await _one(connection, _INSERT, _parameters(asked))
        if born is not None:
            if new.quota is not None:
                await reserve(connection, new, new.quota)
            return Started(born, "created")
        alive = await _one(connection, _ALIVE, _live_file(new))
        if alive is not None and alive.bucket != new.bucket:
            await connection.execute(_LET_GO, {"id": alive.id, "fingerprint": new.fingerprint})
        elif alive is not None:
            # before the key stands for it: whoever repeats a refused start must not be given another file's upload
            refuse_other_file(alive, new)
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


def _of_different_files(asked: Sequence[StartAsked]) -> Sequence[StartAsked]:
    """Of those that come with one file, the first: the others resume what it begins."""
    known: dict[object, StartAsked] = {}
    for one in asked:
        file = one.new.id if one.new.fingerprint is None else tuple(_live_file(one.new).values())
        known.setdefault(file, one)
    return list(known.values())


def _key_beside(idempotency: IdempotencyKey | None) -> dict[str, object]:
    """By other names than those of the row."""
    if idempotency is None:
        raise RuntimeError("only starts with a key are asked for together")
    return {
        "key_tenant": idempotency.tenant,
        "principal": idempotency.principal,
        "idempotency_key": idempotency.key,
        "request_hash": idempotency.request_hash,
    }


def _parameters(asked: StartAsked) -> dict[str, object]:
    new = asked.new
    return {
        "event": Event.CREATED.value,
        **_birth(asked),
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


def _birth(asked: StartAsked) -> dict[str, object]:
    new, lease_for = asked.new, asked.lease_for
    if new.method is Method.PUT:
        wake_in = min(new.lifetime, new.hard_lifetime)
        return {"state": State.OPEN.value, "lease": None, "lease_for": None, "wake_in": wake_in}
    return {"state": State.CREATING.value, "lease": asked.lease, "lease_for": lease_for, "wake_in": lease_for}
