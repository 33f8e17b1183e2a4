"""What is sent of a source is what its reader would read."""

import bz2
import gzip
import io
import lzma
from array import array
from collections.abc import AsyncIterator, Callable, Iterator
from ctypes import c_int
from pathlib import Path
from tempfile import NamedTemporaryFile, SpooledTemporaryFile
from typing import Any, cast

import pytest

from coordinator.client.errors import FileUnreadable, WrongUse
from coordinator.client.files import OpenFile
from coordinator.client.options import UploadOptions
from coordinator.client.sources import opening_of
from coordinator.client.stream import Memory, Stream

TEXT = b"more than what is stored\n" * 300


async def sent(source: Any, **options: Any) -> bytes:
    content = opening_of(source, UploadOptions(**options), Memory()).open()
    if isinstance(content, Stream):
        part = await content.next_part(1024 * 1024)
        return part.read(0, part.size)
    try:
        return content.read(0, content.size)
    finally:
        content.close()


@pytest.mark.parametrize("opened", [gzip.open, bz2.open, lzma.open])
async def test_a_decompressor_is_read_and_not_the_file_below_it(
    tmp_path: Path, opened: Callable[..., Any]
) -> None:
    with opened(tmp_path / "packed", "wb") as packing:
        packing.write(TEXT)
    with opened(tmp_path / "packed", "rb") as file:
        assert await sent(file) == TEXT
    with opened(tmp_path / "packed", "rb") as file, io.BufferedReader(file) as buffered:
        assert await sent(buffered) == TEXT


async def test_a_reader_that_changes_bytes_is_read(tmp_path: Path) -> None:
    class Louder(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return (super().read(-1 if size is None else size) or b"").upper()

    (tmp_path / "file").write_bytes(TEXT)
    with Louder(tmp_path / "file") as file:
        assert await sent(file) == TEXT.upper()


@pytest.mark.parametrize(
    "how", [{"mode": "rb"}, {"mode": "rb", "buffering": 0}, {"mode": "r+b"}, {"mode": "r"}]
)
async def test_a_file_is_sent_whole_wherever_its_reader_stands(tmp_path: Path, how: dict[str, Any]) -> None:
    path = tmp_path / "file"
    path.write_bytes(TEXT)
    with path.open(**how) as file:
        file.read(100)
        assert isinstance(opening_of(file, UploadOptions(), Memory()).open(), OpenFile)
        assert await sent(file) == TEXT


async def test_what_was_written_to_a_temporary_file_is_sent() -> None:
    with NamedTemporaryFile() as file:
        file.write(TEXT)
        assert await sent(file) == TEXT


@pytest.mark.parametrize("pieces", [[1, 2], ["text"], [None, b""]])
@pytest.mark.parametrize("packed", [False, True])
async def test_what_yields_no_bytes_is_said(pieces: Any, *, packed: bool) -> None:
    stream = opening_of(iter(pieces), UploadOptions(gzip=packed), Memory()).open()
    assert isinstance(stream, Stream)
    with pytest.raises(WrongUse, match="must yield bytes"):
        await stream.next_part(100)


def test_a_digest_that_nobody_knows_is_said() -> None:
    for given in ({"digests": "crc"}, {"file_digest": "crc"}):
        with pytest.raises(WrongUse, match="must be one of"):
            UploadOptions(**given)  # type: ignore[arg-type]


async def test_what_is_compressed_is_what_would_be_sent(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(TEXT)
    assert gzip.decompress(await sent(path, gzip=True)) == TEXT
    assert gzip.decompress(await sent(TEXT, gzip=True)) == TEXT
    with path.open("rb") as file:
        file.seek(5)
        assert gzip.decompress(await sent(file, gzip=True)) == TEXT
    memory = io.BytesIO(TEXT)
    memory.seek(5)
    assert gzip.decompress(await sent(memory, gzip=True)) == TEXT[5:]


async def test_what_is_in_memory_is_sent_from_where_it_stands() -> None:
    """As whatever else has `read`, but for a file on a disk."""
    memory = io.BytesIO(TEXT)
    assert await sent(memory) == TEXT
    assert memory.read(7) == TEXT[:7]
    assert await sent(memory) == TEXT[7:]
    assert await sent(io.BufferedReader(memory)) == TEXT[7:]
    assert await sent(io.BytesIO()) == b""


async def test_what_was_written_to_memory_and_not_gone_back_in_is_no_empty_file() -> None:
    memory = io.BytesIO()
    memory.write(TEXT)
    with pytest.raises(WrongUse, match=r"seek\(0\)"):
        await sent(memory)
    memory.seek(0)
    assert await sent(memory) == TEXT


async def test_a_reader_that_stands_at_its_end_is_no_empty_file() -> None:
    with SpooledTemporaryFile() as file:
        assert await sent(file) == b""
        file.write(TEXT)
        with pytest.raises(WrongUse, match=r"seek\(0\)"):
            await sent(file)
        file.seek(5)
        assert await sent(file) == TEXT[5:]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_generator_is_the_content_of_one_upload(*, packed: bool, asynchronous: bool) -> None:
    """What another upload has left of it would be sent as if it were all: nothing, where that one has ended."""

    def pieces() -> Iterator[bytes]:
        yield TEXT
        yield TEXT

    async def later() -> AsyncIterator[bytes]:
        for piece in pieces():
            yield piece

    given = later() if asynchronous else pieces()
    first, second = (
        cast("Stream", opening_of(given, UploadOptions(gzip=packed), Memory()).open()) for _ in range(2)
    )
    second.close()
    await first.next_part(1)
    for _ in range(2):
        with pytest.raises(WrongUse, match="of its own"):
            await sent(given, gzip=packed)
    first.close()
    assert await sent(pieces()) == 2 * TEXT


async def test_a_generator_of_which_something_was_taken_is_sent_from_there() -> None:
    given = (piece for piece in (b"head", TEXT))
    assert next(given) == b"head"
    assert await sent(given) == TEXT


async def test_a_file_in_memory_that_is_closed_is_said() -> None:
    memory = io.BytesIO(TEXT)
    memory.close()
    with pytest.raises(FileUnreadable, match="closed file"):
        await sent(memory)


@pytest.mark.parametrize(
    "view",
    [
        memoryview(TEXT)[::2],
        memoryview(TEXT)[::-1],
        memoryview(array("i", [1, 2])),
        memoryview((c_int * 2)(1, 2)),
    ],
)
async def test_any_view_of_memory_is_sent_as_its_bytes(view: memoryview) -> None:
    assert await sent(view) == view.tobytes()
    assert await sent(iter([view])) == view.tobytes()
