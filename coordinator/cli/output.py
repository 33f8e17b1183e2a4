"""Standard output and standard error, whatever they end at: a terminal, a file on a full disk, a pipe nobody reads, nothing.

Results go to standard output, so a command whose results cannot be written has failed. What goes to standard error is said
as far as it can be: a log on a full disk stops no upload. When whoever reads one of the two has gone, the command ends.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final, TextIO, cast

from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure

__all__ = ["OutputFailed", "check_output", "failure_of_output", "guard_output", "is_full", "let_go_of_output"]

_GONE: Final = {errno.EPIPE: ExitCode.CLOSED_OUTPUT, errno.EIO: ExitCode.HUNG_UP}
_LAST_STANDARD: Final = 2
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class OutputFailed(Exception):
    """A standard stream takes no more. No OSError: libraries have answers of their own to a closed pipe."""

    def __init__(self, refused: OSError) -> None:
        super().__init__(refused.strerror or str(refused))
        self.ends_with = _GONE.get(refused.errno or 0)
        """The code, where there is nobody who could read why."""


class _Stream:
    """Raises OutputFailed, where `matters` is false only when its reader has gone."""

    def __init__(self, stream: TextIO, *, matters: bool) -> None:
        self._stream = stream
        self._matters = matters

    def write(self, text: str) -> int:
        with self._guarded():
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._guarded():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OSError as refused:
            if self._matters or refused.errno in _GONE:
                raise OutputFailed(refused) from None


@contextmanager
def guard_output() -> Iterator[None]:
    """For as long as the command runs."""
    _occupy()
    before = sys.stdout, sys.stderr
    stdout, stderr = (_opened(stream) for stream in before)
    if isinstance(stdout, TextIOWrapper):
        # whatever a file is called, what was stored is said, by a terminal that knows ASCII alone, too
        stdout.reconfigure(errors="backslashreplace")
    sys.stdout = cast("TextIO", _Stream(stdout, matters=True))
    sys.stderr = cast("TextIO", _Stream(stderr, matters=False))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def check_output() -> None:
    """What stands in the buffers is noticed here, and not by the dying interpreter. Raises OutputFailed."""
    sys.stdout.flush()
    sys.stderr.flush()


def let_go_of_output() -> None:
    """So that the interpreter's last flush has somewhere to go, and does not change the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except OSError:
                with suppress(OSError):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def failure_of_output(failed: OutputFailed) -> Failure:
    return Failure(
        ExitCode.NO_SPACE,
        f"standard output cannot be written ({failed})",
        "make room there, or send it elsewhere",
    )


def is_full(refused: OSError) -> bool:
    """Whether the disk, the quota or the limit of a file's size is what stood in the way."""
    return refused.errno in _FULL


def _occupy() -> None:
    """A closed standard stream's number would go to the next file that is opened, and what is said would be written into it."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= _LAST_STANDARD:
        pass
    os.close(number)


def _opened(stream: TextIO | None) -> TextIO:
    """One that is closed has no object; print would say on standard output what is meant for standard error."""
    return Path(os.devnull).open("w") if stream is None else stream
