"""How many parts to send at once, found by measuring: more while more arrives, fewer when the store is in trouble.

It begins with eight. As soon as bytes are seen to flow, and long before a part has arrived, as many are let go as the line
carries within four seconds: many small parts on a fast line, no more than the first eight on a slow one, where each
more is one more to lose when the line is cut. From there on it climbs. Where this thread has no time for more, none are
opened: connections would only take memory. A round is over when as many parts have arrived as
there are places. If the round was a quarter faster than the best one, the places are doubled; if not, the best number is
kept, and tried above again after a while. Trouble halves them, and however many parts tell of it at once, it is one trouble:
the places taken away are those of parts that are under way still. Uploads of one client go on with what earlier ones found,
for ten minutes without any.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, thread_time
from typing import Final

__all__ = ["MOST_PLACES", "Climb"]

MOST_PLACES: Final = 32
_FIRST: Final = 8
_WORTH: Final = 4.0
"""Seconds of the line that may be under way at once before anything has arrived."""
_UNSEEN: Final = 1024 * 1024
"""Bytes of each part that may have left and wait in this machine: they say nothing about the line."""
_FASTER: Final = 1.25
_BUSY: Final = 0.9
"""Of a thread's time, spent computing: not the line is what holds it up."""
_REST: Final = 15.0
"""Seconds after which more places are tried again, and for which a store in trouble is left in peace."""
_REMEMBERED: Final = 600.0
"""Seconds without an upload after which what was found says little: the line may be another."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """Seconds by the clock, and of the processor that this thread had taken by then."""

    time: float
    computed: float


class Climb:
    places: int
    _best: float
    """Bytes a second of the best round, and the places it had."""
    _best_places: int
    _rest_until: float
    _judged: bool
    """Whether a round was: what flows before it opens places."""
    _left: int
    _flows_since: _Moment
    _since: _Moment
    """Of the round, as what follows."""
    _bytes: int
    _parts: int
    _limited: bool

    def __init__(
        self,
        fixed: int | None = None,
        *,
        most: int = MOST_PLACES,
        clock: Callable[[], float] = monotonic,
        computed: Callable[[], float] = thread_time,
    ) -> None:
        """`fixed`: so many always, but for trouble. `computed`: seconds of the processor that this thread has taken."""
        self.most = most if fixed is None else fixed
        self._first = min(_FIRST, self.most) if fixed is None else fixed
        self._clock = clock
        self._thread_computed = computed
        self._ended = clock()
        self._forget()

    def begins(self) -> None:
        """Parts are sent again, after none were."""
        if self._clock() - self._ended >= _REMEMBERED:
            self._forget()
        else:
            self._begin()

    def ends(self) -> None:
        """No part is under way any more."""
        self._ended = self._clock()

    def moved(self, size: int, part_size: int) -> None:
        """So many bytes more have left, of a part of this size."""
        if self._judged:
            return
        if not self._left:
            self._flows_since = self._now()
        self._left += size
        seen = self._left - self.places * _UNSEEN
        if seen < self.places * _UNSEEN or self._is_busy(self._flows_since):
            return
        carried = seen / max(1e-6, self._clock() - self._flows_since.time) * _WORTH
        self.places = max(self.places, min(self.most, int(carried / part_size)))

    def arrived(self, size: int, *, wanted_more: bool) -> None:
        """A part is at the store; `wanted_more` tells whether others wait for a place."""
        self._bytes += size
        self._parts += 1
        self._limited = self._limited and wanted_more
        if self._parts >= self.places:
            self._judge()

    def strained(self, under_way: int) -> None:
        """The store asked for less, or broke down, with so many parts under way.

        Where those are more than there are places, it is the trouble that took places away already.
        """
        self._judged = True
        if under_way <= self.places:
            self.places = self._best_places = max(1, self.places // 2)
        self._best = 0.0
        self._rest_until = self._clock() + _REST
        self._begin()

    def _judge(self) -> None:
        self._judged = True
        now = self._clock()
        rate = self._bytes / max(1e-6, now - self._since.time)
        if self._limited and now >= self._rest_until:
            if rate > self._best * _FASTER:
                self._best, self._best_places = rate, self.places
                if not self._is_busy(self._since):
                    self.places = min(self.most, self.places * 2)
            else:
                self.places = self._best_places
                self._best = 0.0
                self._rest_until = now + _REST
        self._begin()

    def _now(self) -> _Moment:
        return _Moment(self._clock(), self._thread_computed())

    def _is_busy(self, since: _Moment) -> bool:
        now = self._now()
        return now.computed - since.computed > _BUSY * (now.time - since.time)

    def _begin(self) -> None:
        self._since = self._now()
        self._bytes = 0
        self._parts = 0
        self._limited = True
        self._left = 0

    def _forget(self) -> None:
        self.places = self._best_places = self._first
        self._best = self._rest_until = 0.0
        self._judged = False
        self._begin()
        self._flows_since = self._since
