"""What is told to eyes, to logs and to programs while files are sent."""

import errno
import io
import json
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

from coordinator.cli.bars import Row, bars, shortened
from coordinator.cli.display import Display, Left, Passed, Summary, Took
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure
from coordinator.cli.json_display import JsonDisplay
from coordinator.cli.output import OutputFailed
from coordinator.cli.plain_display import PlainDisplay
from coordinator.cli.source import Source
from coordinator.cli.terminal_display import TerminalDisplay
from coordinator.client import Progress, Upload

MIB = 1024 * 1024
FILM = Source("films/a\x1b[2Jfilm.mov", Path("film.mov"), "film.mov", 100 * MIB)
PASSED = Passed("films/b", "0191", "coordinator abort 0191")
LEFT = Left("film.mov", "0190", "coordinator resume 0190 'a film.mov'")


def upload() -> Upload:
    told = dict.fromkeys(Upload.__struct_fields__)
    numbers = {"part_size": MIB, "parts_uploaded": 1, "bytes_uploaded": MIB, "size": 100 * MIB}
    texts = dict.fromkeys(("policy", "tenant", "owner", "filename", "content_type", "bucket", "key"), "x")
    times = dict.fromkeys(("created_at", "updated_at", "expires_at"), "2026-11-21T12:00:00Z")
    more = {"id": str(UUID(int=1)), "state": "completed", "method": "put", "metadata": {}}
    return msgspec.convert({**told, **numbers, **texts, **times, **more}, Upload)


def progress(
    sent: int, *, resumed: int = 0, total: int | None = 100 * MIB, speed: int | None = MIB
) -> Progress:
    return Progress(
        stage="uploading",
        filename="film.mov",
        upload_id="0190",
        bytes_sent=sent,
        bytes_resumed=resumed,
        bytes_total=total,
        percent=None if total is None else 100 * sent / total,
        bytes_per_second=speed,
        seconds_left=7,
        parts_done=1,
        part_count=100,
        part=1,
    )


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lived(display: Display, clock: Clock) -> None:
    """Everything a display may be told."""
    display.found(2, 200 * MIB)
    for second in range(101):
        clock.now = float(second)
        display.moved({FILM: progress(second * MIB)})
    display.completed(FILM, upload(), Took(101.0, 43 * MIB))
    display.failed("films/b", Failure(ExitCode.NO_FILE, "films/b cannot be read", "look"))
    display.warned("it will not be remembered")
    display.warned("films/b: it was changed", PASSED)
    display.ended(Summary(1, 1, 100 * MIB, 102.0))
    display.stopped([LEFT], again=True)
    display.close()
    display.close()


def test_a_log_gets_coarse_steps_and_standard_output_the_result(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lived(PlainDisplay(clock, steps=True), clock)
    said = capsys.readouterr()
    assert said.out == f"{UUID(int=1)}\tx/x\tfilms/a\\x1b[2Jfilm.mov\n"
    lines = said.err.splitlines()
    steps = [line for line in lines if "%, " in line]
    assert len(steps) == 9
    assert (
        "coordinator: films/a\\x1b[2Jfilm.mov: stored, 100.0 MiB in 1:41 (43.0 MiB were there already)"
        in lines
    )
    assert (
        steps[0] == "coordinator: films/a\\x1b[2Jfilm.mov: 10%, 10.0 MiB of 100.0 MiB, 1.0 MiB/s, 0:07 left"
    )
    assert "coordinator: 1 files, 100.0 MiB in 1:42; 1 failed" in lines
    assert lines[-2:] == [
        "coordinator: stopped; to go on, run the same command again, or:",
        "  coordinator resume 0190 'a film.mov'",
    ]
    assert all(line.isprintable() for line in lines)


def test_a_slow_file_is_heard_of_every_minute(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    display = PlainDisplay(clock, steps=True)
    for minute in range(6):
        clock.now = minute * 60.0
        display.moved({FILM: progress(min(minute, 3) * 1_000)})
    lines = capsys.readouterr().err.splitlines()
    assert ["waits at" in line for line in lines] == [False, False, False, True, True]


def test_what_goes_on_says_where(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    display = PlainDisplay(clock, steps=True)
    for second, sent in enumerate((60, 61, 70)):
        clock.now = float(second)
        display.moved({FILM: progress(sent * MIB, resumed=16 * MIB)})
    first, *more = capsys.readouterr().err.splitlines()
    assert first.endswith(": goes on at 16%, 16.0 MiB of 100.0 MiB"), (
        "what has been sent since is no part of it"
    )
    assert ["61%" in line for line in more] == [True]


def test_a_turn_that_is_waited_for_is_said_once(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    display = PlainDisplay(clock, steps=True)
    for _ in range(3):
        display.moved({FILM: msgspec.structs.replace(progress(0), stage="waiting")})
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("waits for another process of this machine that sends it")


def test_quiet_says_results_and_failures_alone(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    display = PlainDisplay(clock, steps=False)
    display.found(2, 5)
    display.moved({FILM: progress(50 * MIB, resumed=1)})
    display.completed(FILM, upload(), Took(1.0, 0))
    display.failed("b", Failure(ExitCode.NO_FILE, "gone"))
    display.ended(Summary(1, 1, 5, 1.0))
    said = capsys.readouterr()
    assert (len(said.out.splitlines()), said.err) == (1, "coordinator: b: gone\n")


class _Full(io.StringIO):
    def write(self, _: str) -> int:
        raise OutputFailed(OSError(errno.ENOSPC, "No space left on device"))


def test_what_is_stored_is_said_on_standard_error_where_its_result_cannot_be_written(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would know of it otherwise, and the same command would store it once more."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=200)
    for display in (
        PlainDisplay(clock, steps=False),
        JsonDisplay(),
        TerminalDisplay(console, clock),
    ):
        with monkeypatch.context() as patched:
            patched.setattr("sys.stdout", _Full())
            with pytest.raises(OutputFailed):
                display.completed(FILM, upload(), Took(1.0, 0))
        display.close()
    told = [*capsys.readouterr().err.splitlines(), out.getvalue()]
    assert len(told) == 3
    assert all(f"stored, as upload {UUID(int=1)}" in one for one in told)


def test_many_left_uploads_are_not_listed(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    display = PlainDisplay(clock, steps=True)
    display.stopped([LEFT] * 6, again=True)
    display.stopped([LEFT] * 6, again=False)
    display.stopped([LEFT], again=False)
    display.stopped([], again=True)
    assert capsys.readouterr().err.splitlines() == [
        "coordinator: stopped with 6 uploads under way; to go on, run the same command again",
        "coordinator: stopped with 6 uploads under way; to go on, see `coordinator resume`",
        "coordinator: stopped; to go on, run:",
        "  coordinator resume 0190 'a film.mov'",
        "coordinator: stopped; nothing is left half done",
    ]


def test_a_program_gets_one_object_a_line(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    lived(JsonDisplay(), clock)
    said = capsys.readouterr()
    told = [json.loads(line) for line in said.out.splitlines()]
    names = [event["event"] for event in told]
    assert (names[0], names[-6:]) == (
        "found",
        ["completed", "failed", "warned", "warned", "ended", "stopped"],
    )
    assert names.count("progress") == 101
    assert told[-5]["exit_code"] == ExitCode.NO_FILE
    about = ("path", "upload_id", "abort")
    assert [told[-4][name] for name in about] == [None] * 3
    assert [told[-3][name] for name in about] == ["films/b", "0191", PASSED.abort]
    assert told[-1]["left"] == [{"path": "film.mov", "upload_id": "0190", "resume": LEFT.resume}]
    assert said.err == ""


def test_the_same_progress_is_not_told_twice(capsys: pytest.CaptureFixture[str]) -> None:
    display = JsonDisplay()
    for _ in range(3):
        display.moved({FILM: progress(5)})
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("width", [30, 40, 59, 60, 80, 99, 100, 120, 200])
@pytest.mark.parametrize("total", [100 * MIB, 0, None])
def test_no_row_is_wider_than_the_terminal(width: int, total: int | None) -> None:
    rows = [
        Row("a very long name of a film that nobody can remember.mov", 50 * MIB, total, 9 * MIB, 3_600.0),
        Row("日本語のとても長いファイル名です.mov", 1024**4, total, None, None, "finishing"),
    ]
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(bars(rows, width))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 2
    assert max(cell_len(line) for line in lines) <= width - 3


def test_the_ends_of_names_are_kept() -> None:
    assert shortened("holiday-2024-part-one.mov", 15) == "holiday…one.mov"
    assert shortened("short.mov", 15) == "short.mov"
    assert cell_len(shortened("日本語のとても長いファイル名です.mov", 15)) <= 15


def test_a_terminal_shows_bars_and_leaves_results(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=80, height=24, force_terminal=True)
    lived(TerminalDisplay(console, clock), clock)
    shown = screen.getvalue()
    assert "━" in shown
    assert " 50%" in shown
    assert "✓" in shown
    assert "✗" in shown
    assert "\x1b[2Jfilm" not in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l"), "the cursor is back"
    assert capsys.readouterr().out == f"{UUID(int=1)}\tx/x\tfilms/a\\x1b[2Jfilm.mov\n", (
        "stdout is no terminal here"
    )


def test_a_file_without_progress_is_said_to_wait(clock: Clock) -> None:
    screen = io.StringIO()
    display = TerminalDisplay(Console(file=screen, width=80, height=24, force_terminal=True), clock)
    for second in range(8):
        clock.now = float(second)
        display.moved({FILM: progress(min(second, 2) * MIB)})
    display.close()
    frames = screen.getvalue().split("\x1b[2K")
    assert ["waiting" in frame for frame in frames if "films/" in frame][:8] == [False] * 7 + [True]


def test_more_files_than_fit_show_some_and_the_whole(clock: Clock) -> None:
    screen = io.StringIO()
    display = TerminalDisplay(Console(file=screen, width=80, height=10, force_terminal=True), clock)
    display.found(1_000, 1_000 * MIB)
    sources = {Source(f"f{n}", Path(f"f{n}"), f"f{n}", MIB, f"d/f{n}"): progress(1) for n in range(16)}
    display.moved(sources)
    last = screen.getvalue().splitlines()
    assert len(last) == 8
    assert "0 of 1000 files" in last[-1]
    display.close()
