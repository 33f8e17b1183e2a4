"""The way to Postgres: addresses, pool, time limits, transactions, and which errors mean "try again later".

Every wait has an end: for a connection of the pool, for connecting, for a lock, for a statement, for an idle
transaction (facts of the failure matrix E2, E15). Whatever is the database's trouble and not the caller's becomes
`DatabaseUnavailable`, whose text says nothing of addresses, statements or values; a statement the database refuses is a
defect of ours and becomes `StatementRefused`, which names the constraint but never the row. Deadlocks and
serialization failures are repeated here and nowhere else (E10). While any of this runs, the store may not be called
(invariant 5).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

from sqlalchemy import Row, TextClause
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from coordinator.errors import ConfigurationError, DatabaseUnavailable
from coordinator.uploads import transactions

__all__ = [
    "StatementRefused",
    "TimeLimits",
    "autocommit",
    "create_engine",
    "execute",
    "in_transaction",
    "normalise_url",
    "transaction",
    "translated",
]

T = TypeVar("T")

ATTEMPTS: Final = 3
"""How often a statement or transaction is tried when Postgres chose it as a deadlock's victim."""

_SCHEMES: Final = ("postgresql", "postgres", "postgresql+asyncpg")

_LIBPQ_ONLY: Final = frozenset({"channel_binding", "connect_timeout", "gssencmode", "options", "service"})
"""Understood by libpq and not by asyncpg. Refused: to drop `channel_binding` would quietly weaken a connection."""

_REPEATABLE: Final = frozenset({"40001", "40P01"})

_UNAVAILABLE: Final = (
    "08",  # connection lost or refused
    "25006",  # read-only: a standby, or a disk being rescued
    "25P03",  # idle in transaction for too long: our process stood still
    "28",  # credentials refused: rotated, or not yet there
    "3D",  # the database is not there: being restored
    "40",  # a deadlock's victim too often
    "53",  # disk full, out of memory, too many connections
    "55P03",  # lock timeout
    "57",  # cancelled by a time limit, shutting down, starting up
    "58",  # input/output error
)


class StatementRefused(RuntimeError):
    """Postgres refused a statement: a defect of ours. Names the SQLSTATE and the constraint, never values."""

    def __init__(self, sqlstate: str, constraint: str | None) -> None:
        super().__init__(f"the database refused a statement ({sqlstate}, {constraint or 'no constraint'})")
        self.sqlstate = sqlstate
        self.constraint = constraint


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
    address = urlsplit(database_url)
    if address.scheme not in _SCHEMES:
        raise ConfigurationError("database_url", "must begin with postgresql://")
    options = [("sslmode" if name == "ssl" else name, value) for name, value in parse_qsl(address.query)]
    refused = sorted(_LIBPQ_ONLY & {name for name, _ in options})
    if refused:
        raise ConfigurationError("database_url", f"{', '.join(refused)} is not supported; leave it out")
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
    must let the time limits through (PgBouncer: `ignore_startup_parameters`) or hold its own.
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
        },
    }
    if not statement_cache:
        connect |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"coordinator_{uuid4().hex}",
        }
    return create_async_engine(
        "postgresql+asyncpg://",
        connect_args=connect,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=limits.connection.total_seconds(),
        hide_parameters=True,
    )


def autocommit(engine: AsyncEngine) -> AsyncEngine:
    """The same pool, for single statements: no BEGIN and no COMMIT around them."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


async def execute(
    autocommitting: AsyncEngine, statement: TextClause, parameters: Mapping[str, object]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Run one statement that is its own transaction. Raises DatabaseUnavailable or StatementRefused."""

    async def once() -> Sequence[Row[*tuple[Any, ...]]]:
        with transactions.transaction(), translated():
            async with autocommitting.connect() as connection:
                return (await connection.execute(statement, parameters)).all()

    return await _repeated(once)


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction, committed at the end. Not repeated: see `in_transaction`."""
    with transactions.transaction(), translated():
        async with engine.begin() as connection:
            yield connection


async def in_transaction(engine: AsyncEngine, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """Run `work` in a transaction, again from its start when a deadlock ended it: it must touch the database alone."""

    async def once() -> T:
        async with transaction(engine) as connection:
            return await work(connection)

    return await _repeated(once)


class _Repeatable(DatabaseUnavailable):
    """The database chose this transaction to give way; nothing of it happened."""


async def _repeated(once: Callable[[], Awaitable[T]]) -> T:
    for _ in range(ATTEMPTS - 1):
        try:
            return await once()
        except _Repeatable:
            continue
    return await once()


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        cause = error.orig.__cause__ if error.orig else None
        translation = _translation(cause, disconnected=error.connection_invalidated)
        # the driver's text of a refusal quotes the row, and the row holds the mark
        raise translation from (None if isinstance(translation, StatementRefused) else error)
    except (PoolTimeout, OSError) as error:
        raise _unavailable() from error


def _translation(cause: BaseException | None, *, disconnected: bool) -> Exception:
    sqlstate = getattr(cause, "sqlstate", None)
    if sqlstate in _REPEATABLE:
        return _Repeatable(_DETAIL, retry_after=1)
    if disconnected or (sqlstate or "").startswith(_UNAVAILABLE):
        return _unavailable()
    return StatementRefused(sqlstate or type(cause).__name__, getattr(cause, "constraint_name", None))


_DETAIL: Final = "The ledger cannot be reached or is too busy. Nothing is lost; try again."


def _unavailable() -> DatabaseUnavailable:
    return DatabaseUnavailable(_DETAIL, retry_after=2)


def _milliseconds(duration: timedelta) -> str:
    return str(int(duration.total_seconds() * 1000))
