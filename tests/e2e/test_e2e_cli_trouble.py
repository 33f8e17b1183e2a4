"""The command line, with what it stands on failing: the coordinator killed, the disk full."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from coordinator.cli.exit_code import ExitCode
from coordinator.client.records import Record, Records
from tests.e2e.client_site import MIB, Site, sha256, stored
from tests.e2e.shell import SLOWLY, Shell, at, events, recorded, said_once


@pytest.fixture
def shell(site: Site, tmp_path: Path) -> Shell:
    return at(site, tmp_path)


def with_room(shell: Shell, most: int) -> Shell:
    """On a disk that takes no file of more bytes: the kernel refuses them, as it does where none are left."""
    program = (
        f"import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most})); "
        "runpy.run_module('coordinator.cli.main', run_name='__main__')"
    )
    return replace(shell, command=(sys.executable, "-c", program))


async def test_a_coordinator_that_is_killed_and_comes_back(
    site: Site, shell: Shell, tmp_path: Path, content: bytes
) -> None:
    film = tmp_path / "film.mov"
    film.write_bytes(content)
    async with shell.running("upload", film, "--json", *SLOWLY) as started:
        upload_id = await recorded(started, 1)
        await site.server.kill()
        await site.server.start()
        ended = await started.ended()
    assert (ended.code, ended.stderr) == (ExitCode.DONE, "")
    [completed] = [event["upload"]["id"] for event in events(ended) if event["event"] == "completed"]
    assert completed == upload_id
    async with site.client(tmp_path) as client:
        assert await stored(client, await client.get(upload_id)) == sha256(film)


async def test_no_room_for_the_parts_of_a_stream(site: Site, shell: Shell, tmp_path: Path) -> None:
    content = os.urandom(24 * MIB)
    sent = ("upload", "-", "--name", "dump.sql", "--part-size", "8M", "--limit-rate", "20M")
    ended = await with_room(shell, 6 * MIB).piped(content, *sent)
    assert ended.code == ExitCode.NO_SPACE
    assert "Traceback" not in ended.stderr
    said = [line for line in ended.stderr.splitlines() if "cannot be kept" in line]
    assert len(said) == 1
    assert said[0].endswith("Make room in the temporary directory, or name another one in TMPDIR")
    again = await shell.piped(content, *sent)
    assert again.code == ExitCode.DONE, again.stderr
    async with site.client(tmp_path) as client:
        upload = await client.get(again.stdout.split("\t")[0])
        assert upload.size == len(content)


async def test_no_room_for_a_trial(shell: Shell) -> None:
    """One line for both: what was wrong, and what is left of it."""
    ended = await with_room(shell, 6 * MIB).run("test-upload", "16M", "--part-size", "8M", "--quiet")
    assert ended.code == ExitCode.NO_SPACE
    line = said_once(ended)
    assert "name another one in TMPDIR; the upload was aborted and nothing remains" in line


async def test_no_room_for_the_resume_file(shell: Shell, tmp_path: Path, long_content: bytes) -> None:
    """What it held stays, and the coordinator knows the file without it."""
    film = tmp_path / "film.mov"
    film.write_bytes(long_content)
    records = Records(tmp_path / "state" / "coordinator")
    held = Record(server="http://elsewhere", upload_id="0", filename="f", path="/0", began=4e9)
    for number in range(20):
        records.add(msgspec.structs.replace(held, upload_id=f"{number}", path=f"/{number}"))
    before = records.all()
    full = with_room(shell, 2_000)
    async with full.running("upload", film, "--json", *SLOWLY) as started:
        upload_id = await recorded(started, 1)
        started.process.kill()
        await started.ended()
    ended = await full.run("upload", film, "--quiet")
    assert ended.code == ExitCode.DONE
    assert "uploads.json cannot be written" in said_once(ended)
    assert ended.stdout.split("\t")[0] == upload_id
    assert records.all() == before
