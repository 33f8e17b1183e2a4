"""Deny by default: every route says what it takes to enter, and a route that does not say stops start-up.

A `Guarded` stands at each path in place of a handler. It holds, by method, what is needed (a scope, or PUBLIC said
out loud) and whom it lets through to. It authenticates from the `Authorization` header alone: never from cookies, the
query or the URL, so that no page elsewhere can borrow a browser's credentials. The principal travels in the ASGI scope.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, TypedDict

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from coordinator.access.authentication import Authenticator
from coordinator.access.principals import Principal, Scope
from coordinator.errors import Forbidden, Unauthenticated

__all__ = [
    "PRINCIPAL",
    "PUBLIC",
    "Access",
    "Entrance",
    "GuardState",
    "Guarded",
    "UndeclaredRoute",
    "check_declared",
]


class _Public(Enum):
    PUBLIC = "public"


PUBLIC: Final = _Public.PUBLIC
"""No credentials are asked for, and none are looked at."""

Access = Scope | Literal[_Public.PUBLIC]

PRINCIPAL: Final = "coordinator.principal"
"""Where the ASGI scope holds who asks."""


class GuardState(TypedDict):
    """What the guard needs of the lifespan's state."""

    authenticator: Authenticator


class UndeclaredRoute(RuntimeError):
    """A route says neither a scope nor PUBLIC. A defect: nothing is served."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """One method of one path. `needs` stands first because it is never left out."""

    needs: Access
    app: ASGIApp


class Guarded:
    """The ASGI application of one path. GET answers HEAD too; methods that nobody declared are refused."""

    def __init__(self, by_method: Mapping[str, Entrance]) -> None:
        self.by_method = dict(by_method)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        entrance = self.by_method.get(method)
        if entrance is None:
            raise HTTPException(405, headers={"Allow": ", ".join(self._methods())})
        if entrance.needs is not PUBLIC:
            scope[PRINCIPAL] = await _admit(scope, entrance.needs)
        await entrance.app(scope, receive, send)

    def _methods(self) -> list[str]:
        return sorted({*self.by_method, *(["HEAD"] if "GET" in self.by_method else [])})


def check_declared(routes: Iterable[BaseRoute]) -> None:
    """Refuse to start with a route whose access nobody declared. Raises UndeclaredRoute naming its path."""
    for route in routes:
        if not isinstance(route, Route | Mount):
            raise UndeclaredRoute(f"{route!r} is of a kind that cannot declare its access")
        guarded = route.endpoint if isinstance(route, Route) else route.app
        if not isinstance(guarded, Guarded):
            raise UndeclaredRoute(f"{route.path} declares neither a scope nor PUBLIC")
        undeclared = [method for method, entrance in guarded.by_method.items() if not _declares(entrance)]
        if undeclared:
            raise UndeclaredRoute(f"{route.path} declares nothing for {', '.join(undeclared)}")


def _declares(entrance: Entrance) -> bool:
    return entrance.needs is PUBLIC or isinstance(entrance.needs, Scope)


async def _admit(scope: AsgiScope, needs: Scope) -> Principal:
    given = Headers(scope=scope).getlist("authorization")
    if len(given) > 1:
        raise Unauthenticated("Send one Authorization header, not several.")
    authenticator: Authenticator = scope["state"]["authenticator"]
    principal = await authenticator.principal(given[0] if given else None)
    if not principal.may(needs):
        raise Forbidden(f"This needs the scope `{needs}`.")
    return principal
