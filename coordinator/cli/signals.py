"""Ctrl-C, SIGTERM and SIGHUP from the first line to the last: nothing under way yet, work under way (interruption.py), the end.

Python's own answer to Ctrl-C is an exception wherever it stands, half way through an import too, where it may be swallowed.
This file imports next to nothing, `typing` neither: until it is imported that answer holds.
"""

import atexit
import os
import select
import signal

__all__ = ["STOPPED", "STOPPING", "Interrupted", "heed_signals", "leave"]

STOPPING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)

STOPPED = "stopped; nothing is left half done"

_SHOW_CURSOR = b"\x1b[?25h"
_STDOUT = 1
_STDERR = 2


class Interrupted(BaseException):
    """Work was cancelled by a signal, and has come to its end. `code`: what the command ends with."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def heed_signals() -> None:
    """From now on one of them ends the process at once; at its very end it changes nothing any more.

    A signal that whoever started us has told us to ignore (`nohup`, a job in the background) stays ignored.
    """
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    # registered first, so that it runs last: Python gives signals their deadly meaning back before it is gone
    atexit.register(_ignore)


def leave(code: int, said: str = "", *, in_line: bool = False) -> None:
    """At once, and not by print: what was interrupted may be in the midst of one.

    `in_line`: standard output stands in the midst of a line.
    """
    try:
        if in_line:
            _write(_STDOUT, b"\n")
        if os.isatty(_STDERR):
            _write(_STDERR, _SHOW_CURSOR)
        if said:
            _write(_STDERR, f"coordinator: {said}\n".encode())
    finally:
        os._exit(code)


def _write(to: int, text: bytes) -> None:
    """Nothing where it would have to wait: in a full pipe that nobody reads no signal would end the process."""
    if select.select((), (to,), (), 0)[1]:
        os.write(to, text)


def _end(number: int, _: object) -> None:
    leave(128 + number, STOPPED)


def _ignore() -> None:
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
