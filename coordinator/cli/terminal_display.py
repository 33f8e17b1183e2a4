"""For eyes: a bar for each file under way and one for the whole, on standard error, redrawn a few times a second."""

import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.text import Text

from coordinator.cli.bars import Row, bars
from coordinator.cli.display import Left, Passed, Summary, Took
from coordinator.cli.failure import Failure, one_line
from coordinator.cli.plain_display import print_result, shown_result, shown_summary, tell_stopped
from coordinator.cli.source import Source
from coordinator.client import Progress, Upload

__all__ = ["TerminalDisplay"]

_MOST_BARS: Final = 8
_STILL: Final = 5.0
"""Seconds without a byte until a file is said to wait."""
_MEMORY: Final = 20
"""Looks back for the speed of the whole: five seconds."""


class TerminalDisplay:
    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self._console = console
        self._clock = clock
        self._files: int | None = None
        self._size: int | None = None
        self._ended = 0
        self._bytes_stored = 0
        self._moved: dict[Source, tuple[int, float]] = {}
        self._past: deque[tuple[float, int]] = deque(maxlen=_MEMORY)
        # standard output is for results alone, and rich would send it here
        self._live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()

    def found(self, files: int, size: int) -> None:
        self._files, self._size = files, size

    def moved(self, under_way: Mapping[Source, Progress]) -> None:
        if not under_way:
            return
        most = max(1, min(_MOST_BARS, self._console.height - 3))
        rows = [
            _row(source, progress, waits=self._waits(source, progress))
            for source, progress in list(under_way.items())[:most]
        ]
        if self._ended or len(under_way) > 1:
            rows.append(self._total(under_way))
        self._live.update(bars(rows, self._console.width), refresh=True)

    def completed(self, source: Source, upload: Upload, took: Took) -> None:
        self._ended += 1
        self._bytes_stored += upload.size or 0
        self._moved.pop(source, None)
        if not sys.stdout.isatty():
            print_result(source, upload, self.warned)
        if source.way is None:
            # of a folder, the sum is enough
            said = f" {one_line(source.shown)}  {shown_result(upload, took)}  "
            self._say(Text.assemble(("✓", "green"), said, (str(upload.id), "dim")))

    def failed(self, shown: str, failure: Failure) -> None:
        self._ended += 1
        self._say(Text.assemble(("✗", "bold red"), f" {failure.about(shown)}"))

    def warned(self, text: str, passed: Passed | None = None) -> None:  # noqa: ARG002 - the text says it all
        self._say(Text.assemble(("!", "yellow"), f" {one_line(text)}"))

    def stopped(self, left: Sequence[Left], *, again: bool) -> None:
        self.close()
        tell_stopped(left, again=again)

    def ended(self, summary: Summary) -> None:
        self.close()
        if summary.completed + summary.failed != 1:
            self._say(Text(shown_summary(summary)))

    def close(self) -> None:
        self._live.stop()

    def _say(self, text: Text) -> None:
        self._live.console.print(text, soft_wrap=True)

    def _total(self, under_way: Mapping[Source, Progress]) -> Row:
        sent = self._bytes_stored + sum(progress.bytes_sent for progress in under_way.values())
        speed = self._speed(sent)
        files = f"{self._ended} of {'?' if self._files is None else self._files} files"
        left = (self._size - sent) / speed if self._size and speed else None
        return Row(files, sent, self._size, speed, left)

    def _waits(self, source: Source, progress: Progress) -> bool:
        """For the network, most likely: a speed that only fades would not say so."""
        now = self._clock()
        sent, since = self._moved.get(source, (-1, now))
        if progress.bytes_sent != sent:
            self._moved[source] = progress.bytes_sent, now
        return progress.stage == "uploading" and progress.bytes_sent == sent and now - since >= _STILL

    def _speed(self, sent: int) -> int | None:
        now = self._clock()
        self._past.append((now, sent))
        since, before = self._past[0]
        return round((sent - before) / (now - since)) if now - since >= 1 and sent > before else None


def _row(source: Source, progress: Progress, *, waits: bool) -> Row:
    sending = progress.stage == "uploading" and not waits
    return Row(
        source.shown,
        progress.bytes_sent,
        progress.bytes_total,
        progress.bytes_per_second if sending else None,
        progress.seconds_left if sending else None,
        "waiting" if waits else "" if sending else progress.stage,
    )
