"""Transactions: all or nothing, repeated when Postgres says so, and never with the store inside."""

import asyncio
import traceback

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import (
    ATTEMPTS,
    StatementRefused,
    Transaction,
    close_engine,
    create_engine,
    execute,
    in_transaction,
    transaction,
)
from coordinator.database.uploads import Uploads
from coordinator.errors import DatabaseUnavailable
from coordinator.uploads.state import State
from coordinator.uploads.transactions import CallInsideTransaction, outside_transaction
from tests.integration.database.ledger import LEASE, ME, Ledger, an_upload


async def run(engine: AsyncEngine, statement: str) -> None:
    await execute(engine, text(statement), {})


async def test_a_hundred_callers_who_hang_up_leave_no_connection_behind(database_url: str) -> None:
    engine = create_engine(database_url, pool_size=5)
    uploads = Uploads(engine)
    row = (await uploads.start(an_upload(), None, ME, LEASE)).upload
    for turn in range(100):
        calls = [
            asyncio.create_task(uploads.reread(row.id)),
            asyncio.create_task(uploads.start(an_upload(), None, ME, LEASE)),
        ]
        for _ in range(turn % 20):
            await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    assert engine.pool.status().count("Current Checked out connections: 0")
    assert (await uploads.reread(row.id)) is not None
    [[open_transactions]] = await Ledger(uploads, engine).sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
    )
    assert open_transactions == 0
    await engine.dispose()


async def test_who_is_cancelled_while_closing_leaves_no_connection_open(database_url: str) -> None:
    engine = create_engine(database_url, pool_size=3)
    async with transaction(engine) as one, transaction(engine) as two, transaction(engine) as three:
        drivers = [one.driver, two.driver, three.driver]
    closing = asyncio.create_task(close_engine(engine))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert [driver.is_closed() for driver in drivers] == [True] * 3


async def test_deadlocked_transactions_are_repeated(ledger: Ledger) -> None:
    first, second = [(await ledger.at(State.OPEN)).id for _ in range(2)]
    both_hold_one = asyncio.Barrier(2)
    attempts: list[str] = []

    async def cross(name: str, ids: tuple[object, object]) -> None:
        async def work(connection: Transaction) -> None:
            attempts.append(name)
            touch = text("UPDATE uploads SET attempts = attempts + 1 WHERE id = :id")
            await connection.execute(touch, {"id": ids[0]})
            if attempts.count(name) == 1:
                await both_hold_one.wait()
            await connection.execute(touch, {"id": ids[1]})

        await in_transaction(ledger.engine, work)

    await asyncio.gather(cross("there", (first, second)), cross("back", (second, first)))
    assert len(attempts) == 3
    assert await ledger.sql("SELECT attempts FROM uploads") == [(2,), (2,)]


async def test_a_deadlock_that_does_not_end_is_given_up(engine: AsyncEngine) -> None:
    attempts = 0

    async def work(connection: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await connection.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"), {})

    with pytest.raises(DatabaseUnavailable):
        await in_transaction(engine, work)
    assert attempts == ATTEMPTS


async def test_a_defect_is_not_called_unavailable(engine: AsyncEngine) -> None:
    with pytest.raises(StatementRefused, match="42P01"):
        await run(engine, "SELECT 1 FROM nowhere")
    with pytest.raises(StatementRefused, match="22000"):
        await execute(engine, text("SELECT CAST(:number AS int)"), {"number": "one"})


async def test_a_refusal_tells_nothing_of_the_row(ledger: Ledger) -> None:
    new = an_upload()
    await ledger.uploads.start(new, None, ME, LEASE)
    with pytest.raises(StatementRefused) as refused:
        await ledger.uploads.start(new, None, ME, LEASE)
    told = "".join(traceback.format_exception(refused.value))
    assert new.mark not in told
    assert new.key not in told


async def test_the_store_is_out_of_bounds_inside(engine: AsyncEngine) -> None:
    noted: list[bool] = []

    def note(*_: object) -> None:
        with pytest.raises(CallInsideTransaction):
            outside_transaction("HeadObject")
        noted.append(True)

    event.listen(engine.sync_engine, "checkin", note)
    try:
        await run(engine, "SELECT 1")
        async with transaction(engine) as connection:
            await connection.execute(text("SELECT 1"), {})
            with pytest.raises(CallInsideTransaction):
                outside_transaction("HeadObject")
    finally:
        event.remove(engine.sync_engine, "checkin", note)
    assert noted == [True, True]
    outside_transaction("HeadObject")


async def test_a_failed_transaction_leaves_nothing(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)

    async def fail(connection: Transaction) -> None:
        await connection.execute(text("DELETE FROM uploads"), {})
        raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await in_transaction(ledger.engine, fail)
    assert (await ledger.read(row)).state is State.OPEN


async def test_behind_a_pooler_no_statement_is_kept(database_url: str) -> None:
    engine = create_engine(database_url, pool_size=1, statement_cache=False)
    uploads = Uploads(engine)
    row = (await uploads.start(an_upload(), None, ME, LEASE)).upload
    for _ in range(3):
        assert await uploads.reread(row.id) is not None
    async with engine.connect() as connection:
        kept = await connection.execute(text("SELECT name FROM pg_prepared_statements"))
        assert len(kept.all()) <= 1
    await engine.dispose()


async def test_a_connection_says_who_it_is_and_when_it_gives_up(database_url: str) -> None:
    engine = create_engine(database_url, pool_size=1, application_name="coordinator sweep")
    wanted = {
        "application_name": "coordinator sweep",
        "statement_timeout": "5s",
        "lock_timeout": "3s",
        "idle_in_transaction_session_timeout": "5s",
        "TimeZone": "UTC",
    }
    async with engine.connect() as connection:
        for name, value in wanted.items():
            assert await connection.scalar(text("SELECT current_setting(:name)"), {"name": name}) == value
    await engine.dispose()
