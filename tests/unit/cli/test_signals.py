"""A signal ends the command with the documented code and one line, whenever it comes: while it imports, and when it is done."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

_COPIES = """
import json, os, sys
from coordinator.cli.main import main

number = {number}
sys.argv = ["coordinator", *{arguments!r}]

class Copies:
    "At each import a copy of this process is sent the signal; how it ended is written down, and the original goes on."

    def __init__(self):
        self.ended = []
        self.watching = True

    def find_spec(self, name, path=None, target=None):
        events = sys.modules.get("asyncio.events")
        if not self.watching or getattr(events, "_get_running_loop", lambda: None)():
            return None  # a loop cannot be copied
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            self.watching = False
            os.dup2(writing, 2)
            os.close(reading)
            os.close(writing)
            os.kill(os.getpid(), number)
            return None
        os.close(writing)
        with open(reading) as said:
            told = said.read()
        _, status = os.waitpid(child, 0)
        self.ended.append([name, os.waitstatus_to_exitcode(status), told])
        return None

copies = Copies()
sys.meta_path.insert(0, copies)
try:
    main()
finally:
    copies.watching = False
    print(json.dumps(copies.ended))
"""

_LATE = """
import os, sys
from coordinator.cli.main import main

class Late:
    def __del__(self):
        os.kill(os.getpid(), {number})

late = Late()
sys.argv = ["coordinator", "config"]
main()
"""
"""What is left of a program goes after Python has given signals their deadly meaning back."""

_BETWEEN_RULES = """
import asyncio, os, signal, sys
from coordinator.cli import bucket
from coordinator.cli.signals import heed_signals

class Rule:
    title = "CORS"

    async def carried_out(self):
        return None

async def stopped_after_the_first():
    await bucket._carried_out(Rule())
    os.kill(os.getpid(), signal.SIGTERM)

heed_signals()
sys.stdout.reconfigure(write_through=False)
asyncio.run(stopped_after_the_first())
"""

STOPPED = "coordinator: stopped; nothing is left half done\n"
NOWHERE = ["--url", "http://127.0.0.1:1"]


def ran(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "number"),
    [
        (["upload", __file__, *NOWHERE], signal.SIGINT),
        (["test-upload", "1M", *NOWHERE], signal.SIGTERM),
        (["--help"], signal.SIGHUP),
    ],
)
def test_at_every_import(arguments: list[str], number: signal.Signals) -> None:
    said = ran(_COPIES.format(number=int(number), arguments=arguments))
    ended = json.loads(said.stdout.splitlines()[-1])
    assert len(ended) > 200
    names = [name for name, _, _ in ended]
    heeded = names.index("coordinator.cli.commands")
    assert {name.partition(".")[0] for name in names[:heeded]} <= {*sys.stdlib_module_names, "coordinator"}
    assert "typing" not in names[:heeded], "nothing large comes before"
    for at, (name, code, told) in enumerate(ended):
        if at < heeded and number != signal.SIGINT:
            # nobody hears yet, so the system ends it: to a shell that is the same code
            assert code in {-number, 128 + number}, name
        else:
            assert (code, told) == (128 + number, STOPPED), name


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_done_is_not_undone(number: signal.Signals) -> None:
    ended = ran(_LATE.format(number=int(number)))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "limit_rate" in ended.stdout


def test_a_rule_that_is_set_is_told_before_the_next_one_is() -> None:
    ended = ran(_BETWEEN_RULES)
    assert (ended.returncode, ended.stdout) == (128 + signal.SIGTERM, "CORS: set, and read back\n")


def test_what_nobody_reads_holds_up_no_end() -> None:
    program = "import time; from coordinator.cli.signals import heed_signals; heed_signals(); print(flush=True); time.sleep(60)"
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(4096))
    os.set_blocking(writing, True)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=writing) as command:
        try:
            assert command.stdout is not None
            command.stdout.readline()
            command.terminate()
            assert command.wait(30) == 128 + signal.SIGTERM
        finally:
            command.kill()
            os.close(reading)
            os.close(writing)
