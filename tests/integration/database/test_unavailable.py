"""Every wait ends, every trouble of the database is said in the same words, and nothing leaks into them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import (
    TimeLimits,
    Transaction,
    create_engine,
    execute,
    in_transaction,
    transaction,
)
from coordinator.database.uploads import Uploads
from coordinator.errors import DatabaseUnavailable
from coordinator.uploads.model import new_upload_id
from tests.integration.database.cable import Cable, mute_server
from tests.integration.database.ledger import LEASE, ME, OWNER, an_upload

SHORT = timedelta(milliseconds=500)
AMPLE = TimeLimits(**dict.fromkeys(TimeLimits.__dataclass_fields__, timedelta(seconds=30)))
"""For what a test does not make wait: a busy machine must not look like a database in trouble."""


@asynccontextmanager
async def short_of_patience(database_url: str, **limits: timedelta) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, pool_size=2, limits=replace(AMPLE, **limits))
    try:
        yield engine
    finally:
        await engine.dispose()


async def run(engine: AsyncEngine, statement: str) -> None:
    await execute(engine, text(statement), {})


async def cut_all(database_url: str) -> None:
    engine = create_engine(database_url, pool_size=1)
    await run(
        engine,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    await engine.dispose()


async def test_a_server_that_is_down(closed_port: int) -> None:
    engine = create_engine(
        f"postgresql://ada:hunter2@127.0.0.1:{closed_port}/secret", pool_size=1, limits=AMPLE
    )
    with pytest.raises(DatabaseUnavailable) as down:
        await Uploads(engine).get(new_upload_id(), OWNER)
    said = f"{down.value} {down.value.members} {down.value.errors}"
    for leak in ("hunter2", "ada", "secret", "127.0.0.1", str(closed_port), "SELECT", "uploads"):
        assert leak not in said
    assert down.value.retry_after is not None
    with pytest.raises(DatabaseUnavailable):
        await Uploads(engine).start(an_upload(), None, ME, LEASE)
    assert "hunter2" not in repr(engine)


async def test_a_pool_that_is_used_up(database_url: str) -> None:
    async with (
        short_of_patience(database_url, connection=SHORT) as engine,
        engine.connect(),
        engine.connect(),
    ):
        with pytest.raises(DatabaseUnavailable):
            await run(engine, "SELECT 1")


async def test_a_statement_that_runs_too_long(database_url: str) -> None:
    async with short_of_patience(database_url, statement=SHORT) as engine:
        with pytest.raises(DatabaseUnavailable):
            await run(engine, "SELECT pg_sleep(600)")
        await run(engine, "SELECT 1")


async def test_a_lock_that_is_not_to_be_had(database_url: str, engine: AsyncEngine) -> None:
    async with short_of_patience(database_url, lock=SHORT) as impatient, impatient.begin() as holder:
        await holder.execute(text("LOCK TABLE uploads"))
        with pytest.raises(DatabaseUnavailable):
            await Uploads(impatient).reread(new_upload_id())


async def test_a_database_that_is_read_only(database_url: str) -> None:
    name = urlsplit(database_url).path.removeprefix("/")
    async with short_of_patience(database_url) as engine:
        async with transaction(engine) as connection:
            alter = text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
            await connection.execute(alter, {})
        await engine.dispose()
        with pytest.raises(DatabaseUnavailable):
            await Uploads(engine).start(an_upload(), None, ME, LEASE)


async def test_a_server_that_accepts_and_never_answers() -> None:
    async with mute_server() as port:
        impatient = replace(AMPLE, connect=SHORT)
        engine = create_engine(f"postgresql://ada@127.0.0.1:{port}/x", pool_size=1, limits=impatient)
        async with asyncio.timeout(20):
            with pytest.raises(DatabaseUnavailable):
                await Uploads(engine).reread(new_upload_id())


async def test_a_server_that_falls_silent(database_url: str) -> None:
    """The network is gone without a word: the answer is awaited for `silence` longer than the statement's limit."""
    patience = {"statement": timedelta(seconds=1), "silence": timedelta(seconds=1), "connect": SHORT}
    async with Cable(database_url) as cable, short_of_patience(cable.url, **patience) as engine:
        await run(engine, "SELECT 1")
        cable.cut = True
        async with asyncio.timeout(30):
            with pytest.raises(DatabaseUnavailable):
                await run(engine, "SELECT 1")
            with pytest.raises(DatabaseUnavailable):
                await Uploads(engine).start(an_upload(), None, ME, LEASE)


async def test_connections_that_were_cut_while_idle_are_replaced_unnoticed(database_url: str) -> None:
    cut = [asyncio.Event(), asyncio.Event()]
    async with short_of_patience(database_url) as engine:
        async with transaction(engine) as one, transaction(engine) as other:
            one.driver.add_termination_listener(lambda _: cut[0].set())
            other.driver.add_termination_listener(lambda _: cut[1].set())
        await cut_all(database_url)
        async with asyncio.timeout(30):
            await asyncio.gather(*(one.wait() for one in cut))
        await asyncio.gather(run(engine, "SELECT 1"), run(engine, "SELECT 1"))


async def test_a_connection_cut_in_the_middle_is_said_and_replaced(database_url: str) -> None:
    async with short_of_patience(database_url) as engine:
        with pytest.raises(DatabaseUnavailable):
            await run(engine, "SELECT pg_terminate_backend(pg_backend_pid())")
        await run(engine, "SELECT 1")


async def test_a_transaction_that_stands_still_is_ended(database_url: str) -> None:
    async def stand_still(connection: Transaction) -> None:
        await connection.execute(text("SELECT 1"), {})
        ended = asyncio.Event()
        connection.driver.add_termination_listener(lambda _: ended.set())
        async with asyncio.timeout(20):
            await ended.wait()
        await connection.execute(text("SELECT 1"), {})

    async with short_of_patience(database_url, idle_transaction=SHORT) as engine:
        with pytest.raises(DatabaseUnavailable):
            await in_transaction(engine, stand_still)
