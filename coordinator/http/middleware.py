"""What happens around every request: its id, its log line, its metrics, and the headers that keep browsers careful.

Pure ASGI. A log line holds the path as it was sent, without the query: there is nothing secret in our paths, and
nothing in a percent-encoded one can break a line. Headers that a handler has set itself stay.
Source: OWASP HTTP Headers; failure matrix J11, J12, J17.
"""

import time
from collections.abc import Callable, Collection
from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coordinator.http.guard import PRINCIPAL
from coordinator.http.hosts import Hosts
from coordinator.http.lingering import Lingering
from coordinator.http.problems import Problems
from coordinator.http.request_id import HEADER, adopt_request_id, new_request_id
from coordinator.metrics import Metrics

__all__ = ["Observed", "SecureHeaders", "middleware"]

log = structlog.stdlib.get_logger()

_LONGEST_PATH: Final = 200

_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
"""As ASGI has them: every answer gets those it does not bring itself."""


def middleware(
    *,
    metrics: Metrics,
    allowed_origins: Collection[str],
    allowed_hosts: Collection[str],
    anonymous: bool,
) -> list[Middleware]:
    """All of it, outermost first: even a refused host or an internal error is logged and carries its headers."""
    return [
        Middleware(Lingering),
        Middleware(Observed, metrics=metrics),
        Middleware(SecureHeaders),
        Middleware(
            CORSMiddleware,
            allow_origins=tuple(allowed_origins),
            allow_methods=("GET", "HEAD", "POST", "PUT", "DELETE"),
            allow_headers=(
                "Authorization",
                "Content-MD5",
                "Content-Type",
                "Idempotency-Key",
                "X-Amz-Checksum-Sha256",
                "X-Request-Id",
            ),
            expose_headers=("Date", "Idempotency-Replayed", "Location", "Retry-After", "X-Request-Id"),
            max_age=600,
        ),
        Middleware(Problems),
        Middleware(Hosts, allowed_hosts=allowed_hosts, allowed_origins=allowed_origins, anonymous=anonymous),
    ]


class Observed:
    """Gives the request its id, and tells log and metrics how it was answered."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        make_id: Callable[[], str] = new_request_id,
        monotonic: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._make_id = make_id
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._monotonic()
        settled = adopt_request_id(scope, self._make_id)
        # a request that ends without an answer was given up by its sender; 499 is nginx's word for it
        status = 499

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = settled
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=settled):
            try:
                await self._app(scope, receive, watched)
            finally:
                self._tell(scope, status, self._monotonic() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = _template(scope)
        self._metrics.request(route=route, method=scope["method"], status=status, seconds=seconds)
        principal = scope.get(PRINCIPAL)
        log.info(
            "http.request",
            method=scope["method"],
            path=_path(scope),
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 1),
            principal=principal.id if principal else None,
        )


class SecureHeaders:
    """Adds to every answer what is missing of the careful headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [*message["headers"]]
                present = {name.lower() for name, _ in own}
                message["headers"] = own + [header for header in _HEADERS if header[0] not in present]
            await send(message)

        await self._app(scope, receive, careful)


def _template(scope: Scope) -> str:
    route = scope.get("route")
    return route.path if isinstance(route, Route | Mount) else "unmatched"


def _path(scope: Scope) -> str:
    sent: bytes = scope.get("raw_path") or b""
    return sent.partition(b"?")[0][:_LONGEST_PATH].decode("ascii", "backslashreplace")
