"""A failure as a person reads it: one line that says what was wrong and what to do, and the code the command ends with."""

from typing import Final

from coordinator.cli.exit_code import ExitCode
from coordinator.errors import CoordinatorError

__all__ = ["Failure", "one_line"]

_LONGEST_LINE: Final = 1_000

_ALL_ALIKE: Final = frozenset({ExitCode.NOT_ALLOWED, ExitCode.UNREACHABLE, ExitCode.NO_SPACE})


class Failure(CoordinatorError):
    """`problem`: what was wrong; `remedy`: what to do, where there is something to do; `reason`: a stable word for programs."""

    def __init__(
        self, code: ExitCode, problem: str, remedy: str | None = None, *, reason: str | None = None
    ) -> None:
        super().__init__(one_line(problem if remedy is None else f"{problem}; {remedy}"))
        self.code = code
        self.problem = problem
        self.remedy = remedy
        self.reason = reason or code.name.lower()
        self.told = False
        """Whether somebody has said it already."""

    @property
    def stops_all(self) -> bool:
        """Whether no other file would escape it."""
        return self.code in _ALL_ALIKE

    def about(self, shown: str) -> str:
        """The line, with the file's name in it once, unless it is not about the file."""
        text = str(self)
        return text if self.stops_all or one_line(shown) in text else f"{one_line(shown)}: {text}"


def one_line(text: str, most: int = _LONGEST_LINE) -> str:
    """`text` without anything that moves a cursor: names of files and answers of servers come from strangers.

    What is longer than `most` characters is cut there.
    """
    shown = "".join(char if char.isprintable() else _escaped(char) for char in text)
    return shown if len(shown) <= most else f"{shown[:most]}..."


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
