"""For logs and pipes: progress in coarse steps on standard error, one line for each stored file on standard output."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from msgspec import structs

from coordinator.cli.display import Left, Passed, Summary, Took
from coordinator.cli.failure import Failure, one_line
from coordinator.cli.output import OutputFailed
from coordinator.cli.source import Source
from coordinator.cli.units import shown_duration, shown_seconds, shown_size
from coordinator.client import Progress, Upload

__all__ = [
    "PlainDisplay",
    "print_result",
    "shown_result",
    "shown_summary",
    "tell",
    "tell_stopped",
    "told_anyhow",
]

_STEP: Final = 10
"""Percent between two lines about a file."""
_SHORTEST: Final = 1.0
_LONGEST: Final = 60.0
"""Seconds between two lines about a file: not more often, and not more seldom."""
_MOST_NAMED: Final = 5


@dataclass(slots=True)
class _Told:
    percent: float
    bytes_sent: int
    at: float


class PlainDisplay:
    """`steps`: False says nothing but results and failures."""

    def __init__(self, clock: Callable[[], float], *, steps: bool) -> None:
        self._clock = clock
        self._steps = steps
        self._told: dict[Source, _Told] = {}
        self._waiting: set[Source] = set()

    def found(self, files: int, size: int) -> None:
        if self._steps and files > 1:
            tell(f"{files} files, {shown_size(size)}")

    def moved(self, under_way: Mapping[Source, Progress]) -> None:
        if not self._steps:
            return
        now = self._clock()
        for source, progress in under_way.items():
            if progress.stage == "waiting" and source not in self._waiting:
                self._waiting.add(source)
                tell(f"{source.shown}: waits for another process of this machine that sends it")
            if progress.stage != "uploading":
                continue
            told = self._told.get(source)
            if told is None:
                there = _when_it_went_on(progress)
                self._told[source] = _Told(there.percent or 0, there.bytes_sent, now)
                if progress.bytes_resumed:
                    tell(f"{source.shown}: goes on at {_shown(there)}")
            elif _is_worth_a_line(told, progress, now):
                waits = "" if progress.bytes_sent > told.bytes_sent else "waits at "
                tell(f"{source.shown}: {waits}{_shown(progress)}")
                self._told[source] = _Told(progress.percent or 0, progress.bytes_sent, now)

    def completed(self, source: Source, upload: Upload, took: Took) -> None:
        self._told.pop(source, None)
        self._waiting.discard(source)
        print_result(source, upload)
        if self._steps:
            tell(f"{source.shown}: stored, {shown_result(upload, took)}")

    def failed(self, shown: str, failure: Failure) -> None:
        tell(failure.about(shown))

    def warned(self, text: str, passed: Passed | None = None) -> None:  # noqa: ARG002 - the text says it all
        tell(text)

    def stopped(self, left: Sequence[Left], *, again: bool) -> None:
        tell_stopped(left, again=again)

    def ended(self, summary: Summary) -> None:
        if self._steps and summary.completed + summary.failed != 1:
            tell(shown_summary(summary))

    def close(self) -> None:
        return


def tell(text: str) -> None:
    print(f"coordinator: {one_line(text)}", file=sys.stderr, flush=True)


def tell_stopped(left: Sequence[Left], *, again: bool) -> None:
    if not left:
        tell("stopped; nothing is left half done")
        return
    same = "run the same command again" if again else None
    if len(left) > _MOST_NAMED:
        tell(f"stopped with {len(left)} uploads under way; to go on, {same or 'see `coordinator resume`'}")
        return
    tell(f"stopped; to go on, {f'{same}, or' if same else 'run'}:")
    for one in left:
        print(f"  {one_line(one.resume)}", file=sys.stderr, flush=True)


def print_result(source: Source, upload: Upload, tells: Callable[[str], None] = tell) -> None:
    """The id first: it has no blanks, whatever a file is called. Raises OutputFailed."""
    with told_anyhow(source, upload, tells):
        print(f"{upload.id}\t{upload.bucket}/{one_line(upload.key)}\t{one_line(source.shown)}", flush=True)


@contextmanager
def told_anyhow(source: Source, upload: Upload, tells: Callable[[str], None] = tell) -> Iterator[None]:
    """Where the result cannot be written nobody would know of the object, and the same command would make a second one."""
    try:
        yield
    except OutputFailed:
        tells(f"{source.shown}: stored, as upload {upload.id}")
        raise


def shown_result(upload: Upload, took: Took) -> str:
    there = f" ({shown_size(took.bytes_resumed)} were there already)" if took.bytes_resumed else ""
    return f"{shown_size(upload.size or 0)} in {shown_duration(took.seconds)}{there}"


def shown_summary(summary: Summary) -> str:
    if not summary.completed + summary.failed:
        return "there are no files to send"
    stored = f"{summary.completed} files, {shown_size(summary.bytes_stored)}"
    failed = f"; {summary.failed} failed" if summary.failed else ""
    return f"{stored} in {shown_duration(summary.seconds)}{failed}"


def _is_worth_a_line(told: _Told, progress: Progress, now: float) -> bool:
    if progress.bytes_sent == progress.bytes_total:
        # the next line is that it is stored
        return False
    passed = now - told.at
    if passed >= _LONGEST:
        return True
    return passed >= _SHORTEST and (progress.percent or 0) >= told.percent + _STEP


def _when_it_went_on(progress: Progress) -> Progress:
    """Before any byte of this run, which may have sent some by now."""
    resumed, total = progress.bytes_resumed, progress.bytes_total
    return structs.replace(
        progress,
        bytes_sent=resumed,
        percent=100 * resumed / total if total else None,
        bytes_per_second=None,
        seconds_left=None,
    )


def _shown(progress: Progress) -> str:
    size = shown_size(progress.bytes_sent)
    if progress.bytes_total is not None:
        size = f"{int(progress.percent or 0)}%, {size} of {shown_size(progress.bytes_total)}"
    speed = f", {shown_size(progress.bytes_per_second)}/s" if progress.bytes_per_second else ""
    left = f", {shown_seconds(progress.seconds_left)} left" if progress.seconds_left is not None else ""
    return size + speed + left
