"""The twelve invariants, read from the rows, the events and the store after each step (docs/design.md names them).

5, 8 and 9 are seen as they happen: a call inside a transaction is refused by the product and surfaces as a broken
drive, the other two are noted by `truth`. 6 is checked where URLs are answered, and here against `urls_until`; 10 where
strangers ask; 11 where logs, errors and events are written, and here for events.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from coordinator.storage.fake import FakeStore
from coordinator.uploads.model import Method, Quota
from coordinator.uploads.recovery import backoff
from coordinator.uploads.state import TERMINAL, TRANSITIONS, Event, State
from tests.model.clients import Known
from tests.model.truth import Story
from tests.model.world import World

ROWS = """
    SELECT u.*, told.types, told.epochs, told.payloads FROM uploads u CROSS JOIN LATERAL (
        SELECT array_agg(type ORDER BY epoch) AS types, array_agg(epoch ORDER BY epoch) AS epochs,
               string_agg(payload::text, ' ') AS payloads
        FROM events WHERE upload_id = u.id
    ) AS told WHERE u.tenant = $1 ORDER BY u.id
"""

QUOTAS = "SELECT owner, reserved, used, live FROM quotas WHERE tenant = $1"

ENDS = {move.event.value: move.target for move in TRANSITIONS if move.target in TERMINAL}
TARGETS = {(move.source, move.event): move.target for move in TRANSITIONS if move.source is not None}
BIRTHS = {Method.MULTIPART: State.CREATING, Method.PUT: State.OPEN}
LONGEST_REST = backoff(99) + timedelta(seconds=1)

Row = dict[str, Any]


def broken(rows: list[Row], earlier: dict[UUID, Row], known: list[Known], world: World) -> Iterator[str]:
    """Each breach, beginning with the number of its invariant."""
    clients = {client.id: client for client in known}
    for row in rows:
        for breach in _of_row(row, earlier.get(row["id"]), clients.get(row["id"]), world):
            yield f"{breach} (upload {row['id']}, {row['state']})"


def over_quota(quotas: list[Row], rows: list[Row], quota: Quota) -> Iterator[str]:
    """7: within the limits, and exactly what the rows add up to."""
    for kept in quotas:
        own = [row for row in rows if kept["owner"] in {"", row["owner"]}]
        live = [row for row in own if State(row["state"]) not in TERMINAL]
        reserved = sum(row["quota_reserved"] for row in live)
        used = sum(row["stored_bytes"] for row in own if row["state"] == State.COMPLETED)
        if (kept["reserved"], kept["used"], kept["live"]) != (reserved, used, len(live)):
            yield f"7: {kept}, and the rows say {reserved}, {used}, {len(live)}"
        limit = quota.owner_bytes if kept["owner"] else quota.tenant_bytes
        if limit is not None and kept["reserved"] + kept["used"] > limit:
            yield f"7: {kept}, and the limit is {limit}"


def _of_row(row: Row, before: Row | None, client: Known | None, world: World) -> Iterator[str]:
    truth, store, now = world.truth, world.store, world.now()
    state = State(row["state"])
    yield from _history(row, state)
    if before is not None and State(before["state"]) in TERMINAL and before["state"] != row["state"]:
        yield f"2: {before['state']} was the end"
    if state is State.COMPLETED:
        yield from _was_seen(row, store)
        if row["key"] not in truth.meddled:
            ours = row["key"] not in truth.behind_us
            yield from _completed(row, client, truth.stories[row["id"]] if ours else None, store)
    if state in {State.ABORTED, State.FAILED} and row["wake_at"] is None:
        yield from _nothing_left(row, store, now, meddled=row["key"] in truth.meddled)
    if state not in TERMINAL:
        yield from _wakes(row, state, now)
    if client is not None:
        yield from _promises(row, state, client)
    if row["mark"] in row["payloads"] or "X-Amz" in row["payloads"]:
        yield "11: a secret in an event"


def _history(row: Row, state: State) -> Iterator[str]:
    if row["epochs"] != list(range(1, row["epoch"] + 1)):
        yield f"2: events {row['epochs']} do not lead to epoch {row['epoch']}"
    at: State | None = None
    for told in row["types"]:
        born = BIRTHS[row["method"]] if told == Event.CREATED else None
        following = born if at is None else TARGETS.get((at, Event(told)))
        if following is None:
            yield f"2: {told} in {at}"
            return
        at = following
    if at is not state:
        yield f"2: the events lead to {at}"
    ends = [told for told in row["types"] if told in ENDS]
    if len(ends) != (state in TERMINAL):
        yield f"3: terminal events {ends}"


def _was_seen(row: Row, store: FakeStore) -> Iterator[str]:
    """Some HEAD showed it; whatever a stranger has done to it since."""
    shown = [
        call.answer
        for call in store.log
        if call.operation == "head_object" and call.key == row["key"] and call.heard
    ]
    if not any(_ours(found, row) for found in shown):
        yield "1: completed, and no HEAD ever showed the object"


def _completed(row: Row, client: Known | None, story: Story | None, store: FakeStore) -> Iterator[str]:
    """`story` is None when somebody else completed it."""
    found = store.stored(row["key"])
    if not _ours(found, row):
        yield f"1: completed, and the object is {found}"
    if story is None:
        return
    manifest = story.frozen
    if manifest is None:
        if client is not None and client.pure:
            yield "1: completed without a manifest"
        return
    if [part.part_number for part in manifest] != list(range(1, row["part_count"] + 1)):
        yield f"1: not the plan's parts: {manifest}"
    if client is not None and client.pure:
        right = [client.file.etag(part.part_number) for part in manifest]
        if [part.etag for part in manifest] != right or client.file.part_count != len(manifest):
            yield f"1: not the file's bytes: {manifest}"


def _ours(found: Any, row: Row) -> bool:
    return (
        found is not None
        and found.mark == row["mark"]
        and found.size == row["size"]
        and found.etag == row["etag"]
    )


def _nothing_left(row: Row, store: FakeStore, now: datetime, *, meddled: bool) -> Iterator[str]:
    found = store.stored(row["key"])
    if found is not None and found.mark == row["mark"]:
        if row["method"] == Method.PUT and not meddled:
            yield "4: the object of an ended upload is there after the late check"
        return  # reported, and left to the operator
    left = store.standing(row["key"])
    if left:
        yield f"4: {left} stand after the late check"
    if row["urls_until"] is not None and row["urls_until"] > now:
        yield "4: the late check is over, and a URL lives"


def _wakes(row: Row, state: State, now: datetime) -> Iterator[str]:
    latest = now + LONGEST_REST
    if state is State.OPEN:
        latest = max(latest, row["expires_at"] + timedelta(seconds=1))
    if row["wake_at"] is None or row["wake_at"] > latest:
        yield f"12: wakes at {row['wake_at']}, and it is {now}"


def _promises(row: Row, state: State, client: Known) -> Iterator[str]:
    if client.acknowledged and state is not State.COMPLETED:
        yield "2: the client was told that it is completed"
    until = max((url.expires_at for url in client.urls), default=None)
    if until is not None and (row["urls_until"] is None or row["urls_until"] < until):
        yield f"6: a URL lives until {until}, and the row says {row['urls_until']}"
    if (row["tenant"], row["owner"]) != (client.identity.tenant, client.identity.owner):
        yield "10: somebody else's"
