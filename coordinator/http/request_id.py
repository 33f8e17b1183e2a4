"""The id that ties an answer, its problem document and its log lines together.

One that comes along is kept when it is harmless to log and to echo; otherwise, or without one, a new one is made.
"""

from collections.abc import Callable
from typing import Final
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.types import Scope

__all__ = ["HEADER", "adopt_request_id", "new_request_id", "request_id"]

HEADER: Final = "X-Request-Id"

_KEY: Final = "coordinator.request_id"
_ALLOWED: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")
_MAX_LENGTH: Final = 64


def new_request_id() -> str:
    return uuid4().hex


def adopt_request_id(scope: Scope, make: Callable[[], str]) -> str:
    """Settle the request's id, from its header or else from `make`, and keep it in the scope."""
    given = Headers(scope=scope).get(HEADER, "")
    harmless = 0 < len(given) <= _MAX_LENGTH and _ALLOWED.issuperset(given)
    scope[_KEY] = given if harmless else make()
    return request_id(scope)


def request_id(scope: Scope) -> str:
    """The id settled before; empty when nothing settled one."""
    settled: str = scope.get(_KEY, "")
    return settled
