"""Standard input as something to be sent."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import BinaryIO, Final

__all__ = ["standard_input"]

_AT_ONCE: Final = 256 * 1024


def standard_input() -> AsyncIterator[bytes] | Iterator[bytes] | BinaryIO:
    """A pipe is read without a thread: one that waits in read() would keep a stopped command from ending."""
    number = sys.stdin.fileno()
    mode = os.fstat(number).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        return _pieces()
    if stat.S_ISREG(mode) and os.lseek(number, 0, os.SEEK_CUR):
        # whoever had it before has read its beginning: the client would send all of a file that it can read again
        return iter(partial(os.read, number, _AT_ONCE), b"")
    # sys.stdin.buffer calls itself "<stdin>", which is no path
    return open(number, "rb", closefd=False)


async def _pieces() -> AsyncIterator[bytes]:
    reader = asyncio.StreamReader(limit=_AT_ONCE)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        while piece := await reader.read(_AT_ONCE):
            yield piece
    finally:
        transport.close()
