"""That the wire does what its faults say, byte by byte, and nothing when none is planned."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlsplit

import pytest

from tests.faults.calls import Call, request_of
from tests.faults.faults import (
    Answer,
    BitFlip,
    Duplicate,
    Fault,
    HalfClose,
    Latency,
    Reset,
    Side,
    Truncate,
    error_inside_200,
)
from tests.faults.faulty import Weather, Wire, wire_to

HEAD = b"POST /uploads/a%20key?uploadId=u HTTP/1.1\r\nHost: signed.example:1\r\nContent-Length: 4\r\n\r\n"
REQUEST = HEAD + b"part"
PUT = REQUEST.replace(b"POST", b"PUT", 1)
SAID = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n<a>1234</a>"

ENDS = (b"part", b"qart", b"0\r\n\r\n", b"part\r\n\r\n")
"""Of all requests here."""


@dataclass
class Echo:
    """A store that keeps what it hears of a connection, and says one thing."""

    answer: bytes = SAID
    heard: list[bytes] = field(default_factory=list)

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = b""
        while not heard.endswith(ENDS) and (read := await reader.read(65_536)):
            heard += read
        self.heard.append(heard)
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(echo: Echo) -> AsyncIterator[Wire]:
    server = await asyncio.start_server(echo.connection, "127.0.0.1", 0)
    async with wire_to(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as wire:
        yield wire
    server.close()
    await server.wait_closed()


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def wire(echo: Echo) -> AsyncIterator[Wire]:
    async with listening(echo) as wire:
        yield wire


async def talk(wire: Wire, *requests: bytes, answers: int = 1) -> bytes:
    """What comes back on one connection until it ends, or until so many answers of the store are here."""
    target = urlsplit(wire.endpoint_url)
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    writer.write(b"".join(requests))
    said = b""
    while said.count(b"</a>") < answers and (read := await reader.read(65_536)):
        said += read
    writer.close()
    return said


async def test_what_is_not_struck_passes_as_it_is_on_a_kept_connection(wire: Wire, echo: Echo) -> None:
    assert await talk(wire, REQUEST, REQUEST, answers=2) == SAID * 2
    assert echo.heard == [REQUEST] * 2
    assert wire.count(Call.COMPLETE, "a key") == 2


async def test_chunks_pass_in_both_directions(wire: Wire, echo: Echo) -> None:
    chunks = b"5;x=1\r\nhello\r\n0\r\nTrailer: t\r\n\r\n"
    request = (
        PUT.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked")[:-4] + b"4\r\npart\r\n0\r\n\r\n"
    )
    echo.answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    closing = PUT.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert await talk(wire, request, closing) == echo.answer * 2
    assert echo.heard == [request, closing]


async def test_answers_without_bodies_or_lengths_end_where_they_end(wire: Wire, echo: Echo) -> None:
    echo.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
    head = b"HEAD /uploads/key HTTP/1.1\r\nConnection: close\r\nX: part\r\n\r\n"
    assert await talk(wire, head.replace(b"Connection: close\r\n", b""), head) == echo.answer * 2
    echo.answer = b"HTTP/1.1 200 OK\r\n\r\nuntil the end"
    assert await talk(wire, PUT, PUT) == echo.answer, "nothing but its end ends such an answer"


async def test_who_expects_to_go_on_is_told_so(wire: Wire, echo: Echo) -> None:
    echo.answer = b"HTTP/1.1 100 Continue\r\n\r\n" + SAID
    waiting = HEAD.replace(b"Host", b"Expect: 100-continue\r\nHost")
    target = urlsplit(wire.endpoint_url)
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    writer.write(waiting)
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"part")
    assert await reader.readexactly(len(SAID)) == SAID
    writer.close()
    assert echo.heard == [waiting + b"part"]


@pytest.mark.parametrize(
    ("fault", "heard", "said"),
    [
        (Latency(1), [REQUEST], SAID),
        (HalfClose(), [REQUEST[: (len(HEAD) + len(REQUEST)) // 2]], SAID),
        (HalfClose(after=True), [REQUEST], SAID[: len(SAID) // 2]),
        (Truncate(0), [REQUEST], b""),
        (Truncate(12), [REQUEST], SAID[:12]),
        (Truncate(-1), [REQUEST], SAID[:-1]),
        (Duplicate(), [REQUEST] * 2, SAID),
        (BitFlip(Side.REQUEST, at=HEAD[:0]), [HEAD + b"qart"], SAID),
        (BitFlip(Side.ANSWER, at=b"<a>"), [REQUEST], SAID.replace(b"1234", b"0234")),
        (BitFlip(Side.ANSWER, bit=1), [REQUEST], SAID.replace(b"23", b"21")),
    ],
    ids=repr,
)
async def test_each_fault_does_what_it_says_once(
    wire: Wire, echo: Echo, fault: Fault, heard: list[bytes], said: bytes
) -> None:
    strike = wire.plan(Call.COMPLETE, fault, about="a key")
    assert await talk(wire, REQUEST) == said
    assert (strike.struck, echo.heard) == (True, heard)
    assert await talk(wire, REQUEST) == SAID, "it strikes once"


@pytest.mark.parametrize("after", [False, True])
async def test_a_reset_is_one(wire: Wire, echo: Echo, *, after: bool) -> None:
    wire.plan(Call.COMPLETE, Reset(after=after))
    with pytest.raises(ConnectionResetError):
        await talk(wire, REQUEST)
    assert echo.heard == [REQUEST] * after


@pytest.mark.parametrize("after", [False, True])
async def test_an_invented_answer_leaves_the_connection(wire: Wire, echo: Echo, *, after: bool) -> None:
    wire.plan(Call.COMPLETE, error_inside_200(after=after))
    said = await talk(wire, REQUEST, REQUEST)
    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.endswith(b"</Error>" + SAID)
    assert echo.heard == [REQUEST] * (2 if after else 1)


async def test_an_invented_answer_to_head_has_no_body(wire: Wire) -> None:
    wire.plan(Call.HEAD, Answer(503, "SlowDown"))
    said = await talk(wire, b"HEAD /uploads/key HTTP/1.1\r\n\r\n", REQUEST)
    assert b"Error" not in said
    assert said.endswith(SAID)


async def test_a_strike_waits_for_its_call_its_key_and_its_turn(wire: Wire) -> None:
    strike = wire.plan(Call.COMPLETE, Truncate(0), about="/a key?", nth=2)
    other = REQUEST.replace(b"a%20key", b"another%20key")
    assert await talk(wire, PUT, REQUEST, other, answers=3) == SAID * 3
    assert not strike.struck
    assert await talk(wire, REQUEST) == b""
    assert strike.struck


async def test_a_flip_that_finds_nothing_to_flip_has_not_struck(wire: Wire, echo: Echo) -> None:
    strikes = [wire.plan(Call.COMPLETE, BitFlip(side, at=b"<b>")) for side in Side]
    assert await talk(wire, REQUEST, REQUEST, answers=2) == SAID * 2
    assert not any(strike.struck for strike in strikes)


async def test_bad_weather_strikes_its_share(wire: Wire) -> None:
    wire.weather = Weather(Call.PART, (Truncate(0),), 0.5, Random(3))
    assert await talk(wire, *[REQUEST] * 20, answers=20) == SAID * 20
    lost = [await talk(wire, PUT) for _ in range(40)].count(b"")
    assert lost == wire.bad_weather
    assert 10 < lost < 30


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("POST /b/k?uploads", Call.CREATE),
        ("PUT /b/k?partNumber=1&uploadId=u", Call.PART),
        ("GET /b/k?uploadId=u", Call.PARTS),
        ("GET /b?uploads&prefix=k", Call.UPLOADS),
        ("POST /b/k?uploadId=u", Call.COMPLETE),
        ("DELETE /b/k?uploadId=u", Call.ABORT),
        ("HEAD /b/k", Call.HEAD),
        ("GET /b/k?X-Amz-Signature=s", Call.GET),
        ("PUT /b/k", None),
    ],
)
def test_every_call_is_known_by_its_line(line: str, call: Call | None) -> None:
    assert request_of(f"{line} HTTP/1.1\r\n\r\n".encode()).call is call
