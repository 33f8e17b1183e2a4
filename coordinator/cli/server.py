"""Running the app: start-up errors as plain exceptions, a clean stop on SIGINT and SIGTERM, and word when it listens.

The app's lifespan is entered here and not by uvicorn, so that a wrong setting reaches the command line as the
ConfigurationError it is, and not as a traceback in a log.
"""

import errno
import gc
import socket
from collections.abc import Callable, Coroutine, Mapping
from contextlib import nullcontext
from typing import Any

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from coordinator.cli.heads import BoundedHeads
from coordinator.cli.interruption import heed_instead, run_heeding
from coordinator.errors import ConfigurationError
from coordinator.settings import Settings

__all__ = ["run", "serve"]


class _Server(uvicorn.Server):
    """Says when it listens, and leaves signals to us: the work around the server has to end as well."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # what start-up made is here to stay; a collection that goes through it stops all requests for a tenth of a second
        gc.collect()
        gc.freeze()
        self._ready()

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]  # any context manager will do
        return nullcontext()


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end on the fast loop. Raises Interrupted after a signal that came before the server listened."""
    run_heeding(work, uvloop.new_event_loop)


async def serve(app: Starlette, settings: Settings, ready: Callable[[], None]) -> None:
    """Serve until a signal asks for the end; `ready` is called once the port answers.

    Raises ConfigurationError when a setting is wrong or the port is taken.
    """
    async with app.router.lifespan_context(app) as state:
        server = _Server(_config(_with_state(app, state or {}), settings), ready)
        _stop_on_signals(server)
        try:
            await server.serve()
        except SystemExit:
            # uvicorn has logged the reason and keeps it to itself
            raise _cannot_listen(settings) from None


def _cannot_listen(settings: Settings) -> ConfigurationError:
    try:
        socket.create_server((settings.host, settings.port)).close()
    except OSError as refused:
        if refused.errno not in {errno.EADDRINUSE, errno.EACCES}:
            return ConfigurationError("host", f"{settings.host} is no address of this machine")
    problem = f"cannot listen on {settings.host}:{settings.port}; it is taken, or not allowed to this user"
    return ConfigurationError("port", problem)


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=settings.drain,
        timeout_keep_alive=30,
        http=BoundedHeads,
        ws="none",
    )


def _with_state(app: ASGIApp, state: Mapping[str, Any]) -> ASGIApp:
    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = dict(state)
        await app(scope, receive, send)

    return with_state


def _stop_on_signals(server: uvicorn.Server) -> None:
    def stop() -> None:
        # a second signal does not wait for running requests
        server.force_exit = server.should_exit
        server.should_exit = True

    heed_instead(stop)
