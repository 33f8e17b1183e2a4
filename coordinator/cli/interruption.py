"""Ctrl-C, SIGTERM and SIGHUP: the first one lets work end in good order, the second one does not wait.

A signal that whoever started us has told us to ignore (`nohup`, a job in the background) stays ignored.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from coordinator.cli.exit_code import ExitCode

__all__ = ["Interrupted", "until_signal"]

T = TypeVar("T")

_CODES: Final = {
    signal.SIGHUP: ExitCode.HUNG_UP,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
}
_SHOW_CURSOR: Final = "\x1b[?25h"


class Interrupted(BaseException):
    """Work was cancelled by a signal, and has come to its end."""

    def __init__(self, code: ExitCode) -> None:
        super().__init__(code.meaning)
        self.code = code


async def until_signal(work: Coroutine[Any, Any, T]) -> T:
    """What the work gives. Raises Interrupted after a signal, and what the work raises."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    received: list[ExitCode] = []

    def stop(code: ExitCode) -> None:
        if received:
            if sys.stderr.isatty():
                print(end=_SHOW_CURSOR, file=sys.stderr, flush=True)
            os._exit(code)
        received.append(code)
        task.cancel()

    heeded = [number for number in _CODES if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heeded:
        loop.add_signal_handler(number, stop, _CODES[number])
    try:
        return await task
    except asyncio.CancelledError:
        if received:
            raise Interrupted(received[0]) from None
        raise
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)
