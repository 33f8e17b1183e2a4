"""How far this machine's clock is from the store's: past 15 minutes the store refuses every call and every signed URL.

Measured by the `Date` of each answer, so it costs nothing, and is as fresh as the last call. It only tells: a clock that is
wrong at the store is refused by nobody but the store. Source: Amazon S3 API Reference, RequestTimeTooSkewed.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import structlog

__all__ = ["TOLERATED", "ClockSkew"]

log = structlog.stdlib.get_logger()

TOLERATED: Final = timedelta(minutes=10)
"""Before it is told; the rest up to the store's 15 minutes is time to act in."""


def _now() -> datetime:
    return datetime.now(UTC)


class ClockSkew:
    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock
        self.ahead = timedelta(0)
        """Of the store's clock, this machine's, when the store last answered; to the second."""

    @property
    def warning(self) -> str | None:
        """What to tell an operator; None: nothing."""
        if abs(self.ahead) <= TOLERATED:
            return None
        minutes = round(abs(self.ahead).total_seconds() / 60)
        direction = "ahead of" if self.ahead > timedelta(0) else "behind"
        return f"this machine's clock is {minutes} minutes {direction} the store's; past 15 it refuses every signature"

    def note(self, headers: Mapping[str, str]) -> None:
        """The headers of an answer. Those without a readable date say nothing."""
        try:
            date = parsedate_to_datetime(headers.get("date") or "")
            before, self.ahead = self.warning, self._clock() - date
        except (TypeError, ValueError):
            return
        if self.warning is not None and before is None:
            log.warning("store.clock_skew", seconds=round(self.ahead.total_seconds()))
