"""What went wrong at the database, in the words the rest of the service knows.

Whatever is the database's trouble and not the caller's becomes `DatabaseUnavailable`, whose text says nothing of
addresses, statements or values; a statement the database refuses is a defect of ours and becomes `StatementRefused`,
which names the constraint but never the row.
"""

from typing import Final, NoReturn

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from coordinator.errors import DatabaseUnavailable

__all__ = ["Locked", "Repeatable", "StatementRefused", "translated"]

_REPEATABLE: Final = frozenset({"40001", "40P01"})

_LOCK_TIMEOUT: Final = "55P03"

_UNAVAILABLE: Final = (
    "08",  # connection lost or refused
    "25006",  # read-only: a standby, or a disk being rescued
    "25P03",  # idle in transaction for too long: our process stood still
    "28",  # credentials refused: rotated, or not yet there
    "3D",  # the database is not there: being restored
    "40",  # a deadlock's victim too often
    "53",  # disk full, out of memory, too many connections
    _LOCK_TIMEOUT,
    "57",  # cancelled by a time limit, shutting down, starting up
    "58",  # input/output error
)


class StatementRefused(RuntimeError):
    """Postgres refused a statement: a defect of ours. Names the SQLSTATE and the constraint, never values."""

    def __init__(self, sqlstate: str, constraint: str | None) -> None:
        super().__init__(f"the database refused a statement ({sqlstate}, {constraint or 'no constraint'})")
        self.sqlstate = sqlstate
        self.constraint = constraint


class Repeatable(DatabaseUnavailable):
    """The database chose this transaction to give way; nothing of it happened."""


class Locked(DatabaseUnavailable):
    """A row that was needed was held by another transaction for too long; nothing of it happened."""


class translated:  # noqa: N801 - a context manager, written out because every statement enters one
    """For what comes from the driver itself, and for what SQLAlchemy made of it."""

    __slots__ = ()

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        match error:
            case None:
                return
            case DBAPIError():
                cause = error.orig.__cause__ if error.orig else None
                _refuse(error, _translation(cause, disconnected=error.connection_invalidated))
            case asyncpg.PostgresError() | asyncpg.InterfaceError() | asyncpg.InternalClientError():
                _refuse(error, _translation(error, disconnected=False))
            case PoolTimeout() | OSError():
                raise _unavailable() from error


def _refuse(error: Exception, translation: Exception) -> NoReturn:
    # the driver's text of a refusal quotes the row, and the row holds the mark
    raise translation from (None if isinstance(translation, StatementRefused) else error)


def _translation(cause: BaseException | None, *, disconnected: bool) -> Exception:
    sqlstate = getattr(cause, "sqlstate", None)
    if sqlstate in _REPEATABLE:
        return Repeatable(_DETAIL, retry_after=1)
    if sqlstate == _LOCK_TIMEOUT:
        return Locked(_DETAIL, retry_after=2)
    if disconnected or (sqlstate or "").startswith(_UNAVAILABLE):
        return _unavailable()
    return StatementRefused(sqlstate or type(cause).__name__, getattr(cause, "constraint_name", None))


_DETAIL: Final = "The ledger cannot be reached or is too busy. Nothing is lost; try again."


def _unavailable() -> DatabaseUnavailable:
    return DatabaseUnavailable(_DETAIL, retry_after=2)
