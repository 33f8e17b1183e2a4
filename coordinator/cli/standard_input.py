"""Standard input as something to be sent."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from typing import BinaryIO, Final

__all__ = ["standard_input"]

_AT_ONCE: Final = 256 * 1024


def standard_input() -> AsyncIterator[bytes] | BinaryIO:
    """A pipe is read without a thread: one that waits in read() would keep a stopped command from ending."""
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        return _pieces()
    # sys.stdin.buffer calls itself "<stdin>", which is no path
    return open(sys.stdin.fileno(), "rb", closefd=False)


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
