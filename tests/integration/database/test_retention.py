"""What is old and done with goes; what somebody still has to look at stays, however old."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import create_engine
from coordinator.database.uploads import Uploads
from coordinator.uploads.ledger import Changes, IdempotencyKey
from coordinator.uploads.model import Claim, UploadId
from coordinator.uploads.state import TERMINAL, Event, State
from coordinator.workers.retention import Retention
from tests.integration.database.ledger import LEASE, ME, Ledger, an_upload

MONTH = timedelta(days=30)
KEY = IdempotencyKey("acme", "key-1", "retry-me", hashlib.sha256(b"body").digest())


async def aged(ledger: Ledger, age: str = "31 days") -> None:
    await ledger.sql("UPDATE uploads SET updated_at = now() - CAST(CAST(:age AS text) AS interval)", age=age)
    await ledger.sql(
        "UPDATE idempotency_keys SET created_at = now() - CAST(CAST(:age AS text) AS interval)", age=age
    )


async def left(ledger: Ledger) -> set[UploadId]:
    return {UploadId(row) for (row,) in await ledger.sql("SELECT id FROM uploads")}  # type: ignore[arg-type]  # ids


async def test_only_what_ended_goes_and_all_of_it(ledger: Ledger) -> None:
    rows = {state: await ledger.at(state) for state in State}
    await ledger.uploads.record_parts(rows[State.OPEN].id, [Claim(1, 10)])
    await aged(ledger)
    assert await ledger.uploads.remove_ended(MONTH, 100) == 3
    alive = {rows[state].id for state in State if state not in TERMINAL}
    assert await left(ledger) == alive
    events = await ledger.sql("SELECT DISTINCT upload_id FROM events")
    assert {row for (row,) in events} == alive
    assert await ledger.sql("SELECT count(*) FROM parts") == [(1,)]


@pytest.mark.parametrize(("age", "gone"), [("29 days 23 hours", 0), ("30 days 1 hour", 1)])
async def test_not_before_its_time(age: str, gone: int, ledger: Ledger) -> None:
    await ledger.at(State.COMPLETED)
    await aged(ledger, age)
    assert await ledger.uploads.remove_ended(MONTH, 100) == gone


async def test_never_while_the_late_check_is_due(ledger: Ledger) -> None:
    row = await ledger.at(State.ABORTING)
    row = await ledger.moved(row, Event.ABORTED, Changes(wake_in=timedelta(seconds=-1)))
    await aged(ledger)
    assert await ledger.uploads.remove_ended(MONTH, 100) == 0
    await ledger.uploads.settle(row)
    assert await ledger.uploads.remove_ended(MONTH, 100) == 1


async def test_in_batches_the_oldest_first_and_never_waiting(ledger: Ledger) -> None:
    rows = [await ledger.at(State.COMPLETED) for _ in range(5)]
    for days, row in enumerate(rows, start=31):
        await ledger.sql(
            "UPDATE uploads SET updated_at = now() - make_interval(days => CAST(:days AS int)) WHERE id = :id",
            id=row.id,
            days=days,
        )
    async with ledger.engine.begin() as other:
        await other.exec_driver_sql(f"SELECT 1 FROM uploads WHERE id = '{rows[4].id}' FOR UPDATE")
        assert await ledger.uploads.remove_ended(MONTH, 2) == 2
    assert await left(ledger) == {rows[0].id, rows[1].id, rows[4].id}


async def test_replicas_share_the_work(ledger: Ledger) -> None:
    for _ in range(20):
        await ledger.at(State.FAILED)
    await aged(ledger)
    assert sum(await asyncio.gather(*(ledger.uploads.remove_ended(MONTH, 8) for _ in range(5)))) <= 20
    while await ledger.uploads.remove_ended(MONTH, 8):
        pass
    assert await left(ledger) == set()


async def test_a_key_goes_with_its_upload_and_otherwise_after_a_day(ledger: Ledger) -> None:
    await ledger.uploads.start(an_upload(), KEY, ME, LEASE)
    await aged(ledger, "24 hours 30 minutes")
    assert await ledger.uploads.remove_idempotency_keys(10) == 0
    await aged(ledger, "25 hours 1 minute")
    await ledger.uploads.start(an_upload(), replace(KEY, key="another"), ME, LEASE)
    assert await ledger.uploads.remove_idempotency_keys(10) == 1
    assert await ledger.sql("SELECT key FROM idempotency_keys") == [("another",)]
    await ledger.sql("DELETE FROM uploads")
    assert await ledger.sql("SELECT key FROM idempotency_keys") == []


async def test_one_batch_after_another_until_nothing_is_left(ledger: Ledger) -> None:
    for number in range(5):
        started = await ledger.uploads.start(an_upload(), replace(KEY, key=str(number)), ME, LEASE)
        await ledger.moved(started.upload, Event.FAILED)
    await aged(ledger)
    working = asyncio.create_task(Retention(ledger.uploads, MONTH, timedelta(hours=1), batch=2).run())
    async with asyncio.timeout(30):
        while await left(ledger):
            assert not working.done()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_kept_for_ever_keys_still_go(ledger: Ledger) -> None:
    await ledger.uploads.start(an_upload(), KEY, ME, LEASE)
    await ledger.at(State.COMPLETED)
    await aged(ledger)
    assert not await Retention(ledger.uploads, None).forget()
    assert len(await left(ledger)) == 2
    assert await ledger.sql("SELECT count(*) FROM idempotency_keys") == [(0,)]


async def test_a_database_that_is_away_does_not_end_it(closed_port: int) -> None:
    engine: AsyncEngine = create_engine(f"postgresql://ada@127.0.0.1:{closed_port}/x", pool_size=1)
    tried = asyncio.Event()

    class Tried(Uploads):
        async def remove_idempotency_keys(self, limit: int) -> int:
            if tried.is_set():
                again.set()
            tried.set()
            return await super().remove_idempotency_keys(limit)

    again = asyncio.Event()
    working = asyncio.create_task(Retention(Tried(engine), MONTH, timedelta(milliseconds=1)).run())
    async with asyncio.timeout(30):
        await again.wait()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
