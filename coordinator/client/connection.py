"""One HTTP/1.1 connection: a request whose body is streamed, and its answer.

Written on asyncio's transports, because parts are where a client's time goes: at most one piece waits in a
transport's buffer, nothing is copied on the way, and an answer that comes early stops the sending. Libraries are
measured beside it in docs/performance.md.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import SplitResult

import httptools

from coordinator.client.bandwidth import Bandwidth
from coordinator.client.bodies import PIECE, Body
from coordinator.client.outgoing_bytes import unacknowledged
from coordinator.client.retry import TransferFailed

__all__ = ["Answer", "Connection", "Request", "UnsafeHeader"]

_STALLED: Final = 30.0
"""Seconds in which no byte has left: the connection is dead, whatever the system says."""

_LOOKS: Final = 4
"""So often in that time it is looked at. Looks are counted, not seconds: a machine that slept has not stalled."""

_TOGETHER: Final = 64 * 1024
"""Bytes of a body that go out with their head at once: two of everything is what a small file costs most."""

_ENCRYPTED_TOGETHER: Final = 96 * 1024
"""Bytes that TLS is given at once. What it makes of more is memory from the system for each piece: 5 % of the processor."""

_STRETCH: Final = 4 * 1024 * 1024
"""Bytes that leave before everything else of this loop has its turn, where the system takes all it is given."""

_MOST_ANSWER: Final = 16 * 1024 * 1024


class UnsafeHeader(ValueError):
    """A header holds what would make another request of it, or what HTTP has no bytes for."""


@dataclass(frozen=True, slots=True)
class Request:
    """`headers` go out exactly as they stand, `Host` and `Content-Length` beside them."""

    method: str
    url: SplitResult
    headers: Mapping[str, str]
    body: Body
    patience: float
    """Seconds to wait for the answer once all has left."""
    on_sent: Callable[[int], None] | None = None
    """Told how many bytes of the body have left so far."""
    bandwidth: Bandwidth | None = None

    def head(self, proxy: Mapping[str, str] | None) -> bytes:
        """`proxy`: the headers for the one that passes it on. Raises UnsafeHeader."""
        target = (self.url.path or "/") + (f"?{self.url.query}" if self.url.query else "")
        if proxy is not None:
            target = f"{self.url.scheme}://{self.url.netloc}{target}"
        lines = [f"{self.method} {target} HTTP/1.1", f"Host: {self.url.netloc.rpartition('@')[2]}"]
        if self.body.size or self.method != "GET":
            lines.append(f"Content-Length: {self.body.size}")
        lines += [f"{name}: {value}" for name, value in (*self.headers.items(), *(proxy or {}).items())]
        head = "\r\n".join(lines)
        if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1 or "\0" in head:
            raise UnsafeHeader("a header holds a line break")
        try:
            return head.encode("latin-1") + b"\r\n\r\n"
        except UnicodeEncodeError:
            raise UnsafeHeader("a header holds characters beyond Latin-1") from None


@dataclass(slots=True)
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""


class Connection(asyncio.Protocol):
    """Sends one request at a time; another may follow while `reusable`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._incoming = Answer()
        self._received: list[bytes] = []
        self._answer: asyncio.Future[Answer] | None = None
        self._room: asyncio.Future[None] | None = None
        self._full = False
        self._together = sys.maxsize
        self._sending = False
        self._waiting = (0, 0)
        self._still = 0
        self._watching: asyncio.TimerHandle
        self._until_closed = False
        self.reusable = True
        self.through_proxy: Mapping[str, str] | None = None
        """Headers for the proxy that it ends at, where that passes plain requests on."""
        self.answer_began = False
        """Whether a byte of the answer to the last request arrived."""

    async def send(self, request: Request) -> Answer:
        """Raises TransferFailed(0) when the connection breaks or stalls; what the body raises passes through."""
        head = request.head(self.through_proxy)
        answer = self._begin()
        self._sending, self._still = True, 0
        self._watching = self._loop.call_later(_STALLED / _LOOKS, self._watch, _STALLED / _LOOKS)
        try:
            await self._send_all(head, request, answer)
            self._watching.cancel()
            self._sending, self._still = False, 0
            every = request.patience / _LOOKS
            self._watching = self._loop.call_later(every, self._watch, every)
            return await answer
        except BaseException:
            self.close()
            raise
        finally:
            self._watching.cancel()
            if not answer.cancel() and not answer.cancelled():
                answer.exception()  # seen, even where the body failed first
            self._answer = None

    async def _send_all(self, head: bytes, request: Request, answer: asyncio.Future[Answer]) -> None:
        bandwidth, on_sent = request.bandwidth, request.on_sent
        if not 0 < request.body.size <= _TOGETHER or bandwidth is not None:
            self._write(head)
            head = b""
        sent = 0
        async with aclosing(request.body.pieces(bandwidth.piece if bandwidth else PIECE)) as pieces:
            async for piece in pieces:
                if bandwidth is not None:
                    await bandwidth.take(len(piece))
                if answer.done():
                    break
                self._write(head + piece if head else piece)
                head = b""
                before, sent = sent, sent + len(piece)
                if self._full:
                    await self._drained()
                elif before // _STRETCH < sent // _STRETCH:
                    await asyncio.sleep(0)
                if on_sent is not None:
                    on_sent(sent)
        if sent < request.body.size:
            self.reusable = False

    def _begin(self) -> asyncio.Future[Answer]:
        self._answer = answer = self._loop.create_future()
        self.answer_began = False
        if self._transport is None or self._transport.is_closing():
            self._fail(TransferFailed(0))
        return answer

    def _write(self, data: bytes | memoryview) -> None:
        if self._transport is not None and not self._transport.is_closing():
            for start in range(0, len(data), self._together):
                self._transport.write(data[start : start + self._together])

    async def _drained(self) -> None:
        """The transport has passed on all it was given: the piece may be written over."""
        self._still = 0
        self._room = self._loop.create_future()
        try:
            await self._room
        finally:
            self._room = None

    def _watch(self, every: float) -> None:
        waiting = self._waiting
        if self._transport is not None:
            self._waiting = (self._transport.get_write_buffer_size(), unacknowledged(self._transport))
        # what sends and does not wait for room waits for the source, or for the bandwidth
        unmoved = waiting == self._waiting and (self._room is not None or not self._sending)
        self._still = self._still + 1 if unmoved else 0
        if self._still >= _LOOKS:
            self._fail(TransferFailed(0, stalled=True))
        else:
            self._watching = self._loop.call_later(every, self._watch, every)

    def _fail(self, failure: TransferFailed) -> None:
        self.reusable = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(failure)
        self.resume_writing()

    def close(self) -> None:
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # at most one piece waits: zero where the buffer is ours to write over, one where TLS has copied it
        encrypted = transport.get_extra_info("ssl_object") is not None
        self._transport.set_write_buffer_limits(high=1 if encrypted else 0, low=0)
        if encrypted:
            self._together = _ENCRYPTED_TOGETHER

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.close()  # nobody asked
            return
        self.answer_began = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(TransferFailed(0))
            self.close()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None and self._until_closed and self._answer is not None:
            self._deliver()
        self._transport = None  # one that is gone must not be aborted any more
        self._fail(TransferFailed(0))

    # what the parser calls

    def on_message_begin(self) -> None:
        self._incoming = Answer()
        self._received = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._incoming.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._incoming.status = self._parser.get_status_code()
        headers = self._incoming.headers
        self._until_closed = "content-length" not in headers and "transfer-encoding" not in headers

    def on_body(self, body: bytes) -> None:
        self._received.append(body)
        if sum(map(len, self._received)) > _MOST_ANSWER:
            self._fail(TransferFailed(0))
            self.close()

    def on_message_complete(self) -> None:
        self._until_closed = False
        if self._incoming.status < 200:
            return
        self.reusable = self.reusable and self._parser.should_keep_alive()
        self._deliver()

    def _deliver(self) -> None:
        self._incoming.body = b"".join(self._received)
        self._received = []
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(self._incoming)
        self.resume_writing()
