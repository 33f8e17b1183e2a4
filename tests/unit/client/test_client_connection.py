import asyncio
from collections.abc import AsyncGenerator, Mapping
from urllib.parse import SplitResult, urlsplit

import pytest

from coordinator.client import connection as module
from coordinator.client.bodies import BytesBody
from coordinator.client.connection import Request
from coordinator.client.connections import Connections
from coordinator.client.retry import TransferFailed
from tests.unit.client.scripted import OK, answers, request_of, scripted


def put(
    url: SplitResult, body: bytes = b"", patience: float = 30.0, headers: Mapping[str, str] | None = None
) -> Request:
    return Request("PUT", url, headers or {}, BytesBody(body), patience)


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 1_280_000])
async def test_sends_what_it_was_given_and_reads_the_answer(size: int) -> None:
    seen: list[tuple[str, dict[str, str], bytes]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))
        writer.write(b'HTTP/1.1 200 OK\r\nETag: "abc"\r\nContent-Length: 0\r\n\r\n')

    body = (bytes(range(256)) * 5000)[:size]
    async with scripted(talk) as url:
        connections = Connections()
        answer = await connections.send(put(url, body, headers={"Content-MD5": "x=="}))
        await connections.aclose()
    assert (answer.status, answer.headers["etag"], answer.body) == (200, '"abc"', b"")
    [(line, headers, received)] = seen
    assert line == "PUT /path?q=1 HTTP/1.1"
    assert headers == {"host": url.netloc, "content-length": str(len(body)), "content-md5": "x=="}
    assert received == body


class Wire(asyncio.Transport):
    """Keeps what is written, call by call, and answers the first call."""

    def __init__(self, connection: module.Connection) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self._connection = connection

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.written:
            asyncio.get_running_loop().call_soon(self._connection.data_received, OK)
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:  # noqa: ARG002 - asyncio's
        return


async def test_a_small_body_goes_out_with_its_head() -> None:
    connection = module.Connection()
    wire = Wire(connection)
    connection.connection_made(wire)
    answer = await connection.send(put(urlsplit("http://127.0.0.1/"), b"body"))
    assert answer.status == 200
    assert [said.partition(b"\r\n\r\n")[2] for said in wire.written] == [b"body"]


async def test_a_line_that_takes_everything_at_once_leaves_their_turn_to_others() -> None:
    connection = module.Connection()
    wire = Wire(connection)
    connection.connection_made(wire)
    body = bytes(16 * 1024 * 1024)
    answer = await connection.send(put(urlsplit("http://127.0.0.1/"), body))
    assert answer.status == 200
    assert sum(map(len, wire.written)) < 6 * 1024 * 1024


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\n\r\nok",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK,
    ],
)
async def test_reads_answers_of_every_framing(said: bytes) -> None:
    async with scripted(answers(said)) as url:
        connections = Connections()
        answer = await connections.send(put(url))
        await connections.aclose()
    assert (answer.status, answer.body) == (200, b"ok")


async def test_a_kept_connection_is_used_again_and_one_that_was_closed_costs_nothing() -> None:
    async with scripted(answers(OK, OK), answers(OK)) as url:
        connections = Connections()
        for _ in range(3):  # the third finds the first connection closed
            assert (await connections.send(put(url, b"x" * 100_000))).status == 200
        await connections.aclose()


async def test_an_answer_that_comes_early_stops_the_sending() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        while await reader.read(1 << 20):  # a store reads on for a while
            pass

    sent: list[int] = []
    async with scripted(talk) as url:
        connections = Connections()

        class Endless:
            size = 1 << 40

            async def pieces(self, most: int = 100_000) -> AsyncGenerator[memoryview]:
                while True:
                    yield memoryview(bytes(most))

        request = Request("PUT", url, {}, Endless(), 30.0, on_sent=sent.append)
        async with asyncio.timeout(30):
            assert (await connections.send(request)).status == 403
        await connections.aclose()


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", b"no HTTP at all\r\n\r\n"]
)
async def test_half_an_answer_is_none(said: bytes) -> None:
    async with scripted(answers(said)) as url:
        connections = Connections()
        with pytest.raises(TransferFailed) as failed:
            await connections.send(put(url))
        await connections.aclose()
    assert failed.value.status == 0


async def test_a_store_that_never_answers_and_one_that_never_reads_are_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        await reader.read()

    async def deaf(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    monkeypatch.setattr(module, "_STALLED", 0.2)
    for talk, body in ((silent, b""), (deaf, b"x" * 30_000_000)):
        async with scripted(talk) as url:
            connections = Connections()
            with pytest.raises(TransferFailed) as failed:
                await asyncio.wait_for(connections.send(put(url, body, patience=0.2)), 30)
            await connections.aclose()
        assert failed.value.stalled


async def test_a_slow_receiver_is_waited_for_as_long_as_it_takes_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Longer than patience for a piece, and for what the system holds when all is written."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        left = 12_000_000
        while left:
            left -= len(await reader.read(50_000))
            await asyncio.sleep(0.02)
        assert head
        writer.write(OK)
        await reader.read()

    monkeypatch.setattr(module, "_STALLED", 1)
    async with scripted(slow) as url:
        connections = Connections()
        answer = await asyncio.wait_for(connections.send(put(url, bytes(12_000_000), patience=1)), 60)
        await connections.aclose()
    assert answer.status == 200


async def test_no_header_can_become_another_request() -> None:
    async with scripted(answers(OK)) as url:
        connections = Connections()
        for value in ("a\r\nHost: evil", "a\nb", "a\0b"):
            with pytest.raises(ValueError, match="line break"):
                await connections.send(put(url, headers={"X-Evil": value}))
        await connections.aclose()


async def test_why_nothing_answers() -> None:
    connections = Connections()
    async with scripted(answers(OK)) as url:
        pass
    for target, reason in (
        (url, "refused"),
        (url._replace(netloc="no-such-host.invalid"), "dns"),
    ):
        with pytest.raises(TransferFailed) as failed:
            await connections.send(put(target))
        assert failed.value.reason == reason

    async def plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        await reader.read()

    async with scripted(plainly) as plain:
        with pytest.raises(TransferFailed) as failed:
            await connections.send(put(plain._replace(scheme="https")))
        assert failed.value.reason == "tls"
    await connections.aclose()
