"""How fast a part travels, and how large the parts of the next file should be for it.

The coordinator cuts by the file's size, with a line in mind that carries such a part in seconds. Where a part takes minutes,
a cut of the line costs all the minutes of those under way; the next files are cut smaller then, down to what stores allow.
Larger ones are never asked for: on a fast line they brought little, and a policy may refuse them.
"""

from collections import deque
from collections.abc import Callable
from statistics import median
from time import monotonic
from typing import Final

from coordinator.uploads.plan import AWS_LIMITS, KIB, plan_parts

__all__ = ["Pace"]

_LONGEST: Final = 60.0
"""Seconds that a part may take."""
_REMEMBERED: Final = 600.0
"""Seconds after which a pace says little: the line may be another."""
_LAST: Final = 16
_GRAIN: Final = 64 * KIB


class Pace:
    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._last: deque[float] = deque(maxlen=_LAST)
        """Bytes a second of each, beside the others under way. A file's last ones have the line to themselves, and a part that
        waited for it is slow: it is the middle that counts."""
        self._at = 0.0

    def arrived(self, size: int, seconds: float) -> None:
        """Of small parts the time is the store's, and says nothing about the line."""
        if size < AWS_LIMITS.min_part_size:
            return
        if self._known() is None:
            self._last.clear()
        self._last.append(size / max(1e-6, seconds))
        self._at = self._clock()

    def forget(self) -> None:
        """What was slow may have been the trouble, and not the line."""
        self._last.clear()

    def part_size(self, size: int) -> int | None:
        """For a file of so many bytes; None: as the coordinator cuts it."""
        each, limits = self._known(), AWS_LIMITS
        if each is None or size > limits.max_object_size:
            return None
        usual = plan_parts(size).part_size
        least = max(limits.min_part_size, -(-size // limits.max_parts))
        wanted = max(least, int(each * _LONGEST))
        wanted = -(-wanted // _GRAIN) * _GRAIN
        return wanted if wanted < min(usual, size) else None

    def _known(self) -> float | None:
        if not self._last or self._clock() - self._at >= _REMEMBERED:
            return None
        return median(self._last)
