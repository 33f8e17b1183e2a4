"""PUT a file in parts, eight at once, with one of three HTTP clients: LIBRARY pieces|parts asyncio|uvloop URL SOURCE.

    ours      this project's connection, as the client uses it
    aiohttp   a session; the body an asynchronous generator of 256 KiB pieces, or the part as bytes
    httpx     the same

`URL` is what each part's address begins with; it looks like a presigned one. In the peers' environment but for ours.
"""

import asyncio
import json
import os
import resource
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PART = 16 * 1024 * 1024
PIECE = 256 * 1024
AT_ONCE = 8


@dataclass(frozen=True)
class Part:
    url: str
    file: int
    offset: int
    size: int
    streamed: bool

    def content(self) -> bytes | AsyncIterator[bytes]:
        return self._pieces() if self.streamed else os.pread(self.file, self.size, self.offset)

    async def _pieces(self) -> AsyncIterator[bytes]:
        for start in range(self.offset, self.offset + self.size, PIECE):
            yield os.pread(self.file, min(PIECE, self.offset + self.size - start), start)


Put = Callable[[Part], Awaitable[int]]
"""The status."""


@asynccontextmanager
async def ours(trust: ssl.SSLContext) -> AsyncIterator[Put]:
    connections = import_module("coordinator.client.connections").Connections(trust)
    request: Any = import_module("coordinator.client.connection").Request
    bodies: Any = import_module("coordinator.client.bodies")
    reading: Any = import_module("coordinator.client.reading")

    async def put(part: Part) -> int:
        if part.streamed:
            descriptor = reading.Descriptor(os.dup(part.file))
            body = bodies.FileBody(reading.Reading(descriptor), part.offset, part.size)
        else:
            body = bodies.BytesBody(part.content())
        answer = await connections.send(request("PUT", urlsplit(part.url), {}, body, 60.0))
        return int(answer.status)

    yield put
    await connections.aclose()


@asynccontextmanager
async def by_aiohttp(trust: ssl.SSLContext) -> AsyncIterator[Put]:
    aiohttp: Any = import_module("aiohttp")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session:

        async def put(part: Part) -> int:
            length = {"Content-Length": str(part.size)}
            async with session.put(part.url, data=part.content(), headers=length) as answer:
                await answer.read()
                return int(answer.status)

        yield put


@asynccontextmanager
async def by_httpx(trust: ssl.SSLContext) -> AsyncIterator[Put]:
    httpx: Any = import_module("httpx")
    async with httpx.AsyncClient(verify=trust, timeout=60) as client:

        async def put(part: Part) -> int:
            length = {"Content-Length": str(part.size)}
            answer = await client.put(part.url, content=part.content(), headers=length)
            return int(answer.status_code)

        yield put


LIBRARIES: dict[str, Callable[[ssl.SSLContext], AbstractAsyncContextManager[Put]]] = {
    "ours": ours,
    "aiohttp": by_aiohttp,
    "httpx": by_httpx,
}


async def main(library: str, how: str, url: str, source: Path) -> None:
    file = os.open(source, os.O_RDONLY)
    size = os.fstat(file).st_size
    starts = iter(range(0, size, PART))
    async with LIBRARIES[library](ssl.create_default_context()) as put:

        async def work() -> None:
            for start in starts:
                address = f"{url}&partNumber={start // PART + 1}"
                status = await put(Part(address, file, start, min(PART, size - start), how == "pieces"))
                assert status == 200, status

        began, used = time.perf_counter(), processor()
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        print(json.dumps({"seconds": time.perf_counter() - began, "cpu": processor() - used}))


def processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    given = sys.argv[1:]
    loop = import_module("uvloop").new_event_loop if given[2] == "uvloop" else None
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main(given[0], given[1], given[3], Path(given[4])))
