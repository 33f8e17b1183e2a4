"""What a request carries: bytes at hand, or pieces of a file read as they are sent.

A body may be sent again from its beginning any number of times. A piece is good until the next one is asked for:
a file's pieces share one buffer, so that what is held in memory does not depend on the size of a part.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from typing import Final, Protocol

from coordinator.client.errors import FileChanged, FileUnreadable

__all__ = ["AT_ONCE", "PIECE", "Body", "BytesBody", "FileBody"]

PIECE: Final = 256 * 1024
"""Bytes. Smaller ones cost more calls, larger ones leave the processor's cache; docs/performance.md has figures."""


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


class ReadInto(Protocol):
    def __call__(self, view: memoryview, offset: int, *, at_once: bool) -> int: ...


AT_ONCE: Final = getattr(os, "RWF_NOWAIT", 0)
"""The flag with which a read never waits for a disk; 0 where the system has none."""


class FileBody:
    """A range of an open file. What the system holds in memory is read at once; only a disk is waited for in a thread."""

    def __init__(self, read_into: ReadInto, offset: int, size: int) -> None:
        self._read_into = read_into
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
        if AT_ONCE:
            try:
                return self._read_into(wanted, offset, at_once=True)
            except OSError:
                pass  # not in memory, or a file system that cannot tell; a real error comes again below
        try:
            return await asyncio.to_thread(self._read_into, wanted, offset, at_once=False)
        except OSError as failed:
            raise FileUnreadable(f"The file cannot be read: {failed.strerror}.") from None
