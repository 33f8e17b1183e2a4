"""The first signal lets work end in good order, the second one does not wait, and an ignored one is none."""

import signal
import subprocess
import sys

import pytest

_WORK = """
import asyncio, signal, sys
from coordinator.cli.interruption import Interrupted, until_signal

async def work():
    print("begun", flush=True)
    try:
        await asyncio.sleep(60)
    finally:
        print("ending", flush=True)
        {farewell}

signal.signal(signal.SIGHUP, {hang_up})
try:
    asyncio.run(until_signal(work()))
except Interrupted as interrupted:
    print(interrupted.code.name)
    sys.exit(interrupted.code)
"""


def begun(*, farewell: str = "pass", hang_up: str = "signal.SIG_DFL") -> subprocess.Popen[str]:
    program = _WORK.format(farewell=farewell, hang_up=hang_up)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert _line(process) == "begun"
    return process


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize(
    ("number", "code", "name"),
    [
        (signal.SIGINT, 130, "INTERRUPTED"),
        (signal.SIGTERM, 143, "TERMINATED"),
        (signal.SIGHUP, 129, "HUNG_UP"),
    ],
)
def test_work_ends_in_good_order(number: signal.Signals, code: int, name: str) -> None:
    with begun() as process:
        process.send_signal(number)
        assert [_line(process), _line(process)] == ["ending", name]
        assert process.wait(60) == code


def test_the_second_signal_does_not_wait() -> None:
    with begun(farewell="await asyncio.sleep(3600)") as process:
        process.send_signal(signal.SIGTERM)
        assert _line(process) == "ending"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130


def test_what_was_to_be_ignored_is_ignored() -> None:
    with begun(hang_up="signal.SIG_IGN") as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert [_line(process), _line(process)] == ["ending", "TERMINATED"]
        assert process.wait(60) == 143
