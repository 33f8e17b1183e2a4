"""The way out through an HTTP proxy, where the environment names one (HTTP_PROXY, HTTPS_PROXY, NO_PROXY)."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from coordinator.client.errors import WrongAddress
from coordinator.client.retry import TransferFailed

__all__ = ["authorization", "open_tunnel", "plain_address", "proxies_of_environment"]

_MOST_HEAD: Final = 64 * 1024

ProxyOf = Callable[[str, str, int], SplitResult | None]


def proxies_of_environment() -> ProxyOf:
    """Which proxy leads to (scheme, host, port); None: none. NO_PROXY may name hosts with and without a port.

    What it gives raises WrongAddress for a proxy that is none, or speaks another protocol than HTTP.
    """
    named = getproxies()

    def proxy_of(scheme: str, host: str, port: int) -> SplitResult | None:
        address = named.get(scheme)
        if not address or proxy_bypass(host) or proxy_bypass(f"{host}:{port}"):
            return None
        return _checked(address if "//" in address else f"http://{address}", f"{scheme}_proxy")

    return proxy_of


def plain_address(proxy: SplitResult) -> str:
    """Without the user and the password that it may hold."""
    return _plain(proxy.geturl())


def _checked(address: str, variable: str) -> SplitResult:
    try:
        proxy = urlsplit(address)
        valid = proxy.scheme == "http" and bool(proxy.hostname) and proxy.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise WrongAddress(
            f"The proxy that {variable} names ({_plain(address)}) cannot be used: it must look like "
            "http://proxy.example.com:3128. Mend it, or name this host in no_proxy."
        )
    return proxy


def _plain(address: str) -> str:
    scheme, _, rest = address.partition("//")
    return f"{scheme}//{rest.rpartition('@')[2]}"


def authorization(proxy: SplitResult) -> dict[str, str]:
    """The header with the proxy's own credentials, where its address holds some."""
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


class _Tunnel(asyncio.Protocol):
    """Waits for the head of the answer to CONNECT."""

    def __init__(self, refused: TransferFailed) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._refused = refused
        self._head = b""

    def data_received(self, data: bytes) -> None:
        self._head += data
        if b"\r\n\r\n" not in self._head and len(self._head) < _MOST_HEAD:
            return
        if self.opened.done():
            return
        line = self._head.split(b"\r\n", 1)[0].split(b" ")
        if len(line) > 1 and line[0].startswith(b"HTTP/1.") and line[1] == b"200":
            self.opened.set_result(None)
        else:
            self.opened.set_exception(self._refused)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        if not self.opened.done():
            self.opened.set_exception(self._refused)


async def open_tunnel(proxy: SplitResult, host: str, port: int) -> asyncio.Transport:
    """A connection through the proxy to (host, port), on which TLS may begin. Raises OSError, TransferFailed."""
    refused = TransferFailed(0, reason="proxy", via=plain_address(proxy))
    transport, tunnel = await asyncio.get_running_loop().create_connection(
        lambda: _Tunnel(refused), proxy.hostname or "", proxy.port or 80
    )
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    lines += [f"{name}: {value}" for name, value in authorization(proxy).items()]
    transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    try:
        await tunnel.opened
    except BaseException:
        transport.abort()
        raise
    return transport
