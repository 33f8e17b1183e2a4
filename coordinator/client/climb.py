"""How many parts to send at once, found by trying: more while more arrives, fewer when the store is in trouble.

A round is over when as many parts have arrived as there are places. If the round was a quarter faster than the best one,
the places are doubled; if not, the best number is kept, and tried above again after a while. It begins like TCP's slow
start, because a far store that gives each connection its own rate must not be met with four of them for seconds.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final

__all__ = ["MOST_PLACES", "Climb"]

MOST_PLACES: Final = 32
_FIRST: Final = 8
_FASTER: Final = 1.25
_REST: Final = 15.0
"""Seconds after which more places are tried again, and for which a store in trouble is left in peace."""


class Climb:
    def __init__(
        self,
        fixed: int | None = None,
        *,
        most: int = MOST_PLACES,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`fixed`: so many always, but for trouble."""
        self.most = most if fixed is None else fixed
        self.places = min(_FIRST, self.most) if fixed is None else fixed
        self._clock = clock
        self._best = 0.0
        self._best_places = self.places
        self._rest_until = 0.0
        self._bytes = 0
        self._parts = 0
        self._limited = True
        self._since = clock()

    def arrived(self, size: int, *, wanted_more: bool) -> None:
        """A part is at the store; `wanted_more` tells whether others wait for a place."""
        self._bytes += size
        self._parts += 1
        self._limited = self._limited and wanted_more
        if self._parts >= self.places:
            self._judge()

    def strained(self) -> None:
        """The store asked for less, or broke down."""
        now = self._clock()
        if now >= self._rest_until or self.places > self._best_places // 2:
            self.places = max(1, self.places // 2)
            self._best_places = self.places
            self._best = 0.0
            self._rest_until = now + _REST
        self._begin()

    def _judge(self) -> None:
        now = self._clock()
        rate = self._bytes / max(1e-6, now - self._since)
        if self._limited and now >= self._rest_until:
            if rate > self._best * _FASTER:
                self._best, self._best_places = rate, self.places
                self.places = min(self.most, self.places * 2)
            else:
                self.places = self._best_places
                self._best = 0.0
                self._rest_until = now + _REST
        self._begin()

    def _begin(self) -> None:
        self._since = self._clock()
        self._bytes = 0
        self._parts = 0
        self._limited = True
