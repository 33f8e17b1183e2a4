"""What `migrations/` builds is what `tables.py` says, however often and by however many it is run."""

import asyncio
import sys

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from coordinator.database.migrations import configuration, current, head, run, upgrade
from coordinator.database.tables import metadata
from coordinator.errors import ConfigurationError, DatabaseUnavailable

_DESCRIPTION = """
    SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated::text
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'index', tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'column', table_name, column_name, udt_name || coalesce(' ' || column_default, ''),
           is_nullable || is_identity
    FROM information_schema.columns WHERE table_schema = 'public'
    ORDER BY 1, 2, 3
"""

_REPLICA = "import sys; from coordinator.database.migrations import upgrade; upgrade(sys.argv[1])"


def described(connection: Connection) -> list[tuple[str, ...]]:
    rows = connection.execute(text(_DESCRIPTION))
    return [tuple(row) for row in rows if row[1] != "alembic_version"]


def to_base(connection: Connection) -> None:
    command.downgrade(configuration(connection), "base")


def made_by_the_tables(connection: Connection) -> list[tuple[str, ...]]:
    metadata.create_all(connection)
    return described(connection)


async def test_migrations_build_what_the_tables_say(database_url: str) -> None:
    await asyncio.to_thread(run, database_url, to_base)
    await asyncio.to_thread(upgrade, database_url)
    migrated = await asyncio.to_thread(run, database_url, described)
    await asyncio.to_thread(run, database_url, to_base)
    assert await asyncio.to_thread(run, database_url, described) == []
    wanted = await asyncio.to_thread(run, database_url, made_by_the_tables)
    assert migrated == wanted
    assert len(wanted) > 80


async def test_alembic_finds_nothing_to_generate(database_url: str) -> None:
    def difference(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert await asyncio.to_thread(run, database_url, difference) == []


async def test_up_twice_down_and_up_again(database_url: str) -> None:
    await asyncio.to_thread(upgrade, database_url)
    await asyncio.to_thread(upgrade, database_url)
    assert await asyncio.to_thread(current, database_url) == head() == "0003"
    await asyncio.to_thread(run, database_url, to_base)
    assert await asyncio.to_thread(current, database_url) is None
    await asyncio.to_thread(upgrade, database_url)
    assert await asyncio.to_thread(current, database_url) == head()


async def test_a_migration_that_was_broken_off_is_run_again(database_url: str) -> None:
    """What works outside a transaction may have done half of it."""

    def half_done(connection: Connection) -> None:
        command.downgrade(configuration(connection), "0002")
        connection.execute(
            text("ALTER TABLE uploads ADD CONSTRAINT ck_uploads_method CHECK (true) NOT VALID")
        )
        connection.commit()

    wanted = await asyncio.to_thread(run, database_url, described)
    await asyncio.to_thread(run, database_url, half_done)
    assert await asyncio.to_thread(run, database_url, described) != wanted
    await asyncio.to_thread(upgrade, database_url)
    assert await asyncio.to_thread(run, database_url, described) == wanted


async def test_replicas_that_start_together_migrate_once(database_url: str) -> None:
    await asyncio.to_thread(run, database_url, to_base)
    replicas = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", _REPLICA, database_url) for _ in range(3)
    ]
    assert [await replica.wait() for replica in replicas] == [0, 0, 0]
    assert await asyncio.to_thread(current, database_url) == head()


def test_a_wrong_address_is_said_without_repeating_it() -> None:
    with pytest.raises(ConfigurationError) as refused:
        upgrade("mysql://root:hunter2@db/x")
    assert "hunter2" not in str(refused.value)


def test_a_server_that_is_down_is_unavailable(closed_port: int) -> None:
    with pytest.raises(DatabaseUnavailable):
        upgrade(f"postgresql://ada:hunter2@127.0.0.1:{closed_port}/x")
