"""Every move of the table, and none besides, is one compare-and-set that bumps the epoch and writes one event."""

import asyncio
from datetime import timedelta
from itertools import product

import pytest

from coordinator.database.engine import StatementRefused
from coordinator.uploads.ledger import Changes
from coordinator.uploads.model import Claim, Digest, Method, MultipartUploadId, new_upload_id
from coordinator.uploads.plan import MIB
from coordinator.uploads.state import TERMINAL, TRANSITIONS, Event, Reason, State, Transition
from tests.integration.database.ledger import (
    CHANGES,
    LEASE,
    MANIFEST,
    ME,
    OTHER,
    Ledger,
    an_upload,
    without_now,
)

MOVES = [move for move in TRANSITIONS if move.source is not None]
IMPOSSIBLE = set(product(State, Event)) - {(move.source, move.event) for move in MOVES}


@pytest.mark.parametrize("arrow", MOVES, ids=lambda arrow: f"{arrow.source}-{arrow.event}")
async def test_a_move_of_the_table(arrow: Transition, ledger: Ledger) -> None:
    assert arrow.source is not None
    before = await ledger.at(arrow.source)
    after = await ledger.moved(before, arrow.event)
    assert (after.state, after.epoch) == (arrow.target, before.epoch + 1)
    assert without_now(after) == without_now(await ledger.read(before))
    rows = await ledger.sql(
        "SELECT type, epoch, tenant, owner, payload ->> 'state' FROM events WHERE upload_id = :id ORDER BY id DESC",
        id=before.id,
    )
    assert rows[0] == (arrow.event.value, after.epoch, "acme", "ada", arrow.target.value)
    assert len(rows) == after.epoch


async def test_no_move_besides(ledger: Ledger) -> None:
    rows = {state: await ledger.at(state) for state in State}
    for state, event in sorted(IMPOSSIBLE):
        with pytest.raises(ValueError, match="no move leaves"):
            await ledger.uploads.move(rows[state], event, Changes())
    for row in rows.values():
        assert without_now(await ledger.read(row)) == without_now(row)


async def test_twenty_at_once_have_one_winner(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    events = [Event.COMPLETING, Event.ABORTING] * 10
    outcomes = await asyncio.gather(*(ledger.uploads.move(row, event, CHANGES[event]) for event in events))
    [winner] = [outcome for outcome in outcomes if outcome is not None]
    assert without_now(await ledger.read(row)) == without_now(winner)
    assert await ledger.sql("SELECT count(*) FROM events WHERE upload_id = :id", id=row.id) == [
        (winner.epoch,)
    ]


async def test_only_one_end_is_written_when_two_ends_race(ledger: Ledger) -> None:
    rows = [await ledger.at(State.OPEN) for _ in range(20)]
    ends = (Event.COMPLETED, Event.FAILED)
    await asyncio.gather(*(ledger.uploads.move(row, end, Changes()) for row in rows for end in ends))
    counts = await ledger.sql(
        "SELECT count(*) FROM events WHERE type IN ('upload.completed', 'upload.failed') GROUP BY upload_id"
    )
    assert counts == [(1,)] * len(rows)


async def test_a_second_terminal_event_is_refused_by_the_database(ledger: Ledger) -> None:
    """Even by code that forgets the states: the row is set back by hand, the event is still there."""
    ended = await ledger.at(State.COMPLETED)
    await ledger.sql(
        "UPDATE uploads SET state = 'open', wake_at = now(), stored_parts = NULL WHERE id = :id", id=ended.id
    )
    with pytest.raises(StatementRefused, match="uq_events_terminal") as refused:
        await ledger.uploads.move(await ledger.read(ended), Event.FAILED, Changes())
    assert ended.mark not in str(refused.value)
    assert (await ledger.read(ended)).state is State.OPEN


async def test_a_stale_epoch_moves_nothing(ledger: Ledger) -> None:
    old = await ledger.at(State.COMPLETING)
    await ledger.moved(await ledger.moved(old, Event.REOPENED), Event.COMPLETING)
    assert await ledger.uploads.move(old, Event.COMPLETED, Changes()) is None
    assert (await ledger.read(old)).state is State.COMPLETING


async def test_opening_starts_the_lifetime_and_wakes_at_its_end(ledger: Ledger) -> None:
    creating = await ledger.at(State.CREATING)
    assert creating.wake_at == creating.lease_until == creating.now + LEASE
    row = await ledger.moved(creating, Event.OPENED, Changes(multipart_upload_id=MultipartUploadId("x")))
    assert row.expires_at == row.wake_at == row.now + timedelta(hours=24)
    assert (row.lease_owner, row.lease_until, row.multipart_upload_id) == (None, None, "x")


async def test_the_hard_limit_is_lowered_and_never_raised(ledger: Ledger) -> None:
    creating = await ledger.at(State.CREATING)
    soon, late = creating.now + timedelta(hours=1), creating.now + timedelta(days=30)
    row = await ledger.moved(creating, Event.OPENED, Changes(hard_expires_at=soon))
    assert row.hard_expires_at == row.expires_at == row.wake_at == soon
    row = await ledger.moved(row, Event.COMPLETING, Changes(hard_expires_at=late))
    assert row.hard_expires_at == soon


async def test_completing_freezes_the_manifest_until_it_ends(ledger: Ledger) -> None:
    row = await ledger.at(State.COMPLETING)
    assert row.manifest == MANIFEST
    assert row.complete_attempted_at == row.now
    await ledger.lapse(row)
    taken = await ledger.moved(row, Event.TAKEN_OVER, Changes(lease=OTHER, lease_for=LEASE))
    assert (taken.manifest, taken.complete_attempted_at) == (MANIFEST, row.complete_attempted_at)
    again = await ledger.moved(taken, Event.TAKEN_OVER, Changes(lease=OTHER, lease_for=LEASE, attempted=True))
    assert again.complete_attempted_at == again.now
    reopened = await ledger.moved(again, Event.REOPENED)
    assert (reopened.manifest, reopened.wake_at) == (None, reopened.expires_at)


async def test_a_takeover_needs_a_lapsed_lease_or_ones_own(ledger: Ledger) -> None:
    row = await ledger.at(State.COMPLETING)
    others = Changes(lease=OTHER, lease_for=LEASE)
    assert await ledger.uploads.move(row, Event.TAKEN_OVER, others) is None
    own = await ledger.moved(row, Event.TAKEN_OVER)
    assert (own.lease_owner, own.epoch) == (ME, row.epoch + 1)
    await ledger.lapse(own)
    taken = await ledger.moved(own, Event.TAKEN_OVER, others)
    assert (taken.lease_owner, taken.lease_until, taken.wake_at) == (
        OTHER,
        taken.now + LEASE,
        taken.now + LEASE,
    )


async def test_twenty_takeovers_have_one_winner(ledger: Ledger) -> None:
    row = await ledger.at(State.ABORTING)
    await ledger.lapse(row)
    outcomes = await asyncio.gather(
        *(ledger.uploads.move(row, Event.TAKEN_OVER, CHANGES[Event.TAKEN_OVER]) for _ in range(20))
    )
    assert sum(outcome is not None for outcome in outcomes) == 1


async def test_a_takeover_keeps_the_backoff_and_any_other_move_resets_it(ledger: Ledger) -> None:
    row = await ledger.at(State.COMPLETING)
    await ledger.uploads.postpone(row, timedelta(seconds=5), gone=True)
    rested = await ledger.read(row)
    taken = await ledger.moved(rested, Event.TAKEN_OVER)
    assert (taken.attempts, taken.gone_since) == (1, rested.gone_since)
    reopened = await ledger.moved(taken, Event.REOPENED)
    assert (reopened.attempts, reopened.gone_since) == (0, None)


async def test_what_a_completed_row_says(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    await ledger.uploads.record_parts(row.id, [Claim(1, 8 * MIB, "aa")])
    row = await ledger.moved(await ledger.read(row), Event.COMPLETING)
    digest = Digest("sha256", "abc=", verified=True)
    done = await ledger.moved(row, Event.COMPLETED, Changes(etag="cc-2", version_id="v1", digest=digest))
    assert (done.parts_uploaded, done.bytes_uploaded) == (2, 10 * MIB)
    assert (done.etag, done.version_id, done.digest) == ("cc-2", "v1", digest)
    assert done.completed_at == done.now
    assert (done.wake_at, done.manifest, done.lease_owner) == (None, None, None)


async def test_an_aborted_row_keeps_its_counts_and_its_late_check(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    await ledger.uploads.record_parts(row.id, [Claim(1, 8 * MIB, "aa")])
    row = await ledger.moved(
        row, Event.ABORTING, Changes(reason=Reason.CLIENT, reason_text="changed my mind")
    )
    assert (row.wake_at, row.reason) == (row.now, Reason.CLIENT)
    ended = await ledger.moved(row, Event.ABORTED, Changes(wake_in=timedelta(hours=2)))
    assert (ended.parts_uploaded, ended.bytes_uploaded) == (1, 8 * MIB)
    assert ended.first_part_at == ended.last_part_at != None  # noqa: E711 - a chain of comparisons
    assert (ended.reason, ended.reason_text) == (Reason.CLIENT, "changed my mind")
    assert ended.wake_at == ended.now + timedelta(hours=2)


async def test_an_open_row_that_was_just_extended_is_not_stale(ledger: Ledger) -> None:
    """Signing moves its end and not its epoch: who decided before that is held to the end as it is now."""
    row = await ledger.at(State.OPEN)
    ending = "UPDATE uploads SET expires_at = now() + interval '{}' WHERE id = '{}'"
    await ledger.sql(ending.format("1 hour", row.id))
    assert await ledger.uploads.move(row, Event.ABORTING, Changes(reason=Reason.STALE)) is None
    await ledger.sql(ending.format("0", row.id))
    assert await ledger.uploads.move(row, Event.ABORTING, Changes(reason=Reason.STALE)) is not None


async def test_a_completed_row_has_no_reason(ledger: Ledger) -> None:
    """One that was being aborted turned out to be complete."""
    row = await ledger.at(State.OPEN)
    row = await ledger.moved(row, Event.ABORTING, Changes(reason=Reason.CLIENT, reason_text="wrong file"))
    done = await ledger.moved(row, Event.COMPLETED, Changes(etag="abc"))
    assert (done.reason, done.reason_text) == (None, None)


@pytest.mark.parametrize("state", sorted(TERMINAL))
async def test_part_rows_go_at_the_end(state: State, ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    await ledger.uploads.record_parts(row.id, [Claim(1, 1, "aa"), Claim(2, 1, "bb")])
    if state is State.ABORTED:
        row = await ledger.moved(row, Event.ABORTING)
    event = next(move.event for move in MOVES if (move.source, move.target) == (row.state, state))
    ended = await ledger.moved(row, event)
    assert ended.parts_uploaded == 2
    assert await ledger.sql("SELECT count(*) FROM parts") == [(0,)]


@pytest.mark.parametrize("method", Method)
async def test_records_that_race_with_the_end_leave_no_part_rows(method: Method, ledger: Ledger) -> None:
    """A record commits while the move already waits for the row: the move must still see its parts."""
    for _ in range(20):
        row = await ledger.open(method)
        records = [ledger.uploads.record_parts(row.id, [Claim(number, 5, "aa")]) for number in range(1, 11)]
        early = asyncio.gather(*records)
        ended = await ledger.uploads.move(row, Event.FAILED, Changes(reason=Reason.LOST))
        recorded = await early
        assert ended is not None
        assert (ended.parts_uploaded, ended.bytes_uploaded) == (sum(recorded), 5 * sum(recorded))
    assert await ledger.sql("SELECT count(*) FROM parts") == [(0,)]


HELD = {
    Method.MULTIPART: "SELECT 1 FROM uploads WHERE id = '{}' FOR SHARE",
    Method.PUT: "UPDATE uploads SET updated_at = clock_timestamp() WHERE id = '{}'",
}
"""How recording holds a row."""


@pytest.mark.parametrize("method", Method)
async def test_an_end_waits_for_a_record_that_is_not_committed_yet(method: Method, ledger: Ledger) -> None:
    row = await ledger.open(method)
    async with ledger.engine.begin() as recording:
        await recording.exec_driver_sql(HELD[method].format(row.id))
        await recording.exec_driver_sql(f"INSERT INTO parts VALUES ('{row.id}', 1, 5)")
        move = asyncio.create_task(ledger.uploads.move(row, Event.COMPLETED, Changes()))
        async with asyncio.timeout(30):
            while not await ledger.sql("SELECT 1 FROM pg_locks WHERE NOT granted"):
                assert not move.done()
    assert (await move) is not None
    assert await ledger.sql("SELECT count(*) FROM parts") == [(0,)]


async def test_an_end_sees_what_was_reported_since_the_row_was_read(ledger: Ledger) -> None:
    row = await ledger.open(Method.PUT)
    assert await ledger.uploads.record_parts(row.id, [Claim(1, 5, "aa")])
    ended = await ledger.uploads.move(row, Event.FAILED, Changes(reason=Reason.CONFLICT))
    assert ended is not None
    assert (ended.parts_uploaded, ended.bytes_uploaded) == (1, 5)
    assert await ledger.sql("SELECT count(*) FROM parts") == [(0,)]


async def test_an_unknown_row_moves_nowhere(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN, an_upload())
    await ledger.sql("DELETE FROM uploads WHERE id = :id", id=row.id)
    assert await ledger.uploads.move(row, Event.ABORTING, CHANGES[Event.ABORTING]) is None
    assert await ledger.uploads.reread(new_upload_id()) is None
