"""Open connections, kept for the next request to the same place."""

import asyncio
import ssl
from collections import defaultdict
from socket import gaierror
from typing import Final
from urllib.parse import SplitResult

from coordinator.client.connection import Answer, Connection, Request
from coordinator.client.errors import WrongUse, closed
from coordinator.client.proxies import authorization, open_tunnel, plain_address, proxies_of_environment
from coordinator.client.retry import Reason, TransferFailed

__all__ = ["Connections"]

_CONNECT: Final = 15.0
"""Seconds for a connection and its TLS handshake."""

_PROXY_REFUSED: Final = 407
"""Which nobody says but a proxy."""

Origin = tuple[str, str, int]


class Connections:
    """As many as are asked for at once; whoever asks limits that. Those of a loop that is closed go with it."""

    def __init__(self, ssl_context: ssl.SSLContext | None = None) -> None:
        self._ssl_context = ssl_context
        self._proxy_of = proxies_of_environment()
        self._loop: asyncio.AbstractEventLoop | None = None
        """Of all that is kept."""
        self._idle: defaultdict[Origin, list[Connection]] = defaultdict(list)
        self._closed = False

    async def send(self, request: Request) -> Answer:
        """Raises TransferFailed(0) where no answer could be had, WrongAddress for a proxy that is none, and WrongUse once it
        is closed, and on a second loop while the first one lives; what the request's body raises passes through.

        A kept connection that its other end has closed meanwhile costs nothing but a new one: only requests that may
        be repeated are ever sent here.
        """
        self._follow(asyncio.get_running_loop())
        origin = _origin(request.url)
        while (connection := self._kept(origin)) is not None:
            try:
                return await self._use(origin, connection, request)
            except TransferFailed as failure:
                if failure.stalled or connection.answer_began:
                    raise
        return await self._use(origin, await self._open(origin), request)

    async def aclose(self) -> None:
        self._closed = True
        if self._loop is asyncio.get_running_loop():
            for connections in self._idle.values():
                for connection in connections:
                    connection.close()
        self._idle.clear()
        await asyncio.sleep(0)  # lets the transports tell their protocols

    def _follow(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is self._loop:
            return
        if self._loop is not None and not self._loop.is_closed():
            raise WrongUse(
                "The client is in use on another event loop. Make one for each loop, or close that loop first, as asyncio.run does."
            )
        self._loop = loop
        self._idle.clear()

    def _kept(self, origin: Origin) -> Connection | None:
        idle = self._idle[origin]
        while idle:
            connection = idle.pop()
            if connection.reusable:
                return connection
        return None

    async def _use(self, origin: Origin, connection: Connection, request: Request) -> Answer:
        answer = await connection.send(request)
        if connection.reusable and not self._closed:
            self._idle[origin].append(connection)
        else:
            connection.close()
        if answer.status == _PROXY_REFUSED:
            raise TransferFailed(0, reason="proxy", via=_via(self._proxy_of(*origin)))
        return answer

    async def _open(self, origin: Origin) -> Connection:
        if self._closed:
            raise closed()
        scheme, host, port = origin
        proxy = self._proxy_of(scheme, host, port)
        try:
            async with asyncio.timeout(_CONNECT):
                if proxy is not None:
                    return await self._open_through(proxy, origin)
                _, connection = await asyncio.get_running_loop().create_connection(
                    Connection, host, port, ssl=self._context() if scheme == "https" else None
                )
        except ssl.SSLCertVerificationError:
            raise
        except (OSError, TimeoutError, UnicodeError) as failed:
            raise TransferFailed(0, reason=_reason(failed), via=_via(proxy)) from None
        return connection

    async def _open_through(self, proxy: SplitResult, origin: Origin) -> Connection:
        loop = asyncio.get_running_loop()
        scheme, host, port = origin
        if scheme == "http":
            _, connection = await loop.create_connection(Connection, proxy.hostname or "", proxy.port or 80)
            connection.through_proxy = authorization(proxy)
            return connection
        transport = await open_tunnel(proxy, host, port)
        connection = Connection()
        secure = await loop.start_tls(transport, connection, self._context(), server_hostname=host)
        if secure is None:
            raise TransferFailed(0, reason="proxy", via=_via(proxy))
        connection.connection_made(secure)
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._ssl_context is None:
            self._ssl_context = ssl.create_default_context()
        return self._ssl_context


def _origin(url: SplitResult) -> Origin:
    return url.scheme, url.hostname or "", url.port or (443 if url.scheme == "https" else 80)


def _via(proxy: SplitResult | None) -> str | None:
    return None if proxy is None else plain_address(proxy)


def _reason(failed: OSError | UnicodeError) -> Reason:
    match failed:
        case ConnectionRefusedError():
            return "refused"
        case gaierror() | UnicodeError():
            return "dns"
        case TimeoutError():
            return "timeout"
        case ssl.SSLError():
            return "tls"
        case _:
            return "lost"
