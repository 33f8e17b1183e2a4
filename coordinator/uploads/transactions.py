"""The rule that no call at a store or a receiver is awaited inside a database transaction (invariant 5).

`database` marks its transactions with `transaction()`; whoever talks to the outside calls `outside_transaction` first.
A breach is a defect of ours: it is refused before anything is sent, so that nothing is lost by it.
"""

from contextvars import ContextVar, Token
from typing import Final

__all__ = ["CallInsideTransaction", "outside_transaction", "transaction"]

_inside: Final = ContextVar("coordinator_inside_transaction", default=False)


class CallInsideTransaction(RuntimeError):
    """A network call was about to be awaited while a database transaction was open."""


class transaction:  # noqa: N801 - a context manager, written out because every statement enters one
    """Mark the code within as running inside a database transaction."""

    __slots__ = ("_reset",)

    def __enter__(self) -> None:
        self._reset: Token[bool] = _inside.set(True)

    def __exit__(self, *_: object) -> None:
        _inside.reset(self._reset)


def outside_transaction(operation: str) -> None:
    """Raises CallInsideTransaction when a transaction is open in this context."""
    if _inside.get():
        raise CallInsideTransaction(f"{operation} was called inside a database transaction")
