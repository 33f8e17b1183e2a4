"""The database as the doctor sees it: a few connections made exactly as the service makes its own."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import Record, close_engine, create_engine, execute
from coordinator.settings import Settings

__all__ = ["Ledger", "open_ledger"]

_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Ledger:
    url: str = field(repr=False)
    engine: AsyncEngine
    pool_size: int
    statement_cache: bool
    clock: Callable[[], datetime]

    async def row(self, statement: str, **parameters: object) -> Record:
        """The one row. Raises DatabaseUnavailable or StatementRefused."""
        [row] = await execute(self.engine, text(statement), parameters)
        return row

    async def rows(self, statement: str, **parameters: object) -> list[Record]:
        """Raises DatabaseUnavailable or StatementRefused."""
        return list(await execute(self.engine, text(statement), parameters))

    async def shown(self, *names: str) -> Mapping[str, str]:
        """Settings of the server and this connection; those it does not know are left out."""
        rows = await self.rows(
            "SELECT name, current_setting(name) FROM unnest(CAST(:names AS text[])) AS name"
            " WHERE current_setting(name, true) IS NOT NULL",
            names=list(names),
        )
        return {name: value for name, value in rows}  # noqa: C416 - rows are not pairs to dict()


@asynccontextmanager
async def open_ledger(settings: Settings, clock: Callable[[], datetime]) -> AsyncIterator[Ledger]:
    """Nothing is connected yet. Raises ConfigurationError when the address cannot be understood."""
    url = settings.database_url.get_secret_value()
    engine = create_engine(
        url,
        pool_size=min(_CONNECTIONS, settings.database_pool_size),
        statement_cache=settings.database_statement_cache,
        application_name="coordinator doctor",
    )
    try:
        yield Ledger(url, engine, settings.database_pool_size, settings.database_statement_cache, clock)
    finally:
        await close_engine(engine)
