"""A wire to a real store that does, to exactly the exchanges a test names, what bad networks and stores do.

The Host header and every other byte stay as sent, so that signatures for the wire's address hold at the store. The
sender's connection is kept from request to request; each request goes to the store on a connection of its own. Whole
messages are held in memory. To `Expect: 100-continue` the wire itself says yes.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from random import Random
from urllib.parse import urlsplit

from tests.faults.calls import Call, Request, request_of
from tests.faults.faults import Answer, BitFlip, Duplicate, Fault, HalfClose, Latency, Reset, Side, Truncate
from tests.faults.messages import Message, expects_continue, flipped, read_answer, read_request

LOOPBACK = "127.0.0.1"


class Ending(Enum):
    """Of the sender's connection, after the answer."""

    KEPT = auto()
    CLOSED = auto()
    HALF_CLOSED = auto()
    RESET = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    data: bytes
    ending: Ending
    struck: bool = True
    """Whether the fault found what it strikes."""


@dataclass(eq=False, slots=True)
class Strike:
    """One planned fault, for the `nth` matching request from now on, and whether it has come to pass."""

    call: Call
    fault: Fault
    about: str
    nth: int
    struck: bool = False

    async def happened(self) -> bool:
        return self.struck

    def falls_on(self, request: Request) -> bool:
        if request.call is not self.call or self.about not in request.target:
            return False
        self.nth -= 1
        return self.nth == 0


@dataclass(frozen=True, slots=True)
class Weather:
    """Faults that come at random, to this share of the requests of a kind."""

    call: Call
    faults: Sequence[Fault]
    share: float
    rng: Random

    def fault_for(self, request: Request) -> Fault | None:
        if request.call is not self.call or self.rng.random() >= self.share:
            return None
        return self.rng.choice(self.faults)


@dataclass
class Wire:
    endpoint_url: str
    store: tuple[str, int]
    weather: Weather | None = None
    seen: list[Request] = field(default_factory=list)
    """Every request, as it was sent: a duplicate counts once."""
    bad_weather: int = 0
    _strikes: list[Strike] = field(default_factory=list)
    _open: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    def plan(self, call: Call, fault: Fault, *, about: str = "", nth: int = 1) -> Strike:
        """Strike the `nth` request of this kind from now on whose path or query holds `about`, and no other."""
        strike = Strike(call, fault, about, nth)
        self._strikes.append(strike)
        return strike

    def count(self, call: Call, about: str = "") -> int:
        return sum(request.call is call and about in request.target for request in self.seen)

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        # whoever is on either side may go at any moment: that is what this is for
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._exchange(reader, writer):
                pass
        writer.close()
        del self._open[task]

    async def close(self) -> None:
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection stands for another one."""
        head = await reader.readuntil(b"\r\n\r\n")
        if expects_continue(head):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request = await read_request(reader, head)
        asked = request_of(head)
        self.seen.append(asked)
        # all of them, because each counts the requests it is waiting for
        fallen = [strike for strike in self._strikes if strike.falls_on(asked)]
        if fallen:
            reply = await self._reply(request, fallen[0].fault)
            fallen[0].struck = reply.struck
        else:
            reply = await self._reply(request, self._weather_for(asked))
        writer.write(reply.data)
        return await _ended(reader, writer, reply.ending)

    def _weather_for(self, asked: Request) -> Fault | None:
        fault = None if self.weather is None else self.weather.fault_for(asked)
        self.bad_weather += fault is not None
        return fault

    async def _reply(self, request: Message, fault: Fault | None) -> Reply:
        match fault:
            case HalfClose(after=False):
                return Reply(await self._ask_half(request), Ending.CLOSED)
            case Reset(after=False) | Answer(after=False):
                return _as_heard(request, None, fault)
            case BitFlip(side, at, bit):
                return await self._turned(request, side, at, bit)
            case Latency(milliseconds):
                await asyncio.sleep(milliseconds / 1000)
            case Duplicate():
                await self._ask(request)
        return _as_heard(request, await self._ask(request), fault)

    async def _turned(self, request: Message, side: Side, at: bytes | None, bit: int) -> Reply:
        turned = flipped(request, at, bit) if side is Side.REQUEST else request
        answer = await self._ask(turned or request)
        if side is Side.ANSWER:
            turned = flipped(answer, at, bit)
            answer = turned or answer
        return replace(_passed_on(answer, request), struck=turned is not None)

    async def _ask(self, request: Message) -> Message:
        reader, writer = await asyncio.open_connection(*self.store)
        try:
            writer.write(request.raw)
            # a store that refuses need not read all of it
            with suppress(ConnectionError):
                await writer.drain()
            return await read_answer(reader, to=request.head)
        finally:
            writer.close()

    async def _ask_half(self, request: Message) -> bytes:
        """Whatever the store says to half a request."""
        reader, writer = await asyncio.open_connection(*self.store)
        try:
            end = (len(request.head) + len(request.raw)) // 2 if request.body else len(request.head) // 2
            writer.write(request.raw[:end])
            writer.write_eof()
            return await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def wire_to(store_url: str) -> AsyncIterator[Wire]:
    target = urlsplit(store_url)
    assert target.hostname is not None
    assert target.port is not None
    wire = Wire("", (target.hostname, target.port))
    server = await asyncio.start_server(wire.connection, LOOPBACK, 0)
    wire.endpoint_url = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        server.close()
        await wire.close()
        await server.wait_closed()


async def _ended(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ending: Ending) -> bool:
    match ending:
        case Ending.KEPT:
            await writer.drain()
            return True
        case Ending.HALF_CLOSED:
            writer.write_eof()
            await reader.read()
        case Ending.RESET:
            plug: socket.socket = writer.get_extra_info("socket")
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
    return False


def _as_heard(request: Message, answer: Message | None, fault: Fault | None) -> Reply:
    """What of the store's answer reaches the sender."""
    raw = b"" if answer is None else answer.raw
    match fault:
        case Reset():
            return Reply(b"", Ending.RESET)
        case HalfClose():
            return Reply(raw[: len(raw) // 2], Ending.HALF_CLOSED)
        case Truncate(length):
            return Reply(raw[:length], Ending.CLOSED)
        case Answer():
            return Reply(_invented(fault, request), Ending.KEPT)
    assert answer is not None
    return _passed_on(answer, request)


def _passed_on(answer: Message, request: Message) -> Reply:
    return Reply(answer.raw, Ending.CLOSED if answer.last or request.last else Ending.KEPT)


def _invented(answer: Answer, request: Message) -> bytes:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{answer.code}</Code><Message>No.</Message></Error>'
    head = f"HTTP/1.1 {answer.status} Said\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head if request.head.startswith(b"HEAD ") else head + body).encode()
