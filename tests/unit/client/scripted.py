"""A server on a real socket that says what a test scripted, byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import cast
from urllib.parse import SplitResult, urlsplit

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def scripted(*talks: Talk) -> AsyncIterator[SplitResult]:
    """Its URL. Each connection gets the next talk, the last one again and again."""
    made = 0
    under_way: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal made
        under_way.add(cast("asyncio.Task[None]", asyncio.current_task()))
        talk = talks[min(made, len(talks) - 1)]
        made += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await talk(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield urlsplit(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/path?q=1")
    finally:
        server.close()
        for one in under_way:
            one.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def request_of(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    """Line, headers and body of one request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
    return line, headers, await reader.readexactly(int(headers.get("content-length", "0")))


def answers(*said: bytes) -> Talk:
    """Answers each request in turn, then closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for one in said:
            await request_of(reader)
            writer.write(one)
            await writer.drain()
        writer.write_eof()
        await reader.read()  # until the client has seen it

    return talk
