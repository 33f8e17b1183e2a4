"""How many parts may be under way at once in this process, so that sockets and memory stay bounded; and whose.

A part may be as slow as the least rate allows, for days: what is held is not given back soon. So nobody gets one more
while they hold as many as are free. Alone, a sender gets half of the slots; whoever comes next, half of what is left at
the least. Of 32 slots it takes six senders who hold all they can before a seventh finds none.
"""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from coordinator.errors import RelayBusy

__all__ = ["Slots"]

_COME_AGAIN = 2


class Slots:
    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._free = at_once
        self._held: Counter[Hashable] = Counter()

    @contextmanager
    def one(self, sender: Hashable) -> Iterator[None]:
        """Raises RelayBusy when there is none for this sender: whoever waited in line would hold a connection as well."""
        if self._held[sender] >= self._free:
            raise RelayBusy(self._why_not(sender), retry_after=_COME_AGAIN)
        self._free -= 1
        self._held[sender] += 1
        try:
            yield
        finally:
            self._free += 1
            self._held[sender] -= 1
            if not self._held[sender]:
                del self._held[sender]

    def _why_not(self, sender: Hashable) -> str:
        if not self._free:
            return (
                f"All {self._at_once} parts that may pass through this server at once (relay_at_once) are under way. "
                "Send this one again."
            )
        return (
            f"{self._held[sender]} of your parts are passing through this server, and only {self._free} more may by its "
            f"limit of {self._at_once} at once (relay_at_once): these are kept for other senders. Send this one again."
        )
