"""What a request carries: bytes at hand, or pieces of a file read as they are sent.

A body may be sent again from its beginning any number of times. A piece is good until the next one is asked for:
a file's pieces share one buffer, so that what is held in memory does not depend on the size of a part.
"""

from collections.abc import AsyncGenerator
from typing import Final, Protocol

from coordinator.client.errors import FileChanged, FileUnreadable
from coordinator.client.reading import Reading

__all__ = ["PIECE", "Body", "BytesBody", "FileBody"]

PIECE: Final = 192 * 1024
"""Bytes. Smaller ones cost more calls; over TLS a connection holds three copies of one, and there may be 32 of them.
docs/performance.md has figures."""


class Body(Protocol):
    @property
    def size(self) -> int: ...

    def pieces(self, most: int = PIECE) -> AsyncGenerator[memoryview]: ...


class BytesBody:
    def __init__(self, content: bytes | bytearray | memoryview = b"") -> None:
        self._content = memoryview(content)

    @property
    def size(self) -> int:
        return len(self._content)

    async def pieces(self, most: int = PIECE) -> AsyncGenerator[memoryview]:
        for start in range(0, len(self._content), most):
            yield self._content[start : start + most]


class FileBody:
    """A range of an open file."""

    def __init__(self, reading: Reading, offset: int, size: int) -> None:
        self._reading = reading
        self._offset = offset
        self._size = size

    @property
    def size(self) -> int:
        return self._size

    async def pieces(self, most: int = PIECE) -> AsyncGenerator[memoryview]:
        """Raises FileChanged where the file has become shorter, FileUnreadable."""
        view = memoryview(bytearray(min(most, self._size)))
        sent = 0
        while sent < self._size:
            wanted = view[: self._size - sent]
            got = await self._read(wanted, self._offset + sent)
            if got == 0:
                raise FileChanged("The file became shorter while it was sent. Send it again as it is now.")
            sent += got
            yield wanted[:got]

    async def _read(self, wanted: memoryview, offset: int) -> int:
        try:
            return await self._reading.into(wanted, offset)
        except OSError as failed:
            raise FileUnreadable(f"The file cannot be read: {failed.strerror}.") from None
