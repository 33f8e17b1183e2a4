"""The first signal lets work end in good order, a later one does not wait, and an ignored one is none."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import coordinator.cli

_WORK = """
import asyncio, signal, sys
from coordinator.cli import interruption
from coordinator.cli.interruption import run_heeding
from coordinator.cli.signals import Interrupted

interruption._SAME = {same}

{meanwhile}

async def work():
    print("begun", flush=True)
    asyncio.get_running_loop().call_soon(meanwhile)
    try:
        await asyncio.sleep(3600)
    finally:
        print("ending", flush=True)
        {farewell}

signal.signal(signal.SIGHUP, {hang_up})
try:
    run_heeding(work())
except Interrupted as interrupted:
    print(interrupted.code, flush=True)
    {tail}
    sys.exit(interrupted.code)
"""


_TO_ANOTHER_THREAD = """
import threading
from pathlib import Path

def signalled(main):
    state = Path(f"/proc/self/task/{main}/stat")
    while state.read_text().rpartition(")")[2].split()[0] != "S":
        pass
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

def meanwhile():
    threading.Thread(target=signalled, args=[threading.get_native_id()], daemon=True).start()
"""


def started(
    *,
    meanwhile: str = "meanwhile = lambda: None",
    farewell: str = "pass",
    tail: str = "pass",
    hang_up: str = "signal.SIG_DFL",
    same: float = 0.5,
) -> subprocess.Popen[str]:
    program = _WORK.format(meanwhile=meanwhile, farewell=farewell, tail=tail, hang_up=hang_up, same=same)
    return subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def begun(**given: Any) -> subprocess.Popen[str]:
    process = started(**given)
    assert _line(process) == "begun"
    return process


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_work_ends_in_good_order(number: signal.Signals, code: int) -> None:
    with begun() as process:
        process.send_signal(number)
        assert [_line(process), _line(process)] == ["ending", str(code)]
        assert process.wait(60) == code


def test_a_loop_that_waits_is_woken_by_a_signal_to_another_thread() -> None:
    with started(meanwhile=_TO_ANOTHER_THREAD) as process:
        try:
            said, _ = process.communicate(timeout=40)
        finally:
            process.kill()
        assert (said.split(), process.returncode) == (["begun", "ending", "143"], 143)


def test_the_second_signal_does_not_wait() -> None:
    with begun(farewell="await asyncio.sleep(3600)", same=0) as process:
        process.send_signal(signal.SIGTERM)
        assert _line(process) == "ending"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130


def test_a_signal_that_is_passed_on_twice_is_one() -> None:
    """To the very end of the process: one that comes later would kill it with another code."""
    waits = "await asyncio.to_thread(sys.stdin.readline)"
    with begun(farewell=waits, tail="sys.stdin.readline()", same=3600) as process:
        assert process.stdin is not None
        process.send_signal(signal.SIGTERM)
        for said in ("ending", "143"):
            assert _line(process) == said
            process.send_signal(signal.SIGTERM)
            print(file=process.stdin, flush=True)
        assert process.wait(60) == 143


def test_what_was_to_be_ignored_is_ignored() -> None:
    with begun(hang_up="signal.SIG_IGN") as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert [_line(process), _line(process)] == ["ending", "143"]
        assert process.wait(60) == 143


def test_every_command_heeds_signals() -> None:
    """By the one way to run work that does."""
    files = Path(coordinator.cli.__path__[0]).glob("*.py")
    assert [file.name for file in files if "asyncio.run(" in file.read_text(encoding="utf-8")] == []
