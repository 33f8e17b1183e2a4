"""Who drives a row, when it is looked at next, and until when it lives."""

import asyncio
from datetime import timedelta

import pytest

from coordinator.uploads.ledger import Changes
from coordinator.uploads.state import TERMINAL, Event, State
from tests.integration.database.ledger import LEASE, ME, Ledger, without_now

MINUTE = timedelta(minutes=1)


async def test_claimers_never_share_a_row(ledger: Ledger) -> None:
    rows = [await ledger.at(State.CREATING) for _ in range(50)]
    for row in rows:
        await ledger.lapse(row)
    claimed = await asyncio.gather(*(ledger.uploads.claim_due("uploads", 20, LEASE) for _ in range(5)))
    ids = [row.id for batch in claimed for row in batch]
    assert len(ids) == len(set(ids)) <= 50
    rest = await ledger.uploads.claim_due("uploads", 50, LEASE)
    assert {*ids, *(row.id for row in rest)} == {row.id for row in rows}
    assert await ledger.uploads.claim_due("uploads", 50, LEASE) == []


async def test_a_row_locked_by_another_is_skipped(ledger: Ledger) -> None:
    locked, free = await ledger.at(State.CREATING), await ledger.at(State.CREATING)
    await ledger.lapse(locked)
    await ledger.lapse(free)
    async with ledger.engine.begin() as other:
        await other.exec_driver_sql(f"SELECT 1 FROM uploads WHERE id = '{locked.id}' FOR UPDATE")
        assert [row.id for row in await ledger.uploads.claim_due("uploads", 10, LEASE)] == [free.id]


async def test_a_claim_that_nobody_follows_up_comes_back(ledger: Ledger) -> None:
    row = await ledger.at(State.ABORTING)
    await ledger.lapse(row)
    [claimed] = await ledger.uploads.claim_due("uploads", 10, MINUTE)
    assert (claimed.wake_at, claimed.epoch) == (claimed.now + MINUTE, row.epoch)
    await ledger.lapse(row)
    assert [again.id for again in await ledger.uploads.claim_due("uploads", 10, MINUTE)] == [row.id]


async def test_a_driven_row_is_not_due(ledger: Ledger) -> None:
    row = await ledger.at(State.COMPLETING)
    await ledger.sql("UPDATE uploads SET wake_at = now() - interval '1 h' WHERE id = :id", id=row.id)
    assert await ledger.uploads.claim_due("uploads", 10, LEASE) == []


async def test_an_open_row_never_sleeps_past_its_end(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    await ledger.uploads.postpone(row, row.expires_at - row.now + timedelta(hours=1))
    after = await ledger.read(row)
    assert after.wake_at == after.expires_at


async def test_the_longest_overdue_comes_first(ledger: Ledger) -> None:
    rows = [await ledger.at(State.OPEN) for _ in range(3)]
    for hours, row in enumerate(rows, start=1):
        await ledger.sql(
            "UPDATE uploads SET wake_at = now() - make_interval(hours => CAST(:hours AS int)) WHERE id = :id",
            id=row.id,
            hours=hours,
        )
    [claimed] = await ledger.uploads.claim_due("uploads", 1, LEASE)
    assert claimed.id == rows[-1].id


async def test_a_lease_is_renewed_by_its_holder_only(ledger: Ledger) -> None:
    row = await ledger.at(State.COMPLETING)
    assert await ledger.uploads.renew_lease(row, MINUTE)
    renewed = await ledger.read(row)
    assert renewed.lease_until == renewed.wake_at
    assert row.lease_until is not None
    assert renewed.lease_until is not None
    assert renewed.lease_until > row.lease_until + timedelta(seconds=25)
    await ledger.moved(row, Event.TAKEN_OVER)
    assert not await ledger.uploads.renew_lease(row, MINUTE)
    unleased = await ledger.at(State.OPEN)
    assert not await ledger.uploads.renew_lease(unleased, MINUTE)


async def test_a_fruitless_drive_rests_and_is_counted(ledger: Ledger) -> None:
    row = await ledger.at(State.COMPLETING)
    await ledger.uploads.postpone(row, MINUTE)
    rested = await ledger.read(row)
    assert (rested.lease_owner, rested.lease_until, rested.attempts) == (None, None, 1)
    assert rested.wake_at is not None
    assert MINUTE - timedelta(seconds=10) < rested.wake_at - rested.now <= MINUTE
    await ledger.uploads.postpone(rested, MINUTE)
    assert (await ledger.read(row)).attempts == 2


async def test_the_clock_of_gone_runs_until_something_shows(ledger: Ledger) -> None:
    row = await ledger.at(State.COMPLETING)
    await ledger.uploads.postpone(row, MINUTE, gone=True)
    first = (await ledger.read(row)).gone_since
    await ledger.uploads.postpone(row, MINUTE, gone=True)
    assert (await ledger.read(row)).gone_since == first
    assert first is not None
    await ledger.uploads.postpone(row, MINUTE)
    assert (await ledger.read(row)).gone_since is None


async def test_postponing_a_row_that_moved_on_does_nothing(ledger: Ledger) -> None:
    old = await ledger.at(State.COMPLETING)
    now = await ledger.moved(old, Event.REOPENED)
    await ledger.uploads.postpone(old, MINUTE)
    assert without_now(await ledger.read(old)) == without_now(now)


@pytest.mark.parametrize("state", sorted(TERMINAL))
async def test_a_settled_row_never_wakes(state: State, ledger: Ledger) -> None:
    row = await ledger.at(state)
    await ledger.uploads.postpone(row, MINUTE)
    assert (await ledger.read(row)).wake_at is not None
    await ledger.uploads.settle(row)
    assert (await ledger.read(row)).wake_at is None


async def test_a_row_that_has_not_ended_cannot_be_settled(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    await ledger.uploads.settle(row)
    assert (await ledger.read(row)).wake_at == row.wake_at


async def test_activity_moves_the_expiry_and_the_wake_up(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    await ledger.sql("UPDATE uploads SET expires_at = now(), wake_at = now() WHERE id = :id", id=row.id)
    until = row.now + timedelta(hours=1)
    assert await ledger.uploads.extend(row, urls_until=until, active_at=None)
    used = await ledger.read(row)
    assert used.urls_until == until
    assert used.expires_at == used.wake_at
    assert timedelta(hours=23, minutes=59) < used.expires_at - used.now <= timedelta(hours=24)


async def test_neither_moves_backwards_nor_past_the_hard_limit(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    later = row.now + timedelta(hours=2)
    await ledger.uploads.extend(row, urls_until=later, active_at=None)
    before = await ledger.read(row)
    await ledger.uploads.extend(row, urls_until=row.now, active_at=row.now - timedelta(hours=5))
    after = await ledger.read(row)
    assert (after.urls_until, after.expires_at, after.wake_at) == (later, before.expires_at, before.wake_at)
    await ledger.uploads.extend(row, urls_until=None, active_at=row.now + timedelta(days=30))
    ended = await ledger.read(row)
    assert (ended.urls_until, ended.expires_at) == (later, ended.hard_expires_at)


async def test_a_wake_up_that_was_due_sooner_stays(ledger: Ledger) -> None:
    creating = await ledger.at(State.CREATING)
    row = await ledger.moved(creating, Event.OPENED, Changes(wake_in=MINUTE))
    await ledger.uploads.extend(row, urls_until=None, active_at=None)
    assert (await ledger.read(row)).wake_at == row.now + MINUTE


async def test_only_an_open_upload_is_extended(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    await ledger.moved(row, Event.ABORTING)
    assert not await ledger.uploads.extend(row, urls_until=row.now, active_at=None)
    assert (await ledger.read(row)).urls_until is None
    assert row.lease_owner is None
    assert (await ledger.read(row)).lease_owner == ME
