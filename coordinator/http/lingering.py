"""An answer that comes before its request has been read: what is left of the body is thrown away, and the connection ends.

Whoever sends all of a body before reading would otherwise meet a closed connection, which the network turns into a
reset, and the answer in it would be lost. So the answer goes out at once and in full, and the connection is only closed
when the sender has stopped, or has had its time. A sender that waits for `100 Continue` has sent nothing: it is just told.
Source: RFC 9112 section 9.6, "Tear-down"; RFC 9110 section 10.1.1, "Expect".
"""

import asyncio
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Lingering"]

_AT_MOST: Final = 30.0
_IDLE: Final = 5.0
"""Seconds in all, and without a byte."""
_SMALL: Final = 64 * 1024
"""Bytes of a body that the server takes in with its head: the next request can follow them."""


class Lingering:
    """Stands around what counts and logs requests: what it waits for is no part of an answer."""

    def __init__(self, app: ASGIApp, *, at_most: float = _AT_MOST, idle: float = _IDLE) -> None:
        self._app = app
        self._at_most = at_most
        self._idle = idle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_large(headers := Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        waits = headers.get("expect", "").lower() == "100-continue"
        exchange = _Exchange(receive, send, waits=waits)
        await self._app(scope, exchange.receive, exchange.send)
        if exchange.cut_short:
            await self._linger(exchange)
            await send({"type": "http.response.body"})

    async def _linger(self, exchange: "_Exchange") -> None:
        try:
            async with asyncio.timeout(self._at_most):
                while not exchange.over:
                    async with asyncio.timeout(self._idle):
                        await exchange.receive()
        except TimeoutError:
            return


class _Exchange:
    """A request and its answer, whose end is held back when the request has not been read to its own."""

    def __init__(self, receive: Receive, send: Send, *, waits: bool) -> None:
        self.over = False
        """Nothing more comes from the sender."""
        self.cut_short = False
        self._receive = receive
        self._send = send
        self._waits = waits

    async def receive(self) -> Message:
        self._waits = False
        message = await self._receive()
        self.over = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self.over:
            self.cut_short = True
            MutableHeaders(scope=message)["Connection"] = "close"
            # nothing has been sent that would have to be thrown away
            self.over = self._waits
        if self.cut_short and message["type"] == "http.response.body":
            message = {**message, "more_body": True}
        await self._send(message)


def _is_large(headers: Headers) -> bool:
    length = headers.get("content-length", "0")
    small = length.isdecimal() and len(length) < 19 and int(length) <= _SMALL
    return not small or "transfer-encoding" in headers or "expect" in headers
