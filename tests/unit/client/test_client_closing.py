"""A client that is closed leaves nothing behind, and is of no use any more."""

import asyncio
import sys
from pathlib import Path

import pytest

from coordinator.client import AsyncClient, Client, WrongUse
from tests.unit.client.scripted import request_of, scripted

_LEAVES_EARLY = """
import sys
from coordinator.client import Client, under_way

under_way._SETTLE = 0.2
url, state, *paths = sys.argv[1:]
with Client(url, state=state) as client:
    for outcome in client.upload_many(paths):
        break
with Client(url, state=state) as client:
    outcomes = client.upload_many(paths)
    print(next(outcomes).error.code)
"""


async def never_answers(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await request_of(reader)
    await reader.read()


async def test_who_leaves_many_uploads_early_is_told_of_nothing(tmp_path: Path) -> None:
    """Neither by asyncio nor by the interpreter."""
    for name in "abc":
        (tmp_path / name).write_bytes(b"x")
    paths = [str(tmp_path / name) for name in ("missing", "a", "b", "c")]
    async with scripted(never_answers) as url:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "always::ResourceWarning", "-c", _LEAVES_EARLY),
            *(f"http://{url.netloc}", str(tmp_path / "state"), *paths),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        stdout, stderr = await asyncio.wait_for(process.communicate(), 60)
    assert (stdout, stderr) == (b"file_missing\n", b"")
    assert process.returncode == 0


async def test_a_closed_client_says_so(tmp_path: Path) -> None:
    async with AsyncClient("http://127.0.0.1:1", state=tmp_path) as client:
        pass
    with pytest.raises(WrongUse, match="closed"):
        client.uploading(b"x")
    with pytest.raises(WrongUse, match="closed"):
        await client.upload(b"x")
    with pytest.raises(WrongUse, match="closed"):
        await client.get("1")
    with pytest.raises(WrongUse, match="closed"):
        [one async for one in client.upload_many([tmp_path / "x"])]
    await client.aclose()


def test_a_closed_client_says_so_without_asyncio(tmp_path: Path) -> None:
    client = Client("http://127.0.0.1:1", state=tmp_path)
    client.close()
    with pytest.raises(WrongUse, match="closed"):
        client.upload(b"x")
    with pytest.raises(WrongUse, match="closed"):
        list(client.upload_many([tmp_path / "x"]))
    client.close()
