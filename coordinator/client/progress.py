"""How far an upload is, from the bytes in flight and not only from finished parts.

The speed is an exponentially weighted mean with a memory of about five seconds, corrected for its short past at the
beginning. Bytes found at the store on resume move the bar and never the speed; bytes sent twice count for the speed
(they did travel) and not for the bar. The browser client computes the same (static/client/progress.js).
"""

from math import exp
from typing import Final, Literal

import msgspec

__all__ = ["Meter", "Progress", "Stage"]

_SMOOTH: Final = 5.0
_SETTLE: Final = 1.0

Stage = Literal["waiting", "preparing", "uploading", "finishing", "completed"]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """`percent` is 100 only when the upload is completed; what is not known yet is None."""

    stage: Stage
    filename: str
    upload_id: str | None
    bytes_sent: int
    bytes_resumed: int
    """Of these, what was at the store before."""
    bytes_total: int | None
    percent: float | None
    bytes_per_second: int | None
    seconds_left: int | None
    parts_done: int
    part_count: int | None
    part: int | None
    """The number of the part that arrived last."""

    def json(self) -> bytes:
        """One line of NDJSON, without its end."""
        return msgspec.json.encode(self)


class Meter:
    """`total` and `part_count` are None while a stream's length is unknown."""

    def __init__(self, total: int | None, part_count: int | None) -> None:
        self.total = total
        self.part_count = part_count
        self.done: dict[int, int] = {}
        """Part numbers at the store, with their sizes."""
        self.last: int | None = None
        self._resumed = 0
        self._finished = 0
        self._flying: dict[int, int] = {}
        self._moved = 0
        self._weighted = 0.0
        self._weight = 0.0
        self._measured = 0.0
        self._ticked: float | None = None

    @property
    def bytes_sent(self) -> int:
        return self._finished + sum(self._flying.values())

    def stored(self, number: int, size: int) -> None:
        """The part was at the store before."""
        self._keep(number, size)
        self._resumed += size

    def missing(self, number: int) -> None:
        """The part is not at the store after all."""
        self._finished -= self.done.pop(number, 0)

    def sent(self, number: int, sent: int) -> None:
        """Bytes of this part so far."""
        self._moved += max(0, sent - self._flying.get(number, 0))
        self._flying[number] = sent

    def arrived(self, number: int, size: int) -> None:
        self.dropped(number)
        self._keep(number, size)
        self.last = number

    def dropped(self, number: int) -> None:
        self._flying.pop(number, None)

    def tick(self, now: float) -> None:
        """Takes the speed; to be called a few times a second while parts are in flight. `now` in seconds."""
        elapsed = 0.0 if self._ticked is None else now - self._ticked
        first, self._ticked = self._ticked is None, now
        if first or elapsed <= 0:
            return
        moved, self._moved = self._moved, 0
        keep = exp(-elapsed / _SMOOTH)
        self._weighted = self._weighted * keep + moved / elapsed * (1 - keep)
        self._weight = self._weight * keep + (1 - keep)
        self._measured += elapsed

    def rest(self) -> None:
        """Forgets the speed: nothing is being sent."""
        self._flying.clear()
        self._ticked = None
        self._moved = 0
        self._weighted = self._weight = self._measured = 0.0

    def read(self, stage: Stage, filename: str, upload_id: str | None) -> Progress:
        sent = self.bytes_sent if self.total is None else min(self.total, self.bytes_sent)
        speed = self._weighted / self._weight if self._measured >= _SETTLE else None
        left = None if self.total is None or not speed or speed < 1 else (self.total - sent) / speed
        return Progress(
            stage=stage,
            filename=filename,
            upload_id=upload_id,
            bytes_sent=sent,
            bytes_resumed=min(sent, self._resumed),
            bytes_total=self.total,
            percent=100.0 if stage == "completed" else self._percent(sent),
            bytes_per_second=None if speed is None else round(speed),
            seconds_left=None if left is None else round(left),
            parts_done=len(self.done),
            part_count=self.part_count,
            part=self.last,
        )

    def _keep(self, number: int, size: int) -> None:
        self.missing(number)
        self.done[number] = size
        self._finished += size

    def _percent(self, sent: int) -> float | None:
        if self.total is None:
            return None
        return min(99.9, round(100 * sent / max(1, self.total), 1))
