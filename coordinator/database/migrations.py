"""Bring a database to the newest schema: Alembic, run from code, with no settings file.

Any number of replicas may call `upgrade` at once: one migrates, the others wait for it and find nothing to do. Two
threads of one process may not, because Alembic keeps what it works on in its modules. The revisions lie in `migrations/`, which the wheel carries inside the package.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool
from sqlalchemy.ext.asyncio import create_async_engine

from coordinator.database.engine import normalise_url, translated

__all__ = ["configuration", "current", "head", "run", "upgrade"]

T = TypeVar("T")

_PACKAGE: Final = Path(__file__).parents[1]


def upgrade(database_url: str) -> None:
    """Apply what is missing; nothing if nothing is. From a running event loop: `await asyncio.to_thread(upgrade, ...)`.

    Raises ConfigurationError (the address) and DatabaseUnavailable. A revision that fails leaves those before it.
    """
    run(database_url, lambda connection: command.upgrade(configuration(connection), "head"))


def current(database_url: str) -> str | None:
    """The revision the database is at; None before the first. Raises as `upgrade` does."""
    return run(database_url, lambda connection: MigrationContext.configure(connection).get_current_revision())


def head() -> str | None:
    """The newest revision this release knows."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's settings, in code."""
    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def run(database_url: str, work: Callable[[Connection], T]) -> T:
    """Call `work` with a connection of its own, in an event loop of its own: never from within a running one."""
    return asyncio.run(_run(normalise_url(database_url), work))


async def _run(address: str, work: Callable[[Connection], T]) -> T:
    engine = create_async_engine(
        "postgresql+asyncpg://",
        connect_args={
            "dsn": address,
            "timeout": 5,
            "server_settings": {"application_name": "coordinator migrate"},
        },
        poolclass=NullPool,
    )
    with translated():
        async with engine.connect() as connection:
            return await connection.run_sync(work)


def _folder() -> Path:
    shipped = _PACKAGE / "migrations"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "migrations"
