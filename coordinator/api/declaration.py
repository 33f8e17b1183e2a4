"""One route, said once: who may enter, what it takes, what it answers, how it refuses.

The router, the guard and the OpenAPI document are all made from it, so that none of them can know a route that the
others do not. A handler gets a `Call`: body and query decoded, the principal admitted.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from coordinator.access.principals import Principal
from coordinator.api.outcomes import reached
from coordinator.api.queries import NoQuery, decode_query
from coordinator.api.state import ApiState
from coordinator.errors import Problem
from coordinator.http.bodies import BODY_LIMIT, RECEIVE_WITHIN, read_json
from coordinator.http.guard import PRINCIPAL, Access, Entrance, Guarded
from coordinator.uploads.model import UploadId

__all__ = ["Call", "Declaration", "NoBody", "routes_of"]

B = TypeVar("B", bound=Struct)
Q = TypeVar("Q", bound=Struct)

_ID_LENGTH = 36


class NoBody(Struct, frozen=True):
    """None is read."""


@dataclass(frozen=True, slots=True)
class Call(Generic[B, Q]):
    """One request, as a handler sees it."""

    request: Request[ApiState]
    body: B
    query: Q

    @property
    def state(self) -> ApiState:
        return self.request.state

    @property
    def principal(self) -> Principal:
        """Who was let in; of guarded routes only."""
        admitted: Principal = self.request.scope[PRINCIPAL]
        return admitted

    @property
    def upload_id(self) -> UploadId:
        """The id in the path. Raises NotFound as `reached` does."""
        return reached(self.principal, self.request.path_params["upload_id"])


@dataclass(frozen=True, slots=True)
class Declaration(Generic[B, Q]):
    """`answers` by status; None for one that is not JSON. `limit` in bytes of the body."""

    method: str
    path: str
    handler: Callable[[Call[B, Q]], Awaitable[Response]]
    needs: Access
    summary: str
    answers: Mapping[int, type[Struct] | None]
    problems: tuple[type[Problem], ...] = ()
    body: type[B] = field(default=NoBody)  # type: ignore[assignment]  # a handler without a body says Call[NoBody, ...]
    query: type[Q] = field(default=NoQuery)  # type: ignore[assignment]  # and without parameters Call[..., NoQuery]
    shown: type[Struct] | None = None
    """The body as the OpenAPI document shows it, where the handler reads more of it itself than `body` says."""
    limit: int = BODY_LIMIT
    raw: bool = False
    """The body is bytes, which the handler reads itself; `limit` does not hold for them."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Request headers of this route, each with what it means."""

    @property
    def name(self) -> str:
        """The handler's, which is also the operation's id."""
        return self.handler.__name__


def routes_of(declarations: Iterable[Declaration[Any, Any]]) -> list[Route]:
    """One route a path, so that a wrong method is refused with all the right ones."""
    by_path: dict[str, dict[str, Entrance]] = {}
    for declared in declarations:
        by_path.setdefault(declared.path, {})[declared.method] = Entrance(declared.needs, _app(declared))
    return [Route(path, Guarded(by_method)) for path, by_method in by_path.items()]


def _app(declared: Declaration[B, Q]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request[ApiState](scope, receive, send)
        query = decode_query(request.query_params, declared.query)
        if declared.body is NoBody:
            body = declared.body()
        else:
            body = await read_json(request, declared.body, limit=declared.limit, within=RECEIVE_WITHIN)
        response = await declared.handler(Call(request, body, query))
        await response(scope, receive, send)

    return app
