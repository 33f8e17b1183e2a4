"""A shell may stand in a directory that was deleted; other surprises of the system are said in one line as well."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from coordinator.cli.exit_code import ExitCode
from coordinator.cli.reporting import failure_of
from coordinator.client import AsyncClient, FileMissing

GONE = "coordinator: the current directory is gone; change to another one\n"
NOWHERE = ["--url", "http://127.0.0.1:1"]
ID = "01900000-0000-7000-8000-000000000000"


def ran(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a directory that is deleted before the command begins."""
    (folder / "gone").mkdir()
    (folder / "file").write_bytes(b"x")
    gone = f"import os, runpy, sys; os.chdir({str(folder / 'gone')!r}); os.rmdir(os.getcwd())\n"
    started = "sys.argv = ['coordinator', *sys.argv[1:]]; runpy.run_module('coordinator.cli.main', run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", gone + started, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "arguments",
    [["upload", "../file"], ["upload", "."], ["resume", ID, "../file"], ["upload", "../f", "../g"]],
)
def test_nothing_is_found_from_there(tmp_path: Path, arguments: list[str]) -> None:
    ended = ran(tmp_path, *arguments, *NOWHERE)
    assert (ended.returncode, ended.stderr) == (ExitCode.NO_FILE, GONE)


def test_what_needs_no_directory_works_there(tmp_path: Path) -> None:
    assert ran(tmp_path, "config").returncode == ExitCode.DONE


def test_a_whole_path_is_found_from_there(tmp_path: Path) -> None:
    ended = ran(tmp_path, "upload", str(tmp_path / "file"), *NOWHERE)
    assert (ended.returncode, "the connection is refused" in ended.stderr) == (ExitCode.UNREACHABLE, True)


async def test_the_library_says_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    (tmp_path / "file").write_bytes(b"x")
    monkeypatch.chdir(gone)
    gone.rmdir()
    async with AsyncClient(NOWHERE[1], remember=False) as client:
        with pytest.raises(FileMissing, match=r"The current directory is gone, so \.\./file cannot be found"):
            await client.upload("../file")


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (OSError(errno.EMFILE, "Too many open files"), ExitCode.FAILED, "this system refuses it (Too many open files); mend"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), ExitCode.FAILED, "(Permission denied) at /x; mend that"),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), ExitCode.NO_SPACE, "there is no space left at /x; free some"),
        (OSError(errno.EFBIG, "File too large"), ExitCode.NO_SPACE, "there is no space left; free some"),
        (TimeoutError(), ExitCode.FAILED, "this system refuses it (TimeoutError)"),
        (ValueError("x"), ExitCode.FAILED, "this should not happen: ValueError: x"),
    ],
)  # fmt: skip
def test_what_the_system_refuses_is_no_fault_of_ours(error: Exception, code: ExitCode, says: str) -> None:
    failure = failure_of(error)
    assert (failure.code, says in str(failure)) == (code, True)
