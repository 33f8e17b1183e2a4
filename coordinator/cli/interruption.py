"""Ctrl-C and SIGTERM: the first one lets work end in good order, the second one does not wait."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from coordinator.cli.exit_code import ExitCode

__all__ = ["Interrupted", "until_signal"]

T = TypeVar("T")

_CODES: Final = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


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
            os._exit(code)
        received.append(code)
        task.cancel()

    for number, code in _CODES.items():
        loop.add_signal_handler(number, stop, code)
    try:
        return await task
    except asyncio.CancelledError:
        if received:
            raise Interrupted(received[0]) from None
        raise
    finally:
        for number in _CODES:
            loop.remove_signal_handler(number)
