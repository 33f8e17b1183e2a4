"""Output that ends at a full disk, at a pipe nobody reads, or nowhere: one line where one can be said, and a documented code."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest
import typer

from coordinator.cli.commands import app, run
from coordinator.cli.output import OutputFailed, guard_output

FULL = "coordinator: standard output cannot be written (No space left on device); make room there, or send it elsewhere\n"
MISSING = ["upload", "/nowhere/file"]


def _helps() -> list[list[str]]:
    """Of every command there is."""
    found = [["--help"], [], ["--show-completion"]]
    waiting: list[tuple[list[str], object]] = [([], typer.main.get_command(app))]
    while waiting:
        way, command = waiting.pop()
        for name, below in getattr(command, "commands", {}).items():
            found.append([*way, name, "--help"])
            waiting.append(([*way, name], below))
    return found


@contextmanager
def _nobody_reads() -> Iterator[TextIO]:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        yield stream


@contextmanager
def _full() -> Iterator[TextIO]:
    with Path("/dev/full").open("w") as stream:
        yield stream


@pytest.mark.parametrize("arguments", _helps(), ids=" ".join)
def test_every_help(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In this process, because there are many of them."""
    monkeypatch.setattr("sys.argv", ["coordinator", *arguments])
    for end, code, says in ((_full, 8, FULL), (_nobody_reads, 141, "")):
        with end() as stream:
            monkeypatch.setattr("sys.stdout", stream)
            with pytest.raises(SystemExit) as ended:
                run()
        assert (ended.value.code, capfd.readouterr().err) == (code, says)


def ran(arguments: list[str], *, output: str = "", errors: str = "") -> subprocess.CompletedProcess[str]:
    """`output`, `errors`: where they go, as a shell has it."""
    command = ["sh", "-c", f'exec "$@" {output} {errors}', "sh", sys.executable, "-m", "coordinator.cli.main"]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [["--help"], ["config"], ["config", "--json"]])
def test_to_the_last_line_of_the_process(arguments: list[str]) -> None:
    """Python flushes once more while it ends, and would say what it thinks of that."""
    full = ran(arguments, output=">/dev/full")
    assert (full.returncode, full.stderr) == (8, FULL)
    closed = ran(arguments, output=">&-")
    assert (closed.returncode, closed.stderr) == (0, "")


@pytest.mark.parametrize("errors", ["2>/dev/full", "2>&-"])
def test_a_code_stays_what_it_is_when_nothing_can_be_said(errors: str) -> None:
    for arguments, code in ((MISSING, 3), (["frobnicate"], 2), (["config"], 0)):
        ended = ran(arguments, errors=errors)
        assert (ended.returncode, ended.stderr) == (code, "")
    both = ran(["config"], output=">/dev/full", errors=errors)
    assert (both.returncode, both.stderr) == (8, "")


def test_no_file_takes_the_number_of_a_closed_stream() -> None:
    """What a signal has said is written to standard error by its number."""
    looks = "import os; from coordinator.cli.output import guard_output\nwith guard_output(): os._exit(os.open('/', os.O_RDONLY))"
    command = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", looks]
    assert subprocess.run(command, check=False).returncode > 2


def test_a_stream_that_is_open_for_reading_alone_is_named() -> None:
    ended = ran(["config"], output="1</dev/null")
    assert (ended.returncode, ended.stderr) == (
        8,
        FULL.replace("No space left on device", "Bad file descriptor"),
    )


def test_a_full_log_stops_nothing_and_a_closed_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    for end in (_full, _nobody_reads):
        with end() as stream:
            monkeypatch.setattr("sys.stderr", stream)
            with guard_output():
                if end is _full:
                    print("a line", file=sys.stderr, flush=True)
                else:
                    with pytest.raises(OutputFailed):
                        print("a line", file=sys.stderr, flush=True)
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
