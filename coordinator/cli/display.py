"""What happens while files are sent, told to whoever looks: a person at a terminal, a log file, a program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from coordinator.cli.failure import Failure
from coordinator.cli.source import Source
from coordinator.client import Progress, Upload

__all__ = ["Display", "Left", "Passed", "Summary", "Took"]


@dataclass(frozen=True, slots=True)
class Summary:
    completed: int
    failed: int
    bytes_stored: int
    """Of completed files, whether they travelled now or in an earlier attempt."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Took:
    """What a completed upload cost this time."""

    seconds: float
    bytes_resumed: int
    """Were at the store before, and did not travel again."""


@dataclass(frozen=True, slots=True)
class Left:
    """An upload that was under way when the command was stopped."""

    shown: str
    upload_id: str
    resume: str
    """The command that goes on with it."""


@dataclass(frozen=True, slots=True)
class Passed:
    """An unfinished upload of a file that is sent as another one."""

    shown: str
    upload_id: str
    abort: str
    """The command that ends it."""


class Display(Protocol):
    """Called in turn, never at once. Any call may raise BrokenPipeError, which ends the command."""

    def found(self, files: int, size: int) -> None:
        """How much there is in all, once that is known."""

    def moved(self, under_way: Mapping[Source, Progress]) -> None:
        """A few times a second, with everything that is under way."""

    def completed(self, source: Source, upload: Upload, took: Took) -> None: ...

    def failed(self, shown: str, failure: Failure) -> None: ...

    def warned(self, text: str, passed: Passed | None = None) -> None:
        """Of something that does not keep files from being sent; `passed`: an unfinished upload that it is about."""

    def stopped(self, left: Sequence[Left], *, again: bool) -> None:
        """By a signal, or by a failure that no file would have escaped; `again`: the same command goes on."""

    def ended(self, summary: Summary) -> None: ...

    def close(self) -> None:
        """The terminal is as it was before. May be called again."""
