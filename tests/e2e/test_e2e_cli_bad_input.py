"""Whatever is given, wrong or missing: one line that says what to do, a documented exit code, and no traceback."""

import asyncio
import io
import os
import pty
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from coordinator.cli.commands import run
from coordinator.cli.exit_code import ExitCode
from coordinator.local.bucket import LocalStore
from tests.e2e import program
from tests.e2e.conftest import Place
from tests.e2e.program import Ended
from tests.e2e.server import free_port
from tests.e2e.shell import Shell, at, events, own_home, recorded, said_once
from tests.integration.local.stack_process import as_ordinary_user
from tests.postgres import passable_directory

NOBODYS = "01900000-0000-7000-8000-000000000000"
"""An id that no upload has."""


@pytest.fixture
def shell(place: Place, tmp_path: Path) -> Shell:
    (tmp_path / "file.txt").write_bytes(b"some bytes")
    (tmp_path / "folder").mkdir()
    (tmp_path / "new\nline.txt").write_bytes(b"x")
    (tmp_path / os.fsdecode(b"latin-\xe9.txt")).write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe")
    return at(place, tmp_path)


@pytest.mark.parametrize(
    "given",
    [
        (["upload", "{here}/nothing.txt"], ExitCode.NO_FILE, "there is no file {here}/nothing.txt; check its name"),
        (["upload", ""], ExitCode.NO_FILE, "there is no file (empty name)"),
        (["upload", "{here}/file.txt", "{here}/nothing.txt"], ExitCode.NO_FILE, "nothing was sent"),
        (["upload", "{here}/file.txt/x"], ExitCode.NO_FILE, "cannot be read (Not a directory); check its name"),
        (["upload", "{here}/pipe"], ExitCode.NO_FILE, "is no file and no folder; name a file"),
        (["upload", "{here}/new\nline.txt"], ExitCode.WRONG_USE, "line.txt holds a control character; give it another one with --name"),
        (["upload", os.fsdecode(b"{here}/latin-\xe9.txt")], ExitCode.WRONG_USE, "is not UTF-8; give it another one with --name"),
        (["upload", "{here}/file.txt", "--name", "a\nb"], ExitCode.WRONG_USE, "--name: a\\nb holds a control character"),
        (["upload", "{here}/file.txt", "{here}/folder", "--name", "x"], ExitCode.WRONG_USE, "--name names one file"),
        (["upload", "{here}/file.txt", "--metadata", "shelf"], ExitCode.WRONG_USE, "--metadata shelf is not name=value"),
        (["upload", "{here}/file.txt", "--metadata", "a=1", "--metadata", "a=2"], ExitCode.WRONG_USE, "is given twice"),
        (["upload", "{here}/file.txt", "--limit-rate", "fast"], ExitCode.WRONG_USE, "--limit-rate: it must be a number of bytes"),
        (["upload", "{here}/file.txt", "--limit-rate", "10"], ExitCode.WRONG_USE, "--limit-rate: it must be at least 1,024 bytes a second"),
        (["upload", "{here}/file.txt", "--part-size", "1K"], ExitCode.WRONG_USE, "--part-size: it must be from 5 MiB to 5 GiB"),
        (["upload", "{here}/file.txt", "--name", "n" * 5_000], ExitCode.WRONG_USE, "--name: it has 5,000 characters, and 255 are allowed"),
        (["upload", "{here}/file.txt", "--name", ""], ExitCode.WRONG_USE, "--name: it is empty"),
        (["upload", "{here}/file.txt", "--name", "../x"], ExitCode.WRONG_USE, "--name: Expected a name, not a path"),
        (["upload", "{here}/file.txt", "--content-type", "film"], ExitCode.WRONG_USE, "--content-type: Expected type/subtype"),
        (["upload", "{here}/file.txt", "--policy", "nobodys"], ExitCode.REFUSED, "--policy: there is no such policy; leave it out"),
        (["upload", "{here}/file.txt", "--gzip", "--policy", "plain"], ExitCode.REFUSED, "--gzip: the policy does not allow it; leave it away"),
        (["upload", "{here}/file.txt", "--gzip", "--policy", "small"], ExitCode.REFUSED, "--gzip: At most 1000 bytes are allowed here, so `size` must be given; leave it away"),
        (["upload", "{here}/file.txt", "--file-digest", "crc"], ExitCode.WRONG_USE, "--file-digest"),
        (["upload", "{here}/file.txt", "--colour", "blue"], ExitCode.WRONG_USE, "see `coordinator upload --help`"),
        (["upload"], ExitCode.WRONG_USE, "see `coordinator upload --help`"),
        (["upload", "-", "-", "--name", "x"], ExitCode.WRONG_USE, "standard input (-) is named twice"),
        (["upload", "-"], ExitCode.WRONG_USE, "standard input has no name; give it one with --name"),
        (["resume", NOBODYS, "{here}/file.txt"], ExitCode.REFUSED, "There is no such upload"),
        (["upload", "/proc/version"], ExitCode.NO_FILE, "as a stream: cat /proc/version | coordinator upload - --name version"),
        (["resume", NOBODYS, "{here}/folder"], ExitCode.NO_FILE, "is a folder, and a file is expected here"),
        (["resume", NOBODYS, "{here}/nothing.txt"], ExitCode.NO_FILE, "There is no file {here}/nothing.txt; check its name"),
        (["resume", "not-an-id", "{here}/file.txt"], ExitCode.WRONG_USE, "not-an-id is not an upload's id"),
        (["show", NOBODYS], ExitCode.REFUSED, "There is no such upload; `coordinator ls` shows yours"),
        (["show", "../healthz"], ExitCode.WRONG_USE, "../healthz is not an upload's id"),
        (["abort", NOBODYS, "x"], ExitCode.WRONG_USE, "x is not an upload's id"),
        (["abort", NOBODYS], ExitCode.REFUSED, NOBODYS),
        (["ls", "--state", "lost"], ExitCode.WRONG_USE, "'lost' is not one of 'creating', 'open', 'completing'"),
        (["abort", NOBODYS, "--reason", "r" * 201], ExitCode.WRONG_USE, "--reason: it has 201 characters, and 200 are allowed"),
        (["ls", "--prefix", "p" * 256], ExitCode.WRONG_USE, "--prefix: it has 256 characters, and 255 are allowed"),
        (["ls", "--prefix", os.fsdecode(b"\xe9")], ExitCode.WRONG_USE, "bytes that are not UTF-8"),
        (["ls", "--older-than", "9" * 20], ExitCode.WRONG_USE, "see `coordinator ls --help`"),
        (["ls", "--limit", "0"], ExitCode.WRONG_USE, "see `coordinator ls --help`"),
        (["test-upload", "much"], ExitCode.WRONG_USE, "SIZE: it must be a number of bytes"),
        (["test-upload", "0"], ExitCode.WRONG_USE, "SIZE: it must be 1 byte or more"),
        (["test-upload", "1M", "--part-size", "1"], ExitCode.WRONG_USE, "--part-size: it must be from 5 MiB to 5 GiB"),
        (["test-upload", "80T"], ExitCode.WRONG_USE, "SIZE: the size must be from 0"),
        (["frobnicate"], ExitCode.WRONG_USE, "see `coordinator --help`"),
    ],
)  # fmt: skip
def test_a_wrong_argument(
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    given: tuple[Sequence[str], ExitCode, str],
) -> None:
    """In this process, because there are many of them."""
    arguments, code, says = given
    here = str(shell.folder)
    for name, value in shell.settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["coordinator", *(one.replace("{here}", here) for one in arguments)])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    with pytest.raises(SystemExit) as ended:
        run()
    said = Ended(int(ended.value.code or 0), *capfd.readouterr())
    assert says.replace("{here}", here) in said_once(said)
    assert (said.code, said.stdout) == (code, "")


async def test_an_empty_file_is_a_file(place: Place, shell: Shell) -> None:
    empty = shell.folder / "empty"
    empty.touch()
    ended = await shell.run("upload", empty)
    assert ended.code == 0, ended.stderr
    await place.audit.ended(ended.stdout.split("\t")[0], "completed", reason=None, content=b"")


async def test_an_empty_folder_is_said(shell: Shell) -> None:
    ended = await shell.run("upload", shell.folder / "folder")
    assert (ended.code, said_once(ended)) == (0, "there are no files to send")


async def test_a_file_closed_to_us(place: Place) -> None:
    with passable_directory() as folder:
        folder.chmod(0o777)
        closed = folder / "closed.txt"
        closed.write_bytes(b"secret")
        closed.chmod(0o000)
        inside = folder / "inside"
        inside.mkdir()
        inside.chmod(0o000)
        somebody = replace(at(place, folder), command=as_ordinary_user(program.COMMAND))
        for named in (closed, inside):
            ended = await somebody.run("upload", named)
            assert said_once(ended) == f"{named} cannot be read (Permission denied); check its permissions"
            assert ended.code == ExitCode.NO_FILE


@asynccontextmanager
async def _answering(answer: bytes) -> AsyncIterator[str]:
    """A server that says the same to everybody."""

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        )
        writer.write(head % len(answer) + answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answered, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("answer", [b"<html>hello</html>", b'{"uploads": "many"}', b""])
async def test_another_service_or_another_version(shell: Shell, answer: bytes) -> None:
    async with _answering(answer) as url:
        ended = await shell.run("upload", shell.folder / "file.txt", "--url", url)
        assert "is not a coordinator, or one of another version" in said_once(ended)
        assert ended.code == ExitCode.UNREACHABLE


async def test_nobody_answers(place: Place, shell: Shell) -> None:
    secure = place.server.url.replace("http:", "https:")
    for url, says in (
        (f"http://127.0.0.1:{free_port()}", "the connection is refused"),
        ("http://uploads.invalid", "its name is not known"),
        (secure, "TLS"),
    ):
        ended = await shell.run("upload", shell.folder / "file.txt", "--url", url)
        assert says in said_once(ended)
        assert (ended.code, ended.stdout) == (ExitCode.UNREACHABLE, "")


async def test_what_no_file_would_escape_is_said_once(shell: Shell) -> None:
    many = shell.folder / "many"
    many.mkdir()
    for number in range(40):
        (many / f"{number}.txt").write_bytes(b"x")
    ended = await shell.run("upload", many, "-q", "--url", f"http://127.0.0.1:{free_port()}")
    assert "the connection is refused" in said_once(ended)
    assert (ended.code, ended.stdout) == (ExitCode.UNREACHABLE, "")


async def test_the_store_in_the_place_of_the_coordinator(shell: Shell, seaweedfs: LocalStore) -> None:
    for arguments in (["ls"], ["upload", str(shell.folder / "file.txt")]):
        ended = await shell.run(*arguments, "--url", seaweedfs.endpoint_url)
        assert "is not a coordinator, or one of another version" in said_once(ended)
        assert ended.code == ExitCode.UNREACHABLE


@pytest.mark.parametrize("path", ["/v1", "/upload", "/upload/"])
async def test_the_address_of_a_page(place: Place, shell: Shell, path: str) -> None:
    file = str(shell.folder / "file.txt")
    asking = (["show", NOBODYS], ["abort", NOBODYS], ["resume", NOBODYS, file]) if path == "/upload" else ()
    for arguments in (["ls"], ["upload", file], *asking):
        ended = await shell.run(*arguments, "--url", place.server.url + path)
        assert "Give its own address, without the path of a page" in said_once(ended)
        assert ended.code == ExitCode.UNREACHABLE


@pytest.mark.parametrize("flag", ["--api-key", "--token"])
async def test_a_credential_of_the_command_line_that_is_refused_is_named(shell: Shell, flag: str) -> None:
    kind = {"--api-key": "API key", "--token": "upload token"}[flag]
    for arguments in (["upload", str(shell.folder / "file.txt")], ["ls"], ["abort", NOBODYS, NOBODYS]):
        ended = await shell.run(*arguments, flag, "wrong")
        assert f"the {kind} of {flag} is not valid at {shell.settings['COORDINATOR_URL']}" in said_once(ended)
        assert "token" not in ended.stderr or flag == "--token"
        assert ended.code == ExitCode.NOT_ALLOWED


@pytest.mark.parametrize("key", ["ck_0123456789abcdef_wrong", "no-key-at-all", None])
async def test_a_wrong_key_and_none(place: Place, shell: Shell, key: str | None) -> None:
    settings = {**shell.settings, "COORDINATOR_API_KEY": key or ""}
    told = "set COORDINATOR_API_KEY" if key is None else "the API key of COORDINATOR_API_KEY is not valid"
    for arguments in (["upload", str(shell.folder / "file.txt")], ["test-upload", "1M", "-q"]):
        ended = await replace(shell, settings=settings).run(*arguments)
        assert ended.code == ExitCode.NOT_ALLOWED
        assert told in said_once(ended)
        assert key is None or key not in ended.stderr


async def test_no_coordinator_is_named(tmp_path: Path) -> None:
    alone = Shell(tmp_path, own_home(tmp_path))
    ended = await alone.run("resume")
    assert said_once(ended).startswith("url: no coordinator is named; give --url, set COORDINATOR_URL")
    assert ended.code == ExitCode.WRONG_USE


async def test_a_wrong_settings_file_is_named(shell: Shell) -> None:
    file = shell.folder / "config" / "coordinator" / "config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("limit_rat: 10M")
    ended = await shell.run("ls")
    assert said_once(ended) == f"limit_rat in {file}: there is no such setting; did you mean limit_rate?"
    assert ended.code == ExitCode.WRONG_USE


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_is_off_changes_nothing(
    place: Place, shell: Shell, content: bytes, hours: int
) -> None:
    """Only the coordinator signs, so only its clock counts."""
    off = (
        "import time, runpy; real = time.time; "
        f"time.time = lambda: real() + {hours * 3600}; runpy.run_module('coordinator.cli.main', run_name='__main__')"
    )
    film = shell.folder / "film.mov"
    film.write_bytes(content)
    ended = await replace(shell, command=(program.COMMAND[0], "-c", off)).run("upload", film)
    assert ended.code == 0, ended.stderr
    await place.audit.ended(ended.stdout.split("\t")[0], "completed", reason=None, content=content)


async def test_a_file_that_changes_on_the_way(shell: Shell, long_content: bytes) -> None:
    film = shell.folder / "growing.mov"
    film.write_bytes(long_content)
    slowly = ("--part-size", "5M", "--concurrency", "1", "--limit-rate", "6M")
    async with shell.running("upload", film, "--json", *slowly) as started:
        await recorded(started, 1)
        with film.open("ab") as file:
            file.write(b"more")
        ended = await started.ended()
    assert ended.code == ExitCode.CHANGED
    [failed] = [event for event in events(ended) if event["event"] == "failed"]
    assert (failed["reason"], failed["exit_code"]) == ("file_changed", ExitCode.CHANGED)


async def test_another_file_than_the_uploads(shell: Shell, long_content: bytes) -> None:
    film, other = shell.folder / "film.mov", shell.folder / "other.mov"
    film.write_bytes(long_content)
    other.write_bytes(long_content[::-1])
    slowly = ("--part-size", "5M", "--concurrency", "1", "--limit-rate", "6M")
    async with shell.running("upload", film, "--json", *slowly) as started:
        upload_id = await recorded(started, 1)
        await started.signal(signal.SIGKILL)
    ended = await shell.run("resume", upload_id, other, "--quiet")
    assert ended.code == ExitCode.CHANGED
    assert str(other) in said_once(ended)


async def test_a_resume_file_that_cannot_be_written_is_a_warning(shell: Shell, content: bytes) -> None:
    film = shell.folder / "film.mov"
    film.write_bytes(content)
    ended = await shell.run("upload", film, "-q", XDG_STATE_HOME="/proc/nowhere")
    assert ended.code == 0
    assert "/proc/nowhere/coordinator/uploads.json cannot be written" in said_once(ended)


async def test_a_full_disk_behind_the_output(shell: Shell) -> None:
    await shell.run("upload", shell.folder / "file.txt")
    full = os.open("/dev/full", os.O_WRONLY)
    process = await asyncio.create_subprocess_exec(
        *shell.command,
        "ls",
        env={**os.environ, **shell.settings},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=full,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(full)
    _, stderr = await asyncio.wait_for(process.communicate(), 60)
    assert stderr.decode().startswith(
        "coordinator: standard output cannot be written (No space left on device)"
    )
    assert process.returncode == ExitCode.NO_SPACE


async def test_output_that_is_closed(place: Place, shell: Shell) -> None:
    """Python has no object for it then."""
    closing = ("sh", "-c", f'exec {shlex.join(program.COMMAND)} "$@" >&-', "sh")
    ended = await replace(shell, command=closing).run("upload", shell.folder / "file.txt", "-q")
    assert (ended.code, ended.stderr) == (ExitCode.DONE, "")


async def test_errors_have_nowhere_to_go(shell: Shell) -> None:
    """What is meant for standard error is never taken for a result."""
    closing = ("sh", "-c", f'exec {shlex.join(program.COMMAND)} "$@" 2>&-', "sh")
    quiet = replace(shell, command=closing)
    ended = await quiet.run("upload", shell.folder / "file.txt")
    assert (ended.code, len(ended.stdout.splitlines())) == (ExitCode.DONE, 1)
    missing = await quiet.run("upload", shell.folder / "nothing.txt")
    assert (missing.code, missing.stdout) == (ExitCode.NO_FILE, "")


async def test_a_terminal_without_the_names_letters(shell: Shell) -> None:
    named = shell.folder / "Grüße.txt"
    named.write_bytes(b"x")
    ended = await shell.run("upload", named, "-q", PYTHONIOENCODING="ascii")
    assert (ended.code, ended.stderr) == (ExitCode.DONE, "")
    assert ended.stdout.rstrip().endswith("Gr\\xfc\\xdfe.txt")


async def test_a_user_without_a_home(shell: Shell) -> None:
    """As in a container that runs under any number; nothing is remembered there."""
    film = shell.folder / "film.mov"
    film.write_bytes(bytes(6 * 1024 * 1024))
    homeless = (
        "import os, pwd, runpy; os.environ.pop('HOME'); pwd.getpwuid = lambda number: {}[number]; "
        "runpy.run_module('coordinator.cli.main', run_name='__main__')"
    )
    without = replace(shell, command=(sys.executable, "-c", homeless))
    ended = await without.run("upload", film, "-q", XDG_CONFIG_HOME="", XDG_STATE_HOME="")
    assert (ended.code, ended.stderr) == (ExitCode.DONE, "")


async def test_standard_input_is_a_terminal(shell: Shell) -> None:
    ours, theirs = pty.openpty()
    started = await program.start(shell.folder, ["upload", "-", "--name", "x"], shell.settings, stdin=theirs)
    os.close(theirs)
    ended = await started.ended()
    os.close(ours)
    assert said_once(ended).startswith("standard input is a terminal; pipe something into it, such as:")
    assert ended.code == ExitCode.WRONG_USE


async def test_a_traceback_comes_only_when_asked_for(shell: Shell) -> None:
    quiet, loud = await shell.run("show", NOBODYS), await shell.run("show", NOBODYS, "--debug")
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in loud.stderr
    assert loud.stderr.splitlines()[-1] == quiet.stderr.strip()
    assert loud.code == quiet.code
