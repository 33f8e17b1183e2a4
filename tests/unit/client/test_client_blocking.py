"""What is read in a thread of its own: it ends as the source ends, and holds nothing and nobody up."""

import asyncio
import gzip
import io
import os
import sys
import threading
from collections.abc import Iterator
from http.client import IncompleteRead
from threading import Event, get_ident
from typing import Any
from zipfile import BadZipFile

import pytest

from coordinator.client.blocking import Pulled
from coordinator.client.errors import FileUnreadable
from coordinator.client.options import UploadOptions
from coordinator.client.sources import opening_of
from coordinator.client.stream import HeldPart, Memory, Stream

DEADLINE = 60

_WAITS_FOR_EVER = """
import asyncio, sys, threading
from coordinator.client.options import UploadOptions
from coordinator.client.sources import opening_of
from coordinator.client.stream import Memory

begun = threading.Event()

def waits():
    begun.set()
    threading.Event().wait()
    yield b"never"

async def main():
    stream = opening_of(waits(), UploadOptions(gzip=sys.argv[1] == "packed"), Memory()).open()
    reading = asyncio.ensure_future(stream.next_part(100))
    while not begun.is_set():
        await asyncio.sleep(0.01)
    reading.cancel()
    await asyncio.wait({reading})
    stream.close()
    print("left", reading.cancelled())

asyncio.run(main())
"""


def stream_of(source: Any) -> Stream:
    stream = opening_of(source, UploadOptions(), Memory()).open()
    assert isinstance(stream, Stream)
    return stream


async def first_part(source: Any) -> HeldPart:
    async with asyncio.timeout(DEADLINE):
        return await stream_of(source).next_part(1024 * 1024)


class Broken(io.RawIOBase):
    def __init__(self, error: BaseException) -> None:
        self._error = error
        self._pieces = [b"what came before"]

    def read(self, _: int = -1) -> bytes:
        if self._pieces:
            return self._pieces.pop()
        raise self._error


@pytest.mark.parametrize(
    "error",
    [EOFError("cut"), BadZipFile("CRC"), IncompleteRead(b""), KeyError("row"), MemoryError(), SystemExit(3)],
    ids=repr,
)
async def test_what_a_reader_raises_is_raised_as_it_is(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised:
        await first_part(Broken(error))
    assert raised.value is error

    def pieces() -> Iterator[bytes]:
        yield b"what came before"
        raise error

    with pytest.raises(type(error)) as raised:
        await first_part(pieces())
    assert raised.value is error


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), ValueError("I/O on closed file")])
async def test_a_file_that_cannot_be_read_is_said(error: Exception) -> None:
    with pytest.raises(FileUnreadable, match="cannot be read: "):
        await first_part(Broken(error))


async def test_an_end_of_something_else_is_not_the_end_of_a_source() -> None:
    class Wrong:
        def __iter__(self) -> Iterator[bytes]:
            return self

        def __next__(self) -> bytes:
            raise StopAsyncIteration

    with pytest.raises(RuntimeError, match="raised StopIteration"):
        await first_part(Broken(StopIteration()))
    with pytest.raises(RuntimeError, match="raised StopAsyncIteration"):
        await first_part(Wrong())


async def test_a_packed_file_that_is_cut_off_is_no_shorter_one() -> None:
    whole = gzip.compress(os.urandom(300_000))
    with gzip.open(io.BytesIO(whole[:200_000])) as file, pytest.raises(EOFError):
        await first_part(file)


@pytest.mark.parametrize("packed", ["packed", "plain"])
async def test_a_generator_that_waits_for_ever_keeps_no_program_from_ending(packed: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _WAITS_FOR_EVER, packed),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said = await asyncio.wait_for(process.communicate(), DEADLINE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (said, process.returncode) == ((b"left True\n", b""), 0)


class Rows:
    """Of a generator that tells who does what with it."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.given = 0
        self.closed = Event()

    def pieces(self) -> Iterator[bytes]:
        try:
            while True:
                self.threads.add(get_ident())
                self.given += 1
                yield b"%d," % self.given
        finally:
            self.threads.add(get_ident())
            self.closed.set()


async def test_one_thread_pulls_a_generator_in_order_and_closes_it() -> None:
    rows = Rows()
    pulled = Pulled(rows.pieces())
    async with asyncio.timeout(DEADLINE):
        assert [await anext(pulled) for _ in range(20)] == [b"%d," % number for number in range(1, 21)]
    assert rows.given == 20  # nothing that was not asked for
    assert not rows.closed.is_set()
    pulled.close()
    pulled.close()
    assert await asyncio.to_thread(rows.closed.wait, DEADLINE)
    assert len(rows.threads) == 1
    assert get_ident() not in rows.threads


async def test_a_generator_that_is_waited_for_is_closed_once_it_goes_on() -> None:
    begun, goes_on, closed = Event(), Event(), Event()

    def pieces() -> Iterator[bytes]:
        try:
            begun.set()
            goes_on.wait(DEADLINE)
            yield b"late"
            raise AssertionError("nobody asked for more")
        finally:
            closed.set()

    stream = stream_of(pieces())
    reading = asyncio.ensure_future(stream.next_part(100))
    assert await asyncio.to_thread(begun.wait, DEADLINE)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    stream.close()
    assert not closed.is_set()
    goes_on.set()
    assert await asyncio.to_thread(closed.wait, DEADLINE)


def test_a_loop_that_is_closed_leaves_no_thread() -> None:
    rows = Rows()

    async def leave() -> threading.Thread:
        await anext(pulled)
        [thread] = [one for one in threading.enumerate() if one.ident in rows.threads]
        await anext(pulled)
        return thread

    pulled = Pulled(rows.pieces(), ahead=5)
    thread = asyncio.run(leave())
    pulled.close()
    thread.join(DEADLINE)
    assert not thread.is_alive()
    assert rows.closed.is_set()


async def test_what_has_ended_stays_ended() -> None:
    async with asyncio.timeout(DEADLINE):
        pulled = Pulled(iter([b"one"]))
        assert [piece async for piece in pulled] == [b"one"]
        assert [piece async for piece in pulled] == []
