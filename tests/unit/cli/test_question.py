"""A question before something that cannot be taken back: yes, no, the end of input, and a signal instead of an answer."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_ASKS = """
import asyncio
from coordinator.cli.interruption import run_heeding
from coordinator.cli.question import agreed

async def work():
    try:
        print(agreed("give it up?"), flush=True)
    finally:
        print("over", flush=True)

run_heeding(work())
"""


@contextmanager
def asked() -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """The program, once it asks, and the terminal that it reads from."""
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _ASKS],
        stdin=its_end,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(its_end)
    try:
        assert process.stdout is not None
        assert process.stdout.read(len("give it up? [y/N] ")) == "give it up? [y/N] "
        yield process, terminal
    finally:
        process.kill()
        process.communicate()
        os.close(terminal)


def _until_it_reads(pid: int) -> None:
    """Python sees a signal that comes just before it reads when it has read; nothing else makes the program wait."""
    stat = Path(f"/proc/{pid}/stat")
    while stat.read_text().rpartition(")")[2].split()[0] != "S":
        os.sched_yield()


@pytest.mark.parametrize(
    ("typed", "told"), [(b"y\n", "True"), (b"n\n", "False"), (b"\n", "False"), (b"\x04", "False")]
)
def test_only_a_yes_is_one(typed: bytes, told: str) -> None:
    with asked() as (process, terminal):
        os.write(terminal, typed)
        said, _ = process.communicate(timeout=40)
        assert (said.split(), process.returncode) == ([told, "over"], 0)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_an_answer(number: signal.Signals, code: int) -> None:
    """At once, and on a line of its own."""
    with asked() as (process, _):
        _until_it_reads(process.pid)
        process.send_signal(number)
        said = process.communicate(timeout=40)
        assert (said, process.returncode) == (
            ("\n", "coordinator: stopped; nothing is left half done\n"),
            code,
        )


def test_a_signal_ends_it_where_its_terminal_is_gone_too() -> None:
    """As when a window is closed: the end of the line can be written nowhere."""
    with asked() as (process, _):
        assert process.stdout is not None
        process.stdout.close()
        _until_it_reads(process.pid)
        process.send_signal(signal.SIGHUP)
        assert process.wait(timeout=40) == 129
