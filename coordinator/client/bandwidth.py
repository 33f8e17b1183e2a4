"""A limit on the rate at which bodies leave, shared by everything that was given it."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Final

from coordinator.client.bodies import PIECE

__all__ = ["Bandwidth"]

_BURST_SECONDS: Final = 0.1
_LEAST_PIECE: Final = 4 * 1024
_PIECES_A_SECOND: Final = 16


class Bandwidth:
    """A token bucket. Share one among clients to limit a whole process.

    What is taken is taken at once and waited for afterwards, so that waiting is in order of asking and nothing starves.
    """

    def __init__(self, bytes_per_second: int, *, clock: Callable[[], float] = monotonic) -> None:
        """`bytes_per_second` is at least 1,024: less would not outlive a signed URL. Raises ValueError."""
        if bytes_per_second < 1024:
            raise ValueError("a bandwidth limit must be at least 1,024 bytes per second")
        self.bytes_per_second = bytes_per_second
        self.piece = max(_LEAST_PIECE, min(PIECE, bytes_per_second // _PIECES_A_SECOND))
        self._clock = clock
        self._paid_until = clock()

    async def take(self, size: int) -> None:
        """Returns when `size` bytes may leave."""
        wait = self.reserve(size)
        if wait > 0:
            await asyncio.sleep(wait)

    def reserve(self, size: int) -> float:
        """Seconds until `size` bytes, which count from now on, may leave."""
        now = self._clock()
        start = max(self._paid_until, now - _BURST_SECONDS)
        self._paid_until = start + size / self.bytes_per_second
        return max(0.0, start - now)
