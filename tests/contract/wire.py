"""A wire to a real store that can lose the answers: the request arrives, its effect happens, nobody hears of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Wire:
    endpoint_url: str = ""
    cut_after: int | None = None
    """How many bytes of an answer come through before the connection breaks; None: all."""
    answers_cut: int = 0
    _target: tuple[str, int] = ("", 0)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_store, to_store = await asyncio.open_connection(*self._target)
        self._open |= {writer, to_store}
        with suppress(ConnectionError):
            await asyncio.gather(self._requests(reader, to_store), self._answers(from_store, writer))
        for each in (writer, to_store):
            each.close()
            self._open.discard(each)

    async def _requests(self, reader: asyncio.StreamReader, to_store: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            to_store.write(data)
            await to_store.drain()
        to_store.write_eof()

    async def _answers(self, from_store: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await from_store.read(65_536):
            if self.cut_after is not None:
                self.answers_cut += 1
                writer.write(data[: self.cut_after])
                writer.close()
                raise ConnectionResetError
            writer.write(data)
            await writer.drain()
        writer.close()

    def close(self) -> None:
        for each in self._open:
            each.close()


@asynccontextmanager
async def wire_to(endpoint_url: str) -> AsyncIterator[Wire]:
    target = urlsplit(endpoint_url)
    assert target.hostname is not None
    assert target.port is not None
    wire = Wire(_target=(target.hostname, target.port))
    server = await asyncio.start_server(wire.connection, "127.0.0.1", 0)
    wire.endpoint_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        wire.close()
        server.close()
        await server.wait_closed()
