"""How many parts may be under way at once in this process, so that sockets and memory stay bounded."""

from collections.abc import Iterator
from contextlib import contextmanager

from coordinator.errors import RelayBusy

__all__ = ["Slots"]

_COME_AGAIN = 2


class Slots:
    def __init__(self, at_once: int) -> None:
        self._free = at_once

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises RelayBusy when none is free: whoever waited in line would hold a connection as well."""
        if self._free == 0:
            raise RelayBusy(
                "As many parts as allowed are passing through this server. Send this one again.",
                retry_after=_COME_AGAIN,
            )
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
