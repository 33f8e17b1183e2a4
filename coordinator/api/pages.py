"""The upload page and the browser client, as files: these two folders of `static/` and nothing else beside them.

The page may run its own scripts, send to this service and to the store, and do nothing more: no inline code, no
foreign frame, no form, no other origin. Source: failure matrix J17.
"""

from collections.abc import Sequence
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
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self' {store_origin}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def page_routes(static: Path, *, store_origin: str) -> Sequence[BaseRoute]:
    policy = content_security_policy(store_origin)
    to_page = _public(RedirectResponse(_PAGE, 307))
    return [
        Route("/", to_page),
        Route(_PAGE.removesuffix("/"), to_page),
        Mount(_PAGE, _public(_Files(StaticFiles(directory=static / "upload", html=True), policy))),
        Mount("/client", _public(_Files(StaticFiles(directory=static / "client"), policy))),
    ]


def _public(app: ASGIApp) -> Guarded:
    return Guarded({"GET": Entrance(PUBLIC, app)})


class _Files:
    """Files with the page's policy, that browsers ask for again but need not load again."""

    def __init__(self, files: ASGIApp, policy: str) -> None:
        self._files = files
        self._headers = {"Cache-Control": "no-cache", "Content-Security-Policy": policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._files(scope, receive, careful)
