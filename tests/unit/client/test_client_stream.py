"""What a stream's parts are held in until they are at the store."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from coordinator.client import stream
from coordinator.client.digests import Hashing
from coordinator.client.errors import NoRoom, StreamTooLong
from coordinator.client.progress import Meter
from coordinator.client.stream import HeldPart, Memory, Stream
from coordinator.client.stream_supply import StreamSupply
from coordinator.uploads.plan import AWS_LIMITS

CONTENT = os.urandom(50_000)


async def pieces(size: int = 777) -> AsyncIterator[bytes]:
    for start in range(0, len(CONTENT), size):
        yield CONTENT[start : start + size]


async def body_of(part: HeldPart) -> bytes:
    return b"".join([bytes(piece) async for piece in part.body().pieces(1000)])


def open_files() -> int:
    """Temporary ones, which have no name: others come and go with whatever else this process tested."""
    gc.collect()
    held = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the directory's own, which is listed and closed
            held += str(descriptor.readlink()).endswith(" (deleted)")
    return held


@pytest.mark.parametrize("room", [0, 1000, 10_000, 15_000, 1_000_000])
async def test_parts_are_whole_wherever_they_are_held(room: int) -> None:
    memory, before = Memory(room), open_files()
    source = Stream(pieces(), "f", memory, None)
    held = [await source.next_part(10_000) for _ in range(5)]
    assert source.ended
    assert b"".join([await body_of(part) for part in held]) == CONTENT
    assert b"".join([part.read(0, part.size) for part in held]) == CONTENT
    assert open_files() - before == 5 - min(5, room // 10_000)
    for part in held:
        part.drop()
        part.drop()
    assert open_files() == before
    assert memory.take(room)
    assert not memory.take(1)


@pytest.mark.parametrize("written", [0, 1])
async def test_a_part_that_is_dropped_while_it_is_written_lets_nobody_write_elsewhere(
    monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """The number of a closed file may be another one's by the time the thread comes to write."""
    begun, goes_on, over = Event(), Event(), Event()
    write, stage = stream._write_all, -1

    def slowly(*given: Any) -> None:
        nonlocal stage
        stage += 1
        if stage == 2 * written:
            begun.set()
            goes_on.wait(60)
        try:
            write(*given)
        finally:
            if stage == 1 + written:
                over.set()

    monkeypatch.setattr("coordinator.client.stream._write_all", slowly)
    before = open_files()
    part = HeldPart(Memory(0))
    for _ in range(written):
        await part.append(memoryview(CONTENT))
    writing = asyncio.create_task(part.append(memoryview(CONTENT)))
    assert await asyncio.to_thread(begun.wait, 60)
    writing.cancel()
    await asyncio.wait({writing})
    part.drop()
    assert open_files() == before + 1
    goes_on.set()
    assert await asyncio.to_thread(over.wait, 60)
    del part, writing
    async with asyncio.timeout(60):
        while open_files() > before:  # noqa: ASYNC110 - a thread lets go of it
            await asyncio.sleep(0.01)


async def test_a_full_disk_is_said_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full").open("wb", buffering=0)  # noqa: ASYNC230, SIM115 - closed by the part
    monkeypatch.setattr("coordinator.client.stream.TemporaryFile", lambda **_: full)
    memory = Memory(5_000)
    with pytest.raises(NoRoom, match="TMPDIR"):
        await Stream(pieces(), "f", memory, None).next_part(10_000)
    assert full.closed
    assert memory.take(5_000)


@pytest.mark.parametrize("over", [0, 1])
async def test_a_stream_of_too_many_parts_is_said_before_the_next_one(over: int) -> None:
    async def zeros() -> AsyncIterator[bytes]:
        for _ in range(AWS_LIMITS.max_parts):
            yield b"0" * 10
        yield b"0" * over

    source = Stream(zeros(), "endless", Memory(), None)
    supply = StreamSupply(source, 10, Hashing(), None, stored={}, meter=Meter(None, None))
    for number in range(1, 10_001):
        outgoing = await supply.next()
        assert outgoing is not None
        assert outgoing.number == number
        supply.settle(outgoing)
    if not over:
        assert await supply.next() is None
        return
    with pytest.raises(
        StreamTooLong, match=r"longer than 100,000 bytes, .* 10,000 parts of 10 bytes .* \(part_size\)"
    ):
        await supply.next()
