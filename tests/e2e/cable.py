"""The way from a client to its store, which can be cut, and can spoil some of the requests that pass.

The Host header is left as it was sent, so that signatures for the cable's address hold at the store. Every connection
carries one request: the cable asks both sides to close afterwards.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, Literal
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
PIECE: Final = 64 * 1024

Spoiling = Literal["503", "cut in the middle", "answer lost", "403"]
EVERY: Final[tuple[Spoiling, ...]] = ("503", "cut in the middle", "answer lost", "403")


class Cable:
    def __init__(self, store_url: str) -> None:
        target = urlsplit(store_url)
        self._store = (target.hostname, target.port)
        self._under_way: set[asyncio.Task[None]] = set()
        self._rng = random.Random(1)
        self.endpoint_url = ""
        self.is_cut = False
        self.share = 0.0
        """Of the requests that are spoilt."""
        self.spoilt = 0
        self.passed = 0
        """Bytes of bodies that reached the store."""

    def cut(self) -> None:
        """Nothing passes from now on, and what is under way breaks."""
        self.is_cut = True
        for one in self._under_way:
            one.cancel()

    def mend(self) -> None:
        self.is_cut = False

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own = asyncio.current_task()
        assert own is not None
        self._under_way.add(own)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                if not self.is_cut:
                    await self._carry(reader, writer)
        finally:
            self._under_way.discard(own)
            if not writer.is_closing():
                writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        size = int(found.group(1)) if found else 0
        how = self._rng.choice(EVERY) if self._rng.random() < self.share else None
        self.spoilt += how is not None
        if how in {"503", "403"}:
            await self._drain(reader, size)
            writer.write(f"HTTP/1.1 {how} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            writer.close()
            await writer.wait_closed()
            return
        store_reader, store_writer = await asyncio.open_connection(*self._store)
        try:
            store_writer.write(head.removesuffix(b"\r\n") + b"Connection: close\r\n\r\n")
            await self._pass(reader, store_writer, size // 2 if how == "cut in the middle" else size)
            if how == "cut in the middle":
                return
            answer = await store_reader.read()
            if how != "answer lost":
                writer.write(answer)
                writer.close()
                await writer.wait_closed()
        finally:
            if not store_writer.is_closing():
                store_writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, size: int) -> None:
        while size and (piece := await reader.read(min(size, PIECE))):
            writer.write(piece)
            await writer.drain()
            size -= len(piece)
            self.passed += len(piece)

    async def _drain(self, reader: asyncio.StreamReader, size: int) -> None:
        while size and (piece := await reader.read(min(size, PIECE))):
            size -= len(piece)


@asynccontextmanager
async def cable_to(store_url: str) -> AsyncIterator[Cable]:
    cable = Cable(store_url)
    server = await asyncio.start_server(cable.connection, LOOPBACK, 0)
    cable.endpoint_url = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    try:
        yield cable
    finally:
        server.close()
        cable.cut()
