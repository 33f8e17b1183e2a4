"""A question at the terminal, before something that cannot be taken back."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from coordinator.cli.signals import STOPPED, STOPPING, leave

__all__ = ["agreed"]


def agreed(question: str) -> bool:
    """Whether the answer is yes. An end of input is a no; a signal ends the command at once: a loop would not get to hear of it."""
    with _leaving():
        try:
            return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
        except EOFError:
            print()
            return False


@contextmanager
def _leaving() -> Iterator[None]:
    before = {
        number: signal.signal(number, _leave)
        for number in STOPPING
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _: object) -> None:
    leave(128 + number, STOPPED, in_line=True)
