"""Ctrl-C, SIGTERM and SIGHUP: the first one lets work end in good order, a later one does not wait.

What comes within half a second of the first one is the same wish: a terminal, a shell and a supervisor may each pass a
signal on. A signal that whoever started us has told us to ignore (`nohup`, a job in the background) stays ignored.
"""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine
from types import FrameType
from typing import Any, Final, TypeVar

from coordinator.cli.exit_code import ExitCode

__all__ = ["Interrupted", "until_signal"]

T = TypeVar("T")

_CODES: Final = {
    signal.SIGHUP: ExitCode.HUNG_UP,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
}
_SAME: Final = 0.5
"""Seconds."""
_SHOW_CURSOR: Final = b"\x1b[?25h"
_STDERR: Final = 2


class Interrupted(BaseException):
    """Work was cancelled by a signal, and has come to its end."""

    def __init__(self, code: ExitCode) -> None:
        super().__init__(code.meaning)
        self.code = code


class _Heed:
    """Python's own handlers, and not the loop's, which go with the loop: a signal may come until the process has ended."""

    def __init__(self, loop: asyncio.AbstractEventLoop, work: "asyncio.Task[Any]") -> None:
        self._loop = loop
        self._work = work
        self._since = 0.0
        self.received: ExitCode | None = None
        self._before = {
            number: signal.signal(number, self._hear)
            for number in _CODES
            if signal.getsignal(number) is not signal.SIG_IGN
        }

    def end(self) -> None:
        """Gives the signals back, unless one has come: then the process is ending."""
        if self.received is None:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, _: FrameType | None) -> None:
        code = _CODES[signal.Signals(number)]
        if self.received is None:
            self.received = code
            self._since = time.monotonic()
            self._loop.call_soon_threadsafe(self._work.cancel)
        elif time.monotonic() - self._since >= _SAME:
            # not by print: what was interrupted may be in the midst of one
            if os.isatty(_STDERR):
                os.write(_STDERR, _SHOW_CURSOR)
            os._exit(code)


async def until_signal(work: Coroutine[Any, Any, T]) -> T:
    """What the work gives. Raises Interrupted after a signal, and what the work raises."""
    task = asyncio.ensure_future(work)
    heed = _Heed(asyncio.get_running_loop(), task)
    try:
        return await task
    except asyncio.CancelledError:
        if heed.received is not None:
            raise Interrupted(heed.received) from None
        raise
    finally:
        heed.end()
