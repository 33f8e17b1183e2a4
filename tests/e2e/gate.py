"""A gate between the coordinator and its store that can hold one request, and so choose what a crash falls between.

The Host header is left as it was sent, so that signatures for the gate's address hold at the store. Every connection
carries one request: the gate asks both sides to close afterwards, and need not understand answers.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

LOOPBACK = "127.0.0.1"
PATIENCE = 60.0


class Call(StrEnum):
    CREATE = "CreateMultipartUpload"
    COMPLETE = "CompleteMultipartUpload"
    ABORT = "AbortMultipartUpload"
    LOOK = "HeadObject"


class Moment(StrEnum):
    BEFORE = "before the store hears of it"
    AFTER = "after the store has acted"


@dataclass(eq=False)
class Hold:
    """One request that is to be stopped. What was dropped, or never decided, reaches nobody."""

    call: Call
    moment: Moment
    _there: asyncio.Event = field(default_factory=asyncio.Event)
    _decided: asyncio.Event = field(default_factory=asyncio.Event)
    _goes_on: bool = False

    async def caught(self) -> None:
        """Returns once the request stands at the gate, or its answer does."""
        await asyncio.wait_for(self._there.wait(), PATIENCE)

    def drop(self) -> None:
        self._decided.set()

    def let_through(self) -> None:
        self._goes_on = True
        self._decided.set()

    async def passes(self) -> bool:
        self._there.set()
        await self._decided.wait()
        return self._goes_on


class Gate:
    def __init__(self, store_url: str) -> None:
        target = urlsplit(store_url)
        self._store = (target.hostname, target.port)
        self._holds: list[Hold] = []
        self._undecided: list[Hold] = []
        self.endpoint_url = ""
        self.seen: list[Call] = []
        """Every request of a kind that can be held, in the order of their arrival."""

    def hold(self, call: Call, moment: Moment) -> Hold:
        """Stop the next request of this kind, and no other."""
        hold = Hold(call, moment)
        self._holds.append(hold)
        self._undecided.append(hold)
        return hold

    def close(self) -> None:
        for hold in self._undecided:
            hold.drop()

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # a sender that is gone, or that was killed, is what this is for
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_length(head))
            answer = await self._pass(head, body)
            if answer is not None:
                writer.write(answer)
                await writer.drain()
        writer.close()

    async def _pass(self, head: bytes, body: bytes) -> bytes | None:
        """The store's answer; None when it, or the request, was dropped."""
        hold = self._hold_for(_call(head))
        if hold is not None and hold.moment is Moment.BEFORE and not await hold.passes():
            return None
        answer = await self._ask_store(head, body)
        if hold is not None and hold.moment is Moment.AFTER and not await hold.passes():
            return None
        return answer

    def _hold_for(self, call: Call | None) -> Hold | None:
        if call is None:
            return None
        self.seen.append(call)
        hold = next((hold for hold in self._holds if hold.call is call), None)
        if hold is not None:
            self._holds.remove(hold)
        return hold

    async def _ask_store(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*self._store)
        try:
            writer.write(head.removesuffix(b"\r\n") + b"Connection: close\r\n\r\n" + body)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def gate_to(store_url: str) -> AsyncIterator[Gate]:
    gate = Gate(store_url)
    server = await asyncio.start_server(gate.connection, LOOPBACK, 0)
    gate.endpoint_url = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    try:
        yield gate
    finally:
        gate.close()
        server.close()
        await server.wait_closed()


def _length(head: bytes) -> int:
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return int(found.group(1)) if found else 0


def _call(head: bytes) -> Call | None:
    method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
    query = parse_qs(urlsplit(target).query, keep_blank_values=True)
    if method == "POST" and "uploads" in query:
        return Call.CREATE
    if method == "HEAD" and urlsplit(target).path.strip("/").count("/"):
        return Call.LOOK
    if "uploadId" not in query:
        return None
    return {"POST": Call.COMPLETE, "DELETE": Call.ABORT}.get(method)
