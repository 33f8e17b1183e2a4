"""A signal while work is under way: the first one lets it end in good order, a later one does not wait.

What comes within half a second of the first one is the same wish: a terminal, a shell and a supervisor may each pass a
signal on. A signal that whoever started us has told us to ignore (`nohup`, a job in the background) stays ignored.
"""

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, Final, TypeVar

from coordinator.cli.signals import STOPPING, Interrupted, leave

__all__ = ["heed_instead", "run_heeding", "until_signal"]

T = TypeVar("T")

_SAME: Final = 0.5
"""Seconds."""


class _Heed:
    """Python's own handlers, and not the loop's, which go with the loop: a signal may come until the process has ended."""

    def __init__(self, loop: asyncio.AbstractEventLoop, work: "asyncio.Task[Any]") -> None:
        self._loop = loop
        self._work = work
        self._since = 0.0
        self._wakes = _Wakes(loop)
        self.received: int | None = None
        self._before = {
            number: signal.signal(number, self._hear)
            for number in STOPPING
            if signal.getsignal(number) is not signal.SIG_IGN
        }

    def end(self) -> None:
        """Gives the signals back, unless one has come: then the process is ending."""
        self._wakes.end()
        if self.received is None:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, _: FrameType | None) -> None:
        if self.received is None:
            self.received = 128 + number
            self._since = time.monotonic()
            self._loop.call_soon_threadsafe(self._work.cancel)
        elif time.monotonic() - self._since >= _SAME:
            leave(128 + number)


class _Wakes:
    """Wakes a loop that waits: a signal that comes just before that, or to another thread, is heard only after it otherwise.

    Source: Python's `signal.set_wakeup_fd`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heard, self._told = socket.socketpair()
        for one in (self._heard, self._told):
            one.setblocking(False)
        before = signal.set_wakeup_fd(self._told.fileno(), warn_on_full_buffer=False)
        self._ours = before < 0
        if self._ours:
            loop.add_reader(self._heard, self._heard.recv, 4096)
        else:
            # a loop that sees to it by itself, as uvloop does
            signal.set_wakeup_fd(before)

    def end(self) -> None:
        if self._ours:
            signal.set_wakeup_fd(-1)
            self._loop.remove_reader(self._heard)
        self._heard.close()
        self._told.close()


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


def run_heeding(
    work: Coroutine[Any, Any, T], loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
) -> T:
    """The same, on a loop of its own."""
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(until_signal(work))


def heed_instead(stop: Callable[[], None]) -> None:
    """For work that ends by itself when it is told to: from now on a signal calls `stop` on the running loop."""
    loop = asyncio.get_running_loop()

    def hear(_number: int, _frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop)

    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, hear)
