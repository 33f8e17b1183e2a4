"""How slow a sender may be: a least rate, averaged over the last `patience` seconds.

Kept as the time that is left: waiting uses it up, bytes earn it back at the least rate, and never more of it than
`patience`. So a sender may pause as long as that, at the beginning or after any burst, and no longer. Time in which the
store is waited for does not count: it is not the sender's.
"""

__all__ = ["Pace"]


class Pace:
    def __init__(self, *, min_rate: float, patience: float) -> None:
        """`min_rate` in bytes per second, `patience` in seconds; both greater than 0."""
        self._min_rate = min_rate
        self._patience = patience
        self._left = patience

    @property
    def left(self) -> float:
        """Seconds that the sender may still be waited for, if nothing comes."""
        return self._left

    def waited(self, seconds: float, received: int) -> None:
        self._left = min(self._patience, self._left - seconds + received / self._min_rate)
