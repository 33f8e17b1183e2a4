"""Places for parts under way, shared fairly. A free place goes to the waiting owner that holds the fewest; between
equals, to the one that has waited longest. One huge file cannot starve a small one.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

from coordinator.client.climb import Climb
from coordinator.client.pace import Pace

__all__ = ["Places", "Release"]

Release = Callable[[], None]
"""Gives the place back; calling it again changes nothing."""


class Places:
    def __init__(self, climb: Climb) -> None:
        self.pace = Pace()
        self._climb = climb
        self._held: Counter[object] = Counter()
        self._taken = 0
        self._waiting: list[tuple[object, asyncio.Future[Release]]] = []

    @property
    def count(self) -> int:
        return self._climb.places

    async def acquire(self, owner: object) -> Release:
        granted: asyncio.Future[Release] = asyncio.get_running_loop().create_future()
        waiter = (owner, granted)
        self._waiting.append(waiter)
        self._share()
        try:
            return await granted
        except asyncio.CancelledError:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            elif granted.done() and not granted.cancelled():
                granted.result()()
            raise

    def moved(self, size: int, part_size: int) -> None:
        """So many bytes more have left, of a part of this size."""
        before = self._climb.places
        self._climb.moved(size, part_size)
        if self._climb.places > before:
            self._share()

    def arrived(self, size: int, seconds: float) -> None:
        """A part is at the store, so long after it got its place."""
        self.pace.arrived(size, seconds)
        self._climb.arrived(size, wanted_more=bool(self._waiting))
        self._share()

    def strained(self) -> None:
        """The store is in trouble: fewer at once."""
        self.pace.forget()
        self._climb.strained(self._taken)

    def _share(self) -> None:
        while self._waiting and self._taken < self._climb.places:
            at = min(range(len(self._waiting)), key=lambda i: self._held[self._waiting[i][0]])
            owner, granted = self._waiting.pop(at)
            if not granted.done():
                granted.set_result(self._take(owner))

    def _take(self, owner: object) -> Release:
        if not self._taken:
            self._climb.begins()
        self._taken += 1
        self._held[owner] += 1
        held = True

        def release() -> None:
            nonlocal held
            if held:
                held = False
                self._taken -= 1
                self._held[owner] -= 1
                if not self._held[owner]:
                    del self._held[owner]
                if not self._taken:
                    self._climb.ends()
                self._share()

        return release
