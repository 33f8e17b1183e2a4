"""Who may be asked for, and by which pages: the fence against DNS rebinding and cross-site requests.

A server on loopback that asks for no credentials trusts whoever can reach it, and a browser can be made to reach it
for a stranger: by a name that suddenly means 127.0.0.1, or by a form on any page. So the name in Host must be one of
ours, and without credentials a page's Origin must be our own or one that the settings name.
Source: Fetch standard, "Origin header"; failure matrix I6, J10.
"""

from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from coordinator.errors import HostNotAllowed, OriginNotAllowed

__all__ = ["LOOPBACK", "Hosts"]

LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


class Hosts:
    """Refuses before anything is routed. `allowed_hosts` without ports; empty means all, or loopback if `anonymous`."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed_hosts: Collection[str],
        allowed_origins: Collection[str],
        anonymous: bool,
    ) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in allowed_hosts or (LOOPBACK if anonymous else ()))
        self._origins = frozenset(allowed_origins)
        self._anonymous = anonymous

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            # several Host headers together name no host
            host = ",".join(headers.getlist("host")).lower()
            self._check_host(host)
            self._check_origin(headers.get("origin"), host)
        await self._app(scope, receive, send)

    def _check_host(self, host: str) -> None:
        if self._hosts and _name(host) not in self._hosts:
            raise HostNotAllowed("This service does not answer to the name in the Host header.")

    def _check_origin(self, origin: str | None, host: str) -> None:
        if not self._anonymous or origin is None or origin in self._origins:
            return
        if origin not in {f"http://{host}", f"https://{host}"}:
            raise OriginNotAllowed("Pages of this origin may not call the service.")


def _name(host: str) -> str:
    """Without the port; an IPv6 address keeps its brackets."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
