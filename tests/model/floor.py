"""What all sequences of a run share: the loop, a database whose clock is ours, one connection to it.

The clock: a schema `model`, first in the database's search path, holds a `now()` that reads a setting of the
connection, and so every statement of the product, as it stands, lives in the model's time; the tables' defaults are
altered likewise. Nothing in the product knows.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import TimeLimits, create_engine
from coordinator.database.uploads import Uploads
from tests.model.replica import owned_task
from tests.model.virtual_loop import VirtualLoop

T = TypeVar("T")

BEGINNING: Final = datetime(2026, 12, 1, tzinfo=UTC)

PATIENT: Final = TimeLimits(**dict.fromkeys(("statement", "lock", "idle_transaction"), timedelta(minutes=5)))
"""A machine that is busy with something else must not look like a database in trouble."""

_CLOCK: Final = """
    CREATE SCHEMA model;
    CREATE FUNCTION model.now() RETURNS timestamptz LANGUAGE sql STABLE
        AS $$ SELECT current_setting('model.now')::timestamptz $$;
    DO $$
    DECLARE found record;
    BEGIN
        FOR found IN SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND column_default = 'now()'
        LOOP
            EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET DEFAULT model.now()',
                found.table_name, found.column_name);
        END LOOP;
        EXECUTE format('ALTER DATABASE %I SET search_path = model, public, pg_catalog', current_database());
    END $$;
"""

_SET_CLOCK: Final = "SELECT set_config('model.now', $1::text, false)"

_FORGET: Final = "DELETE FROM uploads WHERE wake_at IS NOT NULL"


class Floor:
    def __init__(self, loop: VirtualLoop, engine: AsyncEngine) -> None:
        self.loop = loop
        self.uploads = Uploads(engine)
        self.sequences = 0
        self.statements = 0
        """How many the processes have sent; as long as it stands, no row has changed."""
        self._engine = engine
        self._driver: Any = None
        self._told: datetime | None = None

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.loop.time())

    def run(self, work: Awaitable[T]) -> T:
        async def begun() -> T:
            return await work

        return self.loop.run_until_complete(begun())

    async def statement(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do this at the database, at the model's time."""
        self.statements += 1
        return await self._spoken(work)

    async def query(self, statement: str, *parameters: object) -> list[dict[str, Any]]:
        """Look at the database, at the model's time."""
        found = await self._spoken(lambda: self._driver.fetch(statement, *parameters))
        return [dict(row) for row in found]

    async def _spoken(self, work: Callable[[], Awaitable[T]]) -> T:
        async with self.loop.talking():
            await self._tell_time()
            return await work()

    async def _tell_time(self) -> None:
        """Set the clock of the pool's one connection."""
        if self._driver is None or self._driver.is_closed():
            pooled = await self._engine.raw_connection()
            self._driver, self._told = pooled.driver_connection, None
            pooled.close()
        now = self.now()
        if self._told != now:
            await self._driver.fetch(_SET_CLOCK, now.isoformat())
            self._told = now

    def begin(self) -> None:
        """A new sequence: time begins anew, and nothing of an earlier one is due."""
        self.sequences += 1
        self.loop.move_to(0)
        self.run(self.query(_FORGET))


@contextmanager
def floor_over(database_url: str) -> Iterator[Floor]:
    """`database_url` is migrated, and nobody else's."""
    loop = VirtualLoop()
    loop.set_task_factory(owned_task)
    engine = create_engine(database_url, pool_size=1, limits=PATIENT)
    try:
        loop.run_until_complete(_make_clock(database_url))
        yield Floor(loop, engine)
    finally:
        loop.run_until_complete(engine.dispose())
        loop.close()


async def _make_clock(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(_CLOCK)
    finally:
        await connection.close()
