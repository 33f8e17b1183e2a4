"""A file that is changed between two runs: sent as it is now, with one word of what its old upload holds."""

import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from coordinator.cli.exit_code import ExitCode
from tests.e2e.client_site import MIB
from tests.e2e.conftest import Place
from tests.e2e.shell import SLOWLY, Shell, at, events, recorded, said_once


@pytest.fixture
def shell(place: Place, tmp_path: Path) -> Shell:
    return at(place, tmp_path)


def grown(content: bytes) -> bytes:
    return content + b"more"


def sampled_otherwise(content: bytes) -> bytes:
    return b"other" + content[5:]


def of_one_part(content: bytes) -> bytes:
    return content[:MIB]


async def interrupted(shell: Shell, film: Path) -> str:
    async with shell.running("upload", film, "--json", *SLOWLY) as started:
        upload_id = await recorded(started, 1)
        await started.signal(signal.SIGINT)
    return upload_id


@pytest.mark.parametrize("change", [grown, sampled_otherwise, of_one_part])
async def test_the_old_upload_is_named_once_and_left_as_it_is(
    place: Place, shell: Shell, long_content: bytes, change: Callable[[bytes], bytes]
) -> None:
    film = shell.folder / "a film.mov"
    film.write_bytes(long_content)
    old = await interrupted(shell, film)
    film.write_bytes(change(long_content))
    by_id = await shell.run("resume", old, film)
    assert by_id.code == ExitCode.CHANGED
    assert old not in by_id.stderr, "who names an upload need not be told of it"

    ended = await shell.run("upload", film, "--json")
    assert (ended.code, ended.stderr) == (ExitCode.DONE, "")
    [warned] = [event for event in events(ended) if event["event"] == "warned"]
    assert (warned["path"], warned["upload_id"]) == (str(film), old)
    row = await place.audit.row(old)
    date = f"{row['expires_at']:%Y-%m-%d %H:%M} UTC"
    assert warned["detail"] == (
        f"{film}: it differs from its unfinished upload, so it is sent from the beginning; the unfinished upload "
        f"expires at {date}, or at once with: coordinator abort {old}"
    )
    [completed] = [event["upload"]["id"] for event in events(ended) if event["event"] == "completed"]
    await place.audit.ended(completed, "completed", reason=None, content=change(long_content))
    assert row["state"] == "open"

    again = await shell.run("upload", film, "--quiet")
    assert (again.code, again.stderr) == (ExitCode.DONE, "")
    film.write_bytes(long_content)
    assert (await shell.run("resume", old, film, "--quiet")).code == ExitCode.DONE, "its parts are all there"


async def test_in_a_log_it_is_one_line_with_a_command_that_works(
    place: Place, shell: Shell, long_content: bytes
) -> None:
    film = shell.folder / "film.mov"
    film.write_bytes(long_content)
    old = await interrupted(shell, film)
    film.write_bytes(grown(long_content))
    ended = await shell.run("upload", film, "--quiet", "--restart")
    assert ended.code == ExitCode.DONE
    command = shlex.split(said_once(ended).rpartition("with: ")[2])
    assert (await shell.run(*command[1:])).code == ExitCode.DONE
    assert (await place.audit.row(old))["state"] in {"aborting", "aborted"}
