"""A limit on the rate at which bodies leave, shared by everything that was given it.

A number is a limit of the process: whoever gives the same one, in any thread and on any loop, has one bucket with it. It
outlives its clients, because a program may make one for each file.
"""

import asyncio
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Final

from coordinator.client.bodies import PIECE

__all__ = ["Bandwidth", "bandwidth_of_process"]

_BURST_SECONDS: Final = 0.1
_LEAST_PIECE: Final = 4 * 1024
_PIECES_A_SECOND: Final = 16


class Bandwidth:
    """A token bucket of one's own, beside that of the process: whatever is given it stays below it together.

    What is taken is taken at once and waited for afterwards, so that waiting is in order of asking and nothing starves.
    It may be taken from in any thread.
    """

    def __init__(self, bytes_per_second: int, *, clock: Callable[[], float] = monotonic) -> None:
        """`bytes_per_second` is at least 1,024: less would not outlive a signed URL. Raises ValueError."""
        if bytes_per_second < 1024:
            raise ValueError("a bandwidth limit must be at least 1,024 bytes per second")
        self.bytes_per_second = bytes_per_second
        self.piece = max(_LEAST_PIECE, min(PIECE, bytes_per_second // _PIECES_A_SECOND))
        self._clock = clock
        self._paid_until = clock()
        self._lock = Lock()

    async def take(self, size: int) -> None:
        """Returns when `size` bytes may leave."""
        wait = self.reserve(size)
        if wait > 0:
            await asyncio.sleep(wait)

    def reserve(self, size: int) -> float:
        """Seconds until `size` bytes, which count from now on, may leave."""
        with self._lock:
            now = self._clock()
            start = max(self._paid_until, now - _BURST_SECONDS)
            self._paid_until = start + size / self.bytes_per_second
        return max(0.0, start - now)


_of_process: Final[dict[int, Bandwidth]] = {}
_finding: Final = Lock()


def bandwidth_of_process(bytes_per_second: int) -> Bandwidth:
    """The one that all clients of this process share which name this number. Raises ValueError."""
    with _finding:
        if bytes_per_second not in _of_process:
            _of_process[bytes_per_second] = Bandwidth(bytes_per_second)
        return _of_process[bytes_per_second]
