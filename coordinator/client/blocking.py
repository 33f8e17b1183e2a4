"""A file that can only be waited for, a pipe say, read in a thread of its own.

The thread is a daemon and belongs to no pool: one that waits for input which never comes must not keep a program from
ending.
"""

import asyncio
from collections.abc import AsyncIterator
from threading import Semaphore, Thread
from typing import BinaryIO, Final

from coordinator.client.errors import ClientError, FileUnreadable, WrongUse

__all__ = ["read_all"]

_AT_ONCE: Final = 256 * 1024
_AHEAD: Final = 8
"""Pieces read and not yet taken."""


async def read_all(file: BinaryIO) -> AsyncIterator[bytes]:
    """To its end. Raises FileUnreadable, WrongUse."""
    loop = asyncio.get_running_loop()
    found: asyncio.Queue[bytes | ClientError] = asyncio.Queue()
    room = Semaphore(_AHEAD)

    def read() -> None:
        while True:
            room.acquire()
            piece = _read(file)
            try:
                loop.call_soon_threadsafe(found.put_nowait, piece)
            except RuntimeError:
                return  # the loop is closed: nobody listens any more
            if not piece or isinstance(piece, ClientError):
                return

    Thread(target=read, name="coordinator-read", daemon=True).start()
    while piece := await found.get():
        if isinstance(piece, ClientError):
            raise piece
        room.release()
        yield piece


def _read(file: BinaryIO) -> bytes | ClientError:
    try:
        found = file.read(_AT_ONCE)
    except (OSError, ValueError) as failed:
        return FileUnreadable(f"The stream cannot be read: {failed}.")
    if not isinstance(found, bytes):
        return WrongUse("The file must be opened in binary mode, and must not be non-blocking.")
    return found
