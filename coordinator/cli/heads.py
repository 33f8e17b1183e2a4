"""Request heads that come in time and in bounds: uvicorn itself waits for ever, and keeps whatever comes.

A connection has `head_within` seconds from its opening, or from the first byte after an answer, to the end of a head. What it
still sends of a body that nobody read counts as well. Bodies that are read, answers and pauses between requests have limits of
their own. Whoever is late is hung up on without a word, as nginx does: it may be a browser's spare connection.
Source: failure matrix I1; nginx `client_header_timeout`, `large_client_header_buffers`.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["BoundedHeads"]


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's protocol, with a limit on time and bytes of a head."""

    head_within: ClassVar[float] = 15.0
    """Seconds."""
    head_limit: ClassVar[int] = 128 * 1024
    """Bytes of a head that is not yet complete, and of a small body before it that nobody read."""

    _late: asyncio.TimerHandle | None = None
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._late is None and self.cycle.response_complete:
            self._expect_head()
        if self._late is not None and self._received > self.head_limit:
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._head_is_here()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._received = 0
        self._late = self.loop.call_later(self.head_within, self.transport.close)

    def _head_is_here(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
