"""The way to Postgres: addresses, pool, time limits, statements and transactions.

Every wait has an end: for a connection of the pool, for connecting, for a lock, for a statement, for an idle
transaction (facts of the failure matrix E2, E15). What goes wrong is said in the words of `trouble`. Deadlocks and
serialization failures are repeated here and nowhere else (E10). While any of this runs, the store may not be called
(invariant 5).

The pool is SQLAlchemy's; statements go to the driver's connection itself, because SQLAlchemy's own way to it costs
four times as much as the statement (docs/performance.md). So a connection's health is seen to here as well.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import asyncpg
from sqlalchemy import PoolProxiedConnection, TextClause, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from coordinator.database.positional import positional
from coordinator.database.trouble import Repeatable, StatementRefused, translated
from coordinator.errors import ConfigurationError
from coordinator.uploads import transactions

__all__ = [
    "Record",
    "StatementRefused",
    "TimeLimits",
    "Transaction",
    "close_engine",
    "create_engine",
    "execute",
    "in_transaction",
    "normalise_url",
    "transaction",
    "translated",
]

T = TypeVar("T")

Record = Any
"""A row as the driver gives it: by position, by name in brackets, and a mapping when `dict` is asked for one."""

ATTEMPTS: Final = 3
"""How often a statement or transaction is tried when Postgres chose it as a deadlock's victim."""

_SCHEMES: Final = ("postgresql", "postgres", "postgresql+asyncpg")

_SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

_LIBPQ_ONLY: Final = frozenset({"channel_binding", "connect_timeout", "gssencmode", "options", "service"})
"""Understood by libpq and not by asyncpg. Refused: to drop `channel_binding` would quietly weaken a connection."""


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long anything may take before the caller hears DatabaseUnavailable."""

    connection: timedelta = timedelta(seconds=2)
    """Waiting for a free connection of the pool."""
    connect: timedelta = timedelta(seconds=5)
    statement: timedelta = timedelta(seconds=5)
    lock: timedelta = timedelta(seconds=3)
    idle_transaction: timedelta = timedelta(seconds=5)
    silence: timedelta = timedelta(seconds=3)
    """How much longer than `statement` an answer is awaited: the server may be gone without a word."""


def normalise_url(database_url: str) -> str:
    """`postgresql://...` as asyncpg reads it, from any of the usual spellings.

    Accepts the schemes `postgresql`, `postgres` and `postgresql+asyncpg`, and libpq's `sslmode` as well as SQLAlchemy's
    `ssl`. Raises ConfigurationError, which never repeats the address: it holds a password.
    """
    if not database_url:
        raise ConfigurationError("database_url", "it is not set: postgresql://user:password@host:port/name")
    try:
        address = urlsplit(database_url)
        _ = address.port  # reading it checks it
    except ValueError:
        raise ConfigurationError("database_url", "its host or port cannot be read") from None
    if address.scheme not in _SCHEMES:
        raise ConfigurationError("database_url", "must begin with postgresql://")
    options = [("sslmode" if name == "ssl" else name, value) for name, value in parse_qsl(address.query)]
    refused = sorted(_LIBPQ_ONLY & {name for name, _ in options})
    if refused:
        raise ConfigurationError("database_url", f"{', '.join(refused)} is not supported; leave it out")
    mode = dict(options).get("sslmode", "prefer")
    if mode not in _SSL_MODES:
        raise ConfigurationError("database_url", f"sslmode must be one of {', '.join(_SSL_MODES)}")
    query = f"?{urlencode(options)}" if options else ""
    return f"postgresql://{address.netloc}{address.path}{query}"


def create_engine(
    database_url: str,
    *,
    pool_size: int,
    statement_cache: bool = True,
    application_name: str = "coordinator",
    limits: TimeLimits | None = None,
) -> AsyncEngine:
    """An engine of at most `pool_size` connections; nothing is connected yet.

    `statement_cache=False` is for poolers that hand a connection to somebody else between statements. Such a pooler
    must let the time limits and `enable_seqscan` through, or ignore them (PgBouncer: `ignore_startup_parameters`) and
    have the database's user hold its own.
    Raises ConfigurationError when the address cannot be understood.
    """
    limits = limits or TimeLimits()
    connect: dict[str, Any] = {
        "dsn": normalise_url(database_url),
        "timeout": limits.connect.total_seconds(),
        "command_timeout": (limits.statement + limits.silence).total_seconds(),
        "server_settings": {
            "application_name": application_name,
            "timezone": "UTC",
            "statement_timeout": _milliseconds(limits.statement),
            "lock_timeout": _milliseconds(limits.lock),
            "idle_in_transaction_session_timeout": _milliseconds(limits.idle_transaction),
            # Every statement has its index. While few uploads hold all the parts, a plan that is kept for all of them
            # reads the whole table instead, and counts nothing for a new upload in as long as it takes for the largest.
            "enable_seqscan": "off",
        },
    }
    if not statement_cache:
        connect |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"coordinator_{uuid4().hex}",
        }
    engine = create_async_engine(
        "postgresql+asyncpg://",
        connect_args=connect,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=limits.connection.total_seconds(),
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


async def close_engine(engine: AsyncEngine) -> None:
    """Close all its connections, one after the other. Who is cancelled meanwhile leaves none open either."""
    closing = asyncio.ensure_future(engine.dispose())
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        await closing
        raise


def _refuse_closed(adapted: Any, *_: object) -> None:
    """The driver knows at once when the server hangs up: then the pool's others are as old, and all are replaced."""
    if adapted.driver_connection.is_closed():
        raise InvalidatePoolError


@dataclass(frozen=True, slots=True)
class Transaction:
    """A connection within a transaction."""

    driver: Any

    async def execute(self, statement: TextClause, parameters: Mapping[str, object]) -> Sequence[Record]:
        return await _fetch(self.driver, statement, parameters)


async def execute(
    engine: AsyncEngine, statement: TextClause, parameters: Mapping[str, object]
) -> Sequence[Record]:
    """Run one statement that is its own transaction. Raises DatabaseUnavailable or StatementRefused."""

    async def once() -> Sequence[Record]:
        async with _Pooled(engine) as driver:
            return await _fetch(driver, statement, parameters)

    return await _repeated(once)


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[Transaction]:
    """One transaction, committed at the end. Not repeated: see `in_transaction`."""
    async with _Pooled(engine) as driver:
        await driver.execute("BEGIN")
        try:
            yield Transaction(driver)
        except Exception as error:
            if _answers(driver, error):
                await driver.execute("ROLLBACK")
            raise
        await driver.execute("COMMIT")


async def in_transaction(engine: AsyncEngine, work: Callable[[Transaction], Awaitable[T]]) -> T:
    """Run `work` in a transaction, again from its start when a deadlock ended it: it must touch the database alone."""

    async def once() -> T:
        async with transaction(engine) as connection:
            return await work(connection)

    return await _repeated(once)


async def _fetch(driver: Any, statement: TextClause, parameters: Mapping[str, object]) -> Sequence[Record]:
    placed = positional(statement)
    rows: Sequence[Record] = await driver.fetch(placed.sql, *placed.values(parameters))
    return rows


class _Pooled:
    """A driver's connection of the pool; it does not go back when nobody knows what it is in the midst of."""

    __slots__ = ("_engine", "_marked", "_pooled")

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._marked = transactions.transaction()
        self._pooled: PoolProxiedConnection

    async def __aenter__(self) -> Any:
        self._marked.__enter__()
        try:
            with translated():
                self._pooled = await self._engine.raw_connection()
        except BaseException:
            self._marked.__exit__()
            raise
        return self._pooled.driver_connection

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            with translated():
                self._give_back(error)
        finally:
            self._marked.__exit__()

    def _give_back(self, error: BaseException | None) -> None:
        """Raises what is to be told in place of the error."""
        driver: Any = self._pooled.driver_connection
        try:
            if error is None:
                return
            lost = driver.is_closed()
            if not _answers(driver, error) or driver.is_in_transaction():
                self._pooled.invalidate()
            if lost and isinstance(error, asyncpg.InterfaceError):
                raise ConnectionError from error
            raise error
        finally:
            self._pooled.close()


def _answers(driver: Any, error: BaseException) -> bool:
    """Whether the server waits for the next statement. Who hangs up, or gives up waiting, leaves one half done."""
    if not isinstance(error, Exception) or isinstance(error, OSError | asyncpg.InterfaceError):
        return False
    fatal = isinstance(error, asyncpg.PostgresError) and error.severity_en != "ERROR"
    return not fatal and not driver.is_closed()


async def _repeated(once: Callable[[], Awaitable[T]]) -> T:
    for _ in range(ATTEMPTS - 1):
        try:
            return await once()
        except Repeatable:
            continue
    return await once()


def _milliseconds(duration: timedelta) -> str:
    return str(int(duration.total_seconds() * 1000))
