"""The upload page and the browser client, as files: these two folders of `static/` and nothing else beside them.

The page may run its own scripts, send to this service and to the store, and do nothing more: no inline code, no
text that becomes code, no foreign frame, no form, no other origin. The client's modules, the widget among them, may
be loaded by any page: they hold no secrets, and what they may do is decided by that page's policy and our CORS rules.
One of them runs as a worker, which obeys the policy of its own answer: it may compile WebAssembly, which no page may,
and reach nothing.
Source: failure matrix J17; CSP level 3; Trusted Types.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coordinator.http.guard import PUBLIC, Entrance, Guarded

__all__ = ["content_security_policy", "page_routes", "static_folder"]

_PACKAGE: Final = Path(__file__).parents[1]
_PAGE: Final = "/upload/"
_ANYWHERE: Final = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""A module of another origin is only run where CORS allows it; the second is for pages that isolate themselves."""
_HASHING: Final = "/digests/worker.js"
_HASHING_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


def static_folder() -> Path:
    """In a wheel the files lie inside the package, in the repository beside it."""
    shipped = _PACKAGE / "static"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "static"


def content_security_policy(store_origin: str) -> str:
    """`store_origin`: where the page sends the bytes, as `scheme://host[:port]`."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "worker-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self' {store_origin}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types default",
        )
    )


def page_routes(static: Path, *, store_origin: str) -> Sequence[BaseRoute]:
    policy = {"Content-Security-Policy": content_security_policy(store_origin)}
    hashing = {_HASHING: {"Content-Security-Policy": _HASHING_POLICY}}
    to_page = _public(RedirectResponse(_PAGE, 307))
    return [
        Route("/", to_page),
        Route(_PAGE.removesuffix("/"), to_page),
        Mount(_PAGE, _public(_Files(StaticFiles(directory=static / "upload", html=True), policy, {}))),
        Mount(
            "/client", _public(_Files(StaticFiles(directory=static / "client"), policy | _ANYWHERE, hashing))
        ),
    ]


def _public(app: ASGIApp) -> Guarded:
    return Guarded({"GET": Entrance(PUBLIC, app)})


class _Files:
    """Files with these headers, that browsers ask for again but need not load again.

    `own`: the headers that a file has instead, by its path under the mount.
    """

    def __init__(
        self, files: ASGIApp, headers: Mapping[str, str], own: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._files = files
        self._headers = {"Cache-Control": "no-cache", **headers}
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        headers = {**self._headers, **self._own.get(path, {})}

        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self._files(scope, receive, careful)
