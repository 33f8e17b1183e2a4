"""Content that can be read once: standard input, a generator, a compressor. Its length shows at its end.

Each part is held until it is at the store, because it may have to be sent again: the first megabytes in memory, all
more in temporary files that have no name and go with their last reader.
"""

import asyncio
import hashlib
import os
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from tempfile import TemporaryFile
from typing import Final

from coordinator.client.bodies import Body, BytesBody, FileBody
from coordinator.client.digests import Algorithm
from coordinator.client.errors import NoRoom, WrongUse
from coordinator.client.reading import Descriptor, Reading
from coordinator.protocol import DigestBody

__all__ = ["HeldPart", "Memory", "Stream", "as_bytes"]

_MEMORY: Final = 4 * 1024 * 1024


class Memory:
    """Bytes that held parts of all streams may take; the rest goes to disk."""

    def __init__(self, limit: int = _MEMORY) -> None:
        self._left = limit

    def take(self, size: int) -> bool:
        if size > self._left:
            return False
        self._left -= size
        return True

    def give_back(self, size: int) -> None:
        self._left += size


class HeldPart:
    """In memory while there is room for it; then all of it moves into a file."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._content = bytearray()
        self._file: Descriptor | None = None
        self.size = 0

    def body(self) -> Body:
        if self._file is None:
            return BytesBody(self._content)
        return FileBody(Reading(self._file), 0, self.size)

    def read(self, offset: int, count: int) -> bytes:
        file = self._file
        if file is None:
            return bytes(memoryview(self._content)[offset : offset + count])
        return os.pread(file.number, count, offset)

    async def append(self, data: memoryview) -> None:
        """Raises OSError."""
        if self._file is None and self._memory.take(len(data)):
            self._content += data
        else:
            await asyncio.to_thread(self._write, data)
            self._forget()
        self.size += len(data)

    def drop(self) -> None:
        self._forget()
        self._file = None

    def _write(self, data: memoryview) -> None:
        """Holds the file for as long as it writes, whoever drops the part meanwhile."""
        file = self._file
        if file is None:
            with TemporaryFile(buffering=0) as made:
                file = Descriptor(os.dup(made.fileno()))
            _write_all(file, memoryview(self._content))
            self._file = file
        _write_all(file, data)

    def _forget(self) -> None:
        self._memory.give_back(len(self._content))
        self._content = bytearray()


def _write_all(file: Descriptor, data: memoryview) -> None:
    while data:
        data = data[os.write(file.number, data) :]


class Stream:
    """`pieces` may have any sizes. `digest` names the algorithm of the whole stream's digest."""

    size: int | None = None

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        filename: str,
        memory: Memory,
        digest: Algorithm | None,
        *,
        close: Callable[[], None] | None = None,
    ) -> None:
        """`close`: what ends the source where it is not read to its end."""
        self.filename = filename
        self.taken = 0
        """Bytes read so far; the length, once it has ended."""
        self._pieces = pieces
        self._close = close
        self._left = memoryview(b"")
        self._memory = memory
        self._algorithm = digest
        self._hash = None if digest is None else hashlib.new(digest, usedforsecurity=False)
        self.ended = False

    async def next_part(self, part_size: int) -> HeldPart:
        """The next `part_size` bytes, fewer at the end. Raises NoRoom, WrongUse, and what the source raises."""
        part = HeldPart(self._memory)
        try:
            while part.size < part_size and await self._more():
                piece = self._left[: part_size - part.size]
                await self._keep(part, piece)
                self._left = self._left[len(piece) :]
                self.taken += len(piece)
            if not self._left and part.size == part_size:
                await self._more()
        except BaseException:
            part.drop()
            raise
        return part

    def close(self) -> None:
        """Nothing more is read. May be called again."""
        if self._close is not None:
            self._close()

    def digest(self) -> DigestBody | None:
        if self._hash is None or self._algorithm is None:
            return None
        return DigestBody(algorithm=self._algorithm, value=b64encode(self._hash.digest()).decode())

    async def _more(self) -> bool:
        """Whether there are bytes at hand."""
        while not self._left and not self.ended:
            try:
                self._left = as_bytes(await anext(self._pieces))
            except StopAsyncIteration:
                self.ended = True
        return bool(self._left)

    async def _keep(self, part: HeldPart, piece: memoryview) -> None:
        try:
            await part.append(piece)
            if self._hash is not None:
                await asyncio.to_thread(self._hash.update, piece)
        except OSError as failed:
            raise _no_room(failed) from None


def as_bytes(piece: bytes | bytearray | memoryview) -> memoryview:
    """Raises WrongUse for what only a caller without types can give."""
    try:
        view = memoryview(piece)
    except TypeError:
        raise WrongUse(f"What is uploaded must yield bytes, and yielded a {type(piece).__name__}.") from None
    try:
        return view.cast("B")
    except (TypeError, ValueError):  # with gaps, as of a slice with steps, or of items that cannot be cast
        return memoryview(view.tobytes())


def _no_room(failed: OSError) -> NoRoom:
    return NoRoom(
        f"A part of the stream cannot be kept until it is sent: {failed.strerror}. Make room in the temporary directory, "
        "or name another one in TMPDIR."
    )
