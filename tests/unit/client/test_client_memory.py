"""What a part costs in memory does not depend on its size."""

import asyncio
import tracemalloc
from pathlib import Path

from coordinator.client.bodies import PIECE
from coordinator.client.connection import Request
from coordinator.client.connections import Connections
from coordinator.client.files import open_file
from tests.unit.client.scripted import OK, scripted

MIB = 1024 * 1024
SIZE = 64 * MIB


async def reads_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    left = SIZE
    while left:
        left -= len(await reader.read(PIECE))
    writer.write(OK)
    await reader.read()


async def test_a_part_of_64_mib_is_sent_in_a_few(tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    with path.open("wb") as file:
        file.truncate(SIZE)
    opened = open_file(path)
    connections = Connections()
    async with scripted(reads_all) as url:
        tracemalloc.start()
        try:
            answer = await connections.send(Request("PUT", url, {}, opened.body(0, SIZE), 60))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            await connections.aclose()
            opened.close()
    assert answer.status == 200
    assert most < 8 * MIB, f"{most} bytes at once, this server's among them"
