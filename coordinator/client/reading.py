"""How the bytes of an open file come into memory without stopping everything else.

Where the system can tell whether bytes are in its memory (Linux, on most file systems), those are read at once and only a
disk is waited for in a thread: a thread for each piece costs more than reading it. Where it cannot tell (tmpfs, network
file systems), pieces are read directly for as long as that is quick; a file that proved slow is left to threads.
"""

import asyncio
import errno
import os
from time import perf_counter
from typing import Final

__all__ = ["Descriptor", "Reading"]

_AT_ONCE: Final = getattr(os, "RWF_NOWAIT", None)
_CANNOT_TELL: Final = {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}
_SLOW: Final = 0.01
"""Seconds for one piece; from memory it is some 50 microseconds."""
_FEW: Final = 3


class Descriptor:
    """Closed with its last holder: a thread that still reads never meets a number that another file has got since."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)


class Reading:
    def __init__(self, descriptor: Descriptor) -> None:
        self._descriptor = descriptor
        self._can_tell = _AT_ONCE is not None
        self._slow = 0

    async def into(self, view: memoryview, offset: int) -> int:
        """Bytes read, 0 at the end. Raises OSError."""
        number = self._descriptor.number
        if self._can_tell:
            try:
                return os.preadv(number, [view], offset, _AT_ONCE or 0)
            except OSError as failed:
                self._can_tell = failed.errno not in _CANNOT_TELL
        if not self._can_tell and self._slow < _FEW:
            return self._directly(view, offset)
        return await asyncio.to_thread(self.wait_for, view, offset)

    def wait_for(self, view: memoryview, offset: int) -> int:
        return os.preadv(self._descriptor.number, [view], offset)

    def _directly(self, view: memoryview, offset: int) -> int:
        began = perf_counter()
        got = self.wait_for(view, offset)
        self._slow = self._slow + 1 if perf_counter() - began > _SLOW else 0
        return got
