"""One move of the state machine is one statement: compare-and-set, event row, the end of the part rows, the quota.

Nobody can see a state without its event or an event without its state. The statement takes the target from the
transition table and every time from the database's clock. What it leaves behind in a terminal state: the counts of
the parts, and no part rows (docs/design.md section 4, invariants 2, 3 and 12).
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import Transaction, execute, in_transaction
from coordinator.database.positional import of_each, rows_of
from coordinator.database.quotas import SETTLED_OF_MOVED
from coordinator.database.rows import digest_json, manifest_json, to_upload, yielding_uploads
from coordinator.uploads.ledger import Changes
from coordinator.uploads.model import Method, Upload
from coordinator.uploads.state import TERMINAL, Event, State, transition

__all__ = ["EVENT_OF_MOVED", "Completion", "complete_untouched", "is_completion", "move"]

EVENT_OF_MOVED: Final = """
    event AS (
        INSERT INTO events (upload_id, tenant, owner, type, epoch, payload)
        SELECT id, tenant, owner, CAST(:event AS text), epoch, jsonb_strip_nulls(jsonb_build_object(
            'state', state, 'reason', reason, 'policy', policy, 'filename', filename, 'bucket', bucket, 'key', key,
            'size', size, 'etag', etag, 'version_id', version_id, 'digest', digest))
        FROM moved
    )
"""

_CHANGED: Final = """
            state = CAST(:target AS text),
            epoch = epoch + 1,
            updated_at = now(),
            reason = CASE WHEN CAST(:target AS text) <> 'completed' THEN COALESCE(CAST(:reason AS text), reason) END,
            reason_text = CASE WHEN CAST(:target AS text) <> 'completed'
                THEN COALESCE(CAST(:reason_text AS text), reason_text) END,
            multipart_upload_id = COALESCE(CAST(:multipart_upload_id AS text), multipart_upload_id),
            manifest = CASE WHEN CAST(:target AS text) = 'completing'
                THEN COALESCE(CAST(:manifest AS jsonb), manifest) END,
            complete_attempted_at = CASE WHEN CAST(:attempted AS boolean) THEN now() ELSE complete_attempted_at END,
            size = COALESCE(CAST(:size AS bigint), size),
            part_count = COALESCE(CAST(:part_count AS int), part_count),
            etag = COALESCE(CAST(:etag AS text), etag),
            version_id = COALESCE(CAST(:version_id AS text), version_id),
            digest = COALESCE(CAST(:digest AS jsonb), digest),
            hard_expires_at = LEAST(hard_expires_at, CAST(:hard_expires_at AS timestamptz)),
            expires_at = LEAST(
                CASE WHEN CAST(:target AS text) = 'open' THEN now() + lifetime ELSE expires_at END,
                hard_expires_at, CAST(:hard_expires_at AS timestamptz)),
            lease_owner = CAST(:lease AS text),
            lease_until = CASE WHEN CAST(:lease AS text) IS NOT NULL THEN now() + CAST(:lease_for AS interval) END,
            attempts = CASE WHEN state = CAST(:target AS text) THEN attempts ELSE 0 END,
            gone_since = CASE WHEN state = CAST(:target AS text) THEN gone_since END,
            completed_at = CASE WHEN CAST(:target AS text) = 'completed' THEN now() END
"""

# A takeover is the one move to the same state. It keeps what the backoff and the clock of `gone_since` stand on, and
# it needs a lease that has ended or is the caller's own. Signing moves an open row's end without a new epoch, so whoever
# calls the row stale is held to its end as it is now.
_STILL: Final = """
    id = :id AND state = CAST(:source AS text) AND epoch = CAST(:epoch AS bigint)
    AND (state <> CAST(:target AS text) OR lease_until IS NULL OR lease_until <= now()
         OR lease_owner = CAST(:lease AS text))
    AND (state <> 'open' OR CAST(:reason AS text) IS DISTINCT FROM 'stale' OR expires_at <= now())
"""

# Two statements, so that Postgres may keep a plan for each: of one that did both it made a new plan every time.
_MOVE: Final = yielding_uploads(
    "moved",
    given=f"""
    WITH moved AS (
        UPDATE uploads SET {_CHANGED},
            wake_at = CASE
                WHEN CAST(:wake_in AS interval) IS NOT NULL THEN now() + CAST(:wake_in AS interval)
                WHEN CAST(:lease AS text) IS NOT NULL THEN now() + CAST(:lease_for AS interval)
                WHEN CAST(:target AS text) = 'open' THEN
                    LEAST(now() + lifetime, hard_expires_at, CAST(:hard_expires_at AS timestamptz))
                ELSE now() END
        WHERE {_STILL}
        RETURNING uploads.*
    ), {EVENT_OF_MOVED}
    """,  # noqa: S608 - put together from this file's constants only
)

_COUNTED: Final = """
    SELECT count(*)::int AS parts, COALESCE(sum(size), 0)::bigint AS bytes,
           min(recorded_at) AS first_at, max(recorded_at) AS last_at
    FROM parts WHERE upload_id = :id
"""

_ENDING: Final = f"""
    moved AS (
        UPDATE uploads SET {_CHANGED},
            wake_at = GREATEST(now(), urls_until) + CAST(:wake_in AS interval),
            stored_parts = CASE WHEN CAST(:target AS text) = 'completed'
                THEN COALESCE(CAST(:part_count AS int), part_count, counted.parts) ELSE counted.parts END,
            stored_bytes = CASE WHEN CAST(:target AS text) = 'completed'
                THEN COALESCE(CAST(:size AS bigint), size, counted.bytes) ELSE counted.bytes END,
            stored_first_at = counted.first_at,
            stored_last_at = counted.last_at
        FROM {{counted}}
        WHERE {_STILL} AND {{untouched}}
        RETURNING uploads.*
    ), {EVENT_OF_MOVED}, {SETTLED_OF_MOVED}, gone AS (
        DELETE FROM parts WHERE upload_id IN (SELECT id FROM moved)
    )
"""  # noqa: S608 - put together from this package's constants only

_ALONE: Final = f"WITH counted AS ({_COUNTED}), {_ENDING}"

_END: Final = yielding_uploads("moved", given=_ALONE.format(counted="counted", untouched="true"))

# Recording touches the row of a `put` upload. If one is committed after this statement began, the row is another than it
# saw; it looks again, and leaves it.
_UNTOUCHED: Final = "method = 'put' AND updated_at = CAST(:updated_at AS timestamptz)"

_END_UNTOUCHED: Final = yielding_uploads(
    "moved", given=_ALONE.format(counted="counted", untouched=_UNTOUCHED)
)

_OF_COMPLETION: Final = {
    "id": "uuid",
    "epoch": "bigint",
    "updated_at": "timestamptz",
    "etag": "text",
    "version_id": "text",
    "digest": "jsonb",
}
"""What differs between one completion and another, and of which type it is."""

# Rows that somebody else holds are left alone, so that nobody here waits with rows in hand; so are those with a quota,
# whose count this statement would raise but once.
_COMPLETE_UNTOUCHED: Final = yielding_uploads(
    "moved",
    given=f"""
    WITH given AS {rows_of(_OF_COMPLETION)}, held AS (
        SELECT uploads.id AS held_id FROM given JOIN uploads ON uploads.id = given.its_id
        FOR NO KEY UPDATE OF uploads SKIP LOCKED
    ), {
        of_each(
            _ENDING.format(
                counted=f"given JOIN held ON held_id = :id CROSS JOIN LATERAL ({_COUNTED}) AS counted",
                untouched=f"{_UNTOUCHED} AND uploads.quota_reserved IS NULL",
            ),
            "given",
            _OF_COMPLETION,
        )
    }
    """,  # noqa: S608 - put together from this package's constants only
)

_LOCK: Final = text("SELECT FROM uploads WHERE id = :id AND epoch = :epoch FOR UPDATE")


class Completion(NamedTuple):
    """What HEAD showed of a `put` upload that nobody has reported."""

    upload: Upload
    changes: Changes


def is_completion(upload: Upload, event: Event, changes: Changes) -> bool:
    """Whether the move is one of those that `complete_untouched` makes for many at once."""
    said = Changes(etag=changes.etag, version_id=changes.version_id, digest=changes.digest)
    lone = upload.method is Method.PUT and upload.state is State.OPEN and not upload.parts_uploaded
    return lone and event is Event.COMPLETED and changes == said


async def complete_untouched(engine: AsyncEngine, asked: Sequence[Completion]) -> Sequence[Upload | None]:
    """Many at once: each one's row, or None where `move` has to see what became of it."""
    first = {one.upload.id: one for one in reversed(asked)}
    each = [
        _parameters(upload, Event.COMPLETED, State.COMPLETED, changes) | {"updated_at": upload.updated_at}
        for upload, changes in first.values()
    ]
    differing = {name: [parameters[name] for parameters in each] for name in _OF_COMPLETION}
    rows = await execute(engine, _COMPLETE_UNTOUCHED, each[0] | differing)
    moved = {upload.id: upload for upload in map(to_upload, rows)}
    return [moved.get(one.upload.id) if first[one.upload.id] is one else None for one in asked]


async def move(engine: AsyncEngine, upload: Upload, event: Event, changes: Changes) -> Upload | None:
    """Make one move, or return None when the row is no longer what `upload` says.

    Raises ValueError when the transition table has no such move.
    """
    target = transition(upload.state, event).target
    parameters = _parameters(upload, event, target, changes)

    async def after_the_last_record(connection: Transaction) -> Upload | None:
        await connection.execute(_LOCK, {"id": upload.id, "epoch": upload.epoch})
        moved = await connection.execute(_END, parameters)
        return to_upload(moved[0]) if moved else None

    if upload.state is State.OPEN and target in TERMINAL:
        if upload.method is Method.PUT and not upload.parts_uploaded:
            moved = await execute(engine, _END_UNTOUCHED, parameters | {"updated_at": upload.updated_at})
            if moved:
                return to_upload(moved[0])
        # A record that is just being committed holds the row: the statement that counts and deletes the parts must
        # begin after it, or it would not see them.
        return await in_transaction(engine, after_the_last_record)
    moved = await execute(engine, _END if target in TERMINAL else _MOVE, parameters)
    return to_upload(moved[0]) if moved else None


def _parameters(upload: Upload, event: Event, target: State, changes: Changes) -> dict[str, Any]:
    return {
        "id": upload.id,
        "source": upload.state.value,
        "epoch": upload.epoch,
        "event": event.value,
        "target": target.value,
        "reason": changes.reason and changes.reason.value,
        "reason_text": changes.reason_text,
        "multipart_upload_id": changes.multipart_upload_id,
        "manifest": manifest_json(changes.manifest),
        "attempted": changes.attempted,
        "size": changes.size,
        "part_count": changes.part_count,
        "etag": changes.etag,
        "version_id": changes.version_id,
        "digest": digest_json(changes.digest),
        "hard_expires_at": changes.hard_expires_at,
        "lease": changes.lease,
        "lease_for": changes.lease_for,
        "wake_in": changes.wake_in,
    }
