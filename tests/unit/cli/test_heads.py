"""Request heads on a real server of our own making, over raw connections."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from coordinator.cli.heads import BoundedHeads

PATIENCE = 30
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"


SOON = 0.3


class Hasty(BoundedHeads):
    head_within = SOON


class Serving(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


asked = asyncio.Event()
"""Somebody's head is here."""


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers a GET at once, a POST when its body is here, and a DELETE without reading its body."""
    asked.set()
    if scope["method"] == "POST":
        while (await receive()).get("more_body"):
            pass
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For whoever is to be answered, on a machine that may be busy."""
    monkeypatch.setattr(Hasty, "head_within", PATIENCE * 10)


@pytest.fixture
async def server() -> AsyncIterator[Serving]:
    asked.clear()
    config = uvicorn.Config(
        app, port=0, http=Hasty, ws="none", lifespan="off", log_config=None, timeout_keep_alive=PATIENCE
    )
    server = Serving(config)
    serving = asyncio.create_task(server._serve())
    await asyncio.wait_for(server.ready.wait(), PATIENCE)
    yield server
    server.should_exit = True
    await serving


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def say(self, data: bytes) -> None:
        self._writer.write(data)

    async def answer(self) -> bytes:
        said = await asyncio.wait_for(self._reader.readuntil(b"ok"), PATIENCE)
        return said.partition(b"\r\n")[0]

    async def ended(self) -> bytes:
        """What still came."""
        try:
            return await asyncio.wait_for(self._reader.read(), PATIENCE)
        except ConnectionResetError:
            return b""


@pytest.fixture
async def connection(server: Serving) -> AsyncIterator[Connection]:
    address = server.servers[0].sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(*address)
    yield Connection(reader, writer)
    writer.close()


@pytest.mark.parametrize("begun", [b"", b"GET / HT", GET[:-2], b"\r\n\r\n", b"\r\n" * 50], ids=repr)
async def test_a_head_that_does_not_end_is_hung_up_on(connection: Connection, begun: bytes) -> None:
    connection.say(begun)
    assert await connection.ended() == b""


@pytest.mark.parametrize("begun", [b"GET / HT", GET[:-2], b"\r\n"], ids=repr)
async def test_so_is_the_next_one_on_the_same_connection(
    patient: None, connection: Connection, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    connection.say(GET)
    assert await connection.answer() == b"HTTP/1.1 200 OK"
    monkeypatch.setattr(Hasty, "head_within", SOON)
    connection.say(begun)
    assert await connection.ended() == b""


async def test_a_head_that_trickles_is_not_in_time(connection: Connection) -> None:
    async def trickle() -> None:
        for byte in GET.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * 10_000):
            connection.say(bytes([byte]))
            await asyncio.sleep(0.01)

    trickling = asyncio.create_task(trickle())
    assert await connection.ended() == b""
    trickling.cancel()


async def test_a_head_without_end_is_cut_off_by_its_size(patient: None, connection: Connection) -> None:
    connection.say(GET[:-2] + b"X: " + b"x" * 200_000)
    assert await connection.ended() == b""


async def test_a_body_that_is_read_and_a_pause_have_limits_of_their_own(
    patient: None, server: Serving, connection: Connection
) -> None:
    connection.say(POST + b"123")
    await asyncio.wait_for(asked.wait(), PATIENCE)
    [protocol] = server.server_state.connections
    assert isinstance(protocol, Hasty)
    assert protocol._late is None
    connection.say(b"456789")
    assert await connection.answer() == b"HTTP/1.1 200 OK"
    assert protocol._late is None
    assert protocol.timeout_keep_alive_task is not None


async def test_a_body_that_nobody_read_may_not_trickle_for_ever(
    patient: None, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.say(POST.replace(b"POST", b"DELETE") + b"1")
    assert await connection.answer() == b"HTTP/1.1 200 OK"
    monkeypatch.setattr(Hasty, "head_within", SOON)
    connection.say(b"2")
    assert await connection.ended() == b""


async def test_requests_one_after_the_other_and_all_at_once(patient: None, connection: Connection) -> None:
    for _ in range(20):
        connection.say(GET)
        assert await connection.answer() == b"HTTP/1.1 200 OK"
    connection.say(GET * 3 + POST + b"123456789")
    for _ in range(4):
        assert (await connection.answer()).endswith(b"200 OK")
