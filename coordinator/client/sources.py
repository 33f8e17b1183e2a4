"""What a caller gives to be uploaded, as content: a path, an open file, bytes, or anything that yields bytes."""

import asyncio
import io
import os
import stat
import zlib
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
)
from contextlib import suppress
from dataclasses import dataclass
from tempfile import _TemporaryFileWrapper
from threading import Lock
from types import AsyncGeneratorType, GeneratorType
from typing import BinaryIO, Final, Self, cast
from weakref import WeakValueDictionary

from coordinator.client.blocking import Pulled, read_all
from coordinator.client.errors import WrongUse
from coordinator.client.files import Content, MemoryContent, open_again, open_file
from coordinator.client.options import UploadOptions
from coordinator.client.stream import Memory, Stream, as_bytes

__all__ = ["Opening", "Source", "opening_of"]

Source = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | BinaryIO
    | io.IOBase
    | Iterable[bytes]
    | AsyncIterable[bytes]
)

_AT_ONCE: Final = 1024 * 1024
_BUFFERED: Final = (io.BufferedReader, io.BufferedRandom)
_taken: Final[WeakValueDictionary[int, object]] = WeakValueDictionary()
"""Generators that are or were read, for as long as there are any."""
_taking: Final = Lock()
_GZIP: Final = 31
"""zlib's window bits for a gzip header and 32 KiB of memory."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A source that is opened when its upload begins, so that thousands may wait."""

    filename: str
    open: Callable[[], Content | Stream]
    """Raises FileError."""


def opening_of(source: Source, options: UploadOptions, memory: Memory) -> Opening:
    """Raises WrongUse for what is no source."""
    filename = options.filename or _filename(source)
    whole = _whole(source, filename)
    if whole is not None and not options.gzip:
        return Opening(filename, whole)

    def open_stream() -> Stream:
        pieces = _pieces(source) if whole is None else _read(whole)
        return Stream(
            _packed(pieces) if options.gzip else pieces,
            filename,
            memory,
            options.file_digest,
            close=pieces.close if isinstance(pieces, Pulled) else None,
        )

    return Opening(filename, open_stream)


def _whole(source: Source, filename: str) -> Callable[[], Content] | None:
    """Opens what can be read at any place; of an open file all, whatever its position. None: it can be read once.

    Raises WrongUse.
    """
    if isinstance(source, str | os.PathLike):
        return lambda: open_file(source, filename)
    if isinstance(source, bytes | bytearray | memoryview):
        return _in_memory(as_bytes(source), filename)
    if isinstance(source, io.BytesIO) and not source.closed:
        return _in_memory(_rest(source), filename)
    descriptor = _regular(source)
    if descriptor is None:
        return None
    return lambda: open_again(cast("BinaryIO", source), descriptor, filename)


def _in_memory(content: memoryview, filename: str) -> Callable[[], Content]:
    return lambda: MemoryContent(content, filename)


def _rest(memory: io.BytesIO) -> memoryview:
    """From where it stands, as whatever else has `read`. Raises WrongUse where it was written and not gone back in."""
    rest = memoryview(memory.getvalue())[memory.tell() :]
    if not rest and memory.tell():
        raise WrongUse(
            "The BytesIO stands at its end, and nothing of it would be sent. Go back in it with seek(0)."
        )
    return rest


def _filename(source: Source) -> str:
    if isinstance(source, str | os.PathLike):
        with suppress(FileNotFoundError):  # the current directory is gone; opening it says so
            return os.path.basename(os.path.abspath(source))  # noqa: PTH119, PTH100 - of what may not exist
        return os.path.basename(source)  # noqa: PTH119
    name = getattr(source, "name", None)
    if not isinstance(name, str) or name.startswith("<"):
        return "data"
    return os.path.basename(name)  # noqa: PTH119


def _regular(source: object) -> int | None:
    """The descriptor of an open file that can be read at any place, and whose bytes are what its `read` gives.

    Decompressors and wrappers of all kinds pass on the descriptor of a file that holds other bytes; therefore the types
    are exact.
    """
    file = source.file if isinstance(source, _TemporaryFileWrapper) else source
    if isinstance(file, io.TextIOWrapper):
        file = file.buffer
    raw = getattr(file, "raw", None) if type(file) in _BUFFERED else file
    if type(raw) is not io.FileIO:
        return None
    try:
        return raw.fileno() if stat.S_ISREG(os.fstat(raw.fileno()).st_mode) else None
    except (OSError, ValueError):
        return None


def _pieces(source: Source) -> AsyncIterator[bytes]:
    if isinstance(source, AsyncGeneratorType):
        return _AsyncOnce(source)
    if isinstance(source, AsyncIterable):
        return aiter(source)
    if hasattr(source, "read"):
        return read_all(cast("BinaryIO", source))
    if isinstance(source, GeneratorType):
        return Pulled(_once(source))
    if isinstance(source, Iterable):
        return Pulled(iter(cast("Iterable[bytes]", source)))
    raise WrongUse(
        f"A {type(source).__name__} cannot be uploaded: give a path, a binary file, bytes, or what yields bytes."
    )


def _once(source: Generator[bytes]) -> Iterator[bytes]:
    _take(source)
    yield from source


class _AsyncOnce:
    """Leaves it to its caller to close the generator, whose `finally` may be anybody's."""

    def __init__(self, source: AsyncGenerator[bytes]) -> None:
        self._source = source
        self._begun = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if not self._begun:
            _take(self._source)
            self._begun = True
        return await anext(self._source)


def _take(source: object) -> None:
    """Raises WrongUse for a generator that an upload has begun to read: what another one found in it is not the content."""
    with _taking:
        if id(source) in _taken:
            raise WrongUse(
                "The generator was given to an upload before, and yields once what it yields. Give each upload, and each new try, "
                "a generator of its own."
            )
        _taken[id(source)] = source


async def _read(opened: Callable[[], Content]) -> AsyncIterator[bytes]:
    content = opened()
    try:
        for offset in range(0, content.size, _AT_ONCE):
            yield await asyncio.to_thread(content.read, offset, min(_AT_ONCE, content.size - offset))
        content.check()
    finally:
        content.close()


async def _packed(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(wbits=_GZIP)
    async for piece in pieces:
        if packed := await asyncio.to_thread(packer.compress, as_bytes(piece)):
            yield packed
    yield await asyncio.to_thread(packer.flush)
