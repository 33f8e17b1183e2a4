"""`upload`, `resume`, `ls`, `show`, `abort` and `test-upload`, run as a person and as a program run them."""

import asyncio
import base64
import hashlib
import json
import os
import shlex
import shutil
import signal
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.client_site import MIB
from tests.e2e.conftest import Place
from tests.e2e.shell import SLOWLY, Shell, at, events, own_home, recorded, resume_commands, said, said_once

GZIP = 31
"""zlib's name for a gzip header."""


@pytest.fixture
def shell(place: Place, tmp_path: Path) -> Shell:
    return at(place, tmp_path)


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


async def test_a_file_is_stored_and_its_id_comes_first(
    place: Place, shell: Shell, tmp_path: Path, content: bytes
) -> None:
    film = written(tmp_path / "Grüße 1.mov", content)
    ended = await shell.run(
        "upload", film, "--metadata", "shelf=films", "--metadata", "year=1985", "--file-digest", "sha256"
    )
    assert ended.code == 0, ended.stderr
    [line] = ended.stdout.splitlines()
    upload_id, stored, named = line.split("\t")
    await place.audit.ended(upload_id, "completed", reason=None, content=content)
    row = await place.audit.row(upload_id)
    assert (stored, named) == (f"{row['bucket']}/{row['key']}", str(film))
    assert (row["filename"], row["content_type"]) == ("Grüße 1.mov", "video/quicktime")

    shown = await shell.run("show", upload_id, "--json")
    told = json.loads(shown.stdout)
    assert told["metadata"].items() >= {"shelf": "films", "year": "1985"}.items()
    sha256 = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert (told["digest"]["algorithm"], told["digest"]["value"]) == ("sha256", sha256)
    plain = await shell.run("show", upload_id)
    assert plain.stdout.splitlines()[0].split() == ["id", upload_id]
    assert "Answer(" not in plain.stdout
    listed = await shell.run("ls", "--state", "completed", "--limit", "1")
    assert listed.stdout.split("\t")[:3] == [upload_id, "completed", "100%"]


async def test_a_folder_keeps_the_way_to_each_file(place: Place, shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    contents = {
        "a.jpg": b"a" * 10_000,
        "2024/b.jpg": b"b",
        "2024/empty": b"",
        "2024/deep/empty": b"",
        "2024/deep/c.txt": b"c" * 70_000,
    }
    for way, content in contents.items():
        written(folder / way, content)
    ended = await shell.run("upload", f"{folder}/", "--json")
    assert ended.code == 0, ended.stderr
    told = events(ended)
    assert {"event": "found", "files": 5, "bytes": 80_001} in told
    completed = [event["upload"] for event in told if event["event"] == "completed"]
    assert {upload["metadata"]["path"] for upload in completed} == {f"photos/{way}" for way in contents}
    for upload in completed:
        content = contents[upload["metadata"]["path"].removeprefix("photos/")]
        await place.audit.ended(upload["id"], "completed", reason=None, content=content)
    assert {name: told[-1][name] for name in ("event", "completed", "failed", "bytes")} == {
        "event": "ended",
        "completed": 5,
        "failed": 0,
        "bytes": 80_001,
    }


@pytest.mark.parametrize("gzip", [False, True])
async def test_standard_input_needs_no_length(
    place: Place, shell: Shell, content: bytes, *, gzip: bool
) -> None:
    ended = await shell.piped(content, "upload", "-", "--name", "dump.sql", *(["--gzip"] if gzip else []))
    assert ended.code == 0, ended.stderr
    upload_id = ended.stdout.split("\t")[0]
    row = await place.audit.row(upload_id)
    assert (row["filename"], row["state"]) == ("dump.sql", "completed")
    _, stored, _ = await place.audit.at_store(row["key"])
    assert stored is not None
    assert (zlib.decompress(stored, wbits=GZIP) if gzip else stored) == content
    await place.audit.ended(upload_id, "completed", reason=None, content=stored)


async def test_of_standard_input_the_rest_is_sent(place: Place, shell: Shell, tmp_path: Path) -> None:
    """A script that has read the first line of a file means what follows it."""
    told = written(tmp_path / "told.txt", b"a head\nand the rest\n")
    reading = ("sh", "-c", f'read head; exec {shlex.join(shell.command)} "$@"', "sh")
    for command, content in ((shell.command, told.read_bytes()), (reading, b"and the rest\n")):
        ended = await replace(shell, command=command).run(
            "upload", "-", "--name", "told", stdin=told.read_bytes()
        )
        assert ended.code == 0, ended.stderr
        await place.audit.ended(ended.stdout.split("\t")[0], "completed", reason=None, content=content)


@pytest.mark.parametrize("stop", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_what_is_stopped_says_how_to_go_on_and_goes_on(
    place: Place, shell: Shell, tmp_path: Path, long_content: bytes, stop: tuple[signal.Signals, int]
) -> None:
    film = written(tmp_path / "a film.mov", long_content)
    async with shell.running("upload", film, "--json", *SLOWLY) as started:
        upload_id = await recorded(started, 1)
        ended = await started.signal(stop[0])
    assert ended.code == stop[1]
    assert "Traceback" not in ended.stderr
    [stopped] = [event for event in events(ended) if event["event"] == "stopped"]
    assert [left["upload_id"] for left in stopped["left"]] == [upload_id]

    listed = await shell.run("resume", "--json")
    assert [
        line["path"]
        for line in map(json.loads, listed.stdout.splitlines())
        if line["upload"]["id"] == upload_id
    ] == [str(film)]
    again = await shell.run("resume", upload_id, "--json")
    assert again.code == 0, again.stderr
    [completed] = [event for event in events(again) if event["event"] == "completed"]
    assert completed["bytes_resumed"] >= 5 * MIB
    await place.audit.ended(upload_id, "completed", reason=None, content=long_content)


async def test_what_is_compressed_on_the_way_is_aborted_when_it_is_stopped(
    place: Place, shell: Shell, tmp_path: Path, content: bytes
) -> None:
    film = written(tmp_path / "packed.mov", content * 4)
    async with shell.running("upload", film, "--gzip", "--json", *SLOWLY) as started:
        upload_id = await recorded(started, 1)
        listed = await shell.run("resume")
        ended = await started.signal(signal.SIGINT)
    assert upload_id not in listed.stdout
    assert ended.code == 130
    [warned] = [event["detail"] for event in events(ended) if event["event"] == "warned"]
    assert "run the same command again to begin anew" in warned
    [stopped] = [event for event in events(ended) if event["event"] == "stopped"]
    assert (stopped["again"], stopped["left"]) == (False, [])
    await place.audit.ended(upload_id, "aborted", reason="client", content=None)


async def test_the_command_it_proposes_works(
    place: Place, shell: Shell, tmp_path: Path, long_content: bytes
) -> None:
    film = written(tmp_path / "it's a film.mov", long_content)
    elsewhere = Shell(tmp_path, {**own_home(tmp_path), "COORDINATOR_API_KEY": place.key})
    async with elsewhere.running("upload", film, "--url", place.server.url, *SLOWLY) as started:
        await said(started, "%, ")
        ended = await started.signal(signal.SIGINT)
    assert ended.code == 130
    [command] = resume_commands(ended)
    assert command == ["resume", "--url", place.server.url, command[3], str(film)]
    again = await elsewhere.run(*command)
    assert again.code == 0, again.stderr
    await place.audit.ended(command[3], "completed", reason=None, content=long_content)


async def test_a_killed_command_is_resumed_by_itself_and_from_another_machine(
    place: Place, shell: Shell, tmp_path: Path, long_content: bytes
) -> None:
    film = written(tmp_path / "killed.mov", long_content)
    async with shell.running("upload", film, "--json", *SLOWLY) as started:
        upload_id = await recorded(started, 1)
        assert (await started.signal(signal.SIGKILL)).code == -signal.SIGKILL
    async with shell.running("upload", film, "--json", *SLOWLY) as started:
        assert await recorded(started, 2) == upload_id
        await started.signal(signal.SIGKILL)

    copy = tmp_path / "copied" / "killed.mov"
    copy.parent.mkdir()
    shutil.copy2(film, copy)
    other_machine = Shell(tmp_path, {**shell.settings, "XDG_STATE_HOME": str(tmp_path / "other")})
    unknown = await other_machine.run("resume", upload_id)
    assert (unknown.code, said_once(unknown).partition(";")[0]) == (
        2,
        f"this machine does not remember which file upload {upload_id} is of",
    )
    ended = await other_machine.run("resume", upload_id, copy)
    assert ended.code == 0, ended.stderr
    assert ended.stdout.split("\t")[0] == upload_id
    await place.audit.ended(upload_id, "completed", reason=None, content=long_content)


async def test_restart_begins_anew(shell: Shell, tmp_path: Path, long_content: bytes) -> None:
    film = written(tmp_path / "again.mov", long_content)
    async with shell.running("upload", film, "--json", *SLOWLY) as started:
        first = await recorded(started, 1)
        await started.signal(signal.SIGINT)
    ended = await shell.run("upload", film, "--restart")
    assert ended.code == 0, ended.stderr
    assert ended.stdout.split("\t")[0] != first


async def test_uploads_are_aborted_and_completed_ones_stay(
    place: Place, shell: Shell, tmp_path: Path, long_content: bytes
) -> None:
    film = written(tmp_path / "unwanted.mov", long_content)
    async with shell.running("upload", film, "--json", *SLOWLY) as started:
        upload_id = await recorded(started, 1)
        await started.signal(signal.SIGINT)
    done = (await shell.run("upload", written(tmp_path / "small.txt", b"small"))).stdout.split("\t")[0]
    ended = await shell.run("abort", done, upload_id, "--reason", "no longer wanted")
    assert (ended.code, ended.stdout) == (6, f"{upload_id} is aborted\n")
    assert f"coordinator: {done}: " in ended.stderr
    await place.audit.ended(upload_id, "aborted", reason="client", content=None)
    await place.audit.ended(done, "completed", reason=None, content=b"small")


async def test_one_file_of_several_may_fail(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    written(folder / "good.txt", b"good")
    written(folder / "bad\nname.txt", b"bad")
    (folder / "broken").symlink_to("/nowhere")
    ended = await shell.run("upload", folder, "--quiet")
    assert ended.code == 1
    assert [line.split("\t")[2] for line in ended.stdout.splitlines()] == [str(folder / "good.txt")]
    assert len(ended.stderr.splitlines()) == 2
    assert "bad\\nname.txt holds a control character" in ended.stderr


async def test_a_test_upload_is_read_back_and_says_what_remains(place: Place, shell: Shell) -> None:
    ended = await shell.run("test-upload", "12M", "--json", "--part-size", "5M")
    assert ended.code == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert (told["size"], told["parts"]) == (12 * MIB, 3)
    row = await place.audit.row(told["upload_id"])
    assert told["remains"] == f"{row['bucket']}/{row['key']}"
    plain = await shell.run("test-upload", "1", "--quiet")
    assert "every byte as it was sent" in plain.stdout


async def test_a_stopped_test_upload_leaves_nothing(place: Place, shell: Shell) -> None:
    async with shell.running("test-upload", "30M", *SLOWLY) as started:
        await said(started, "sent: ")
        ended = await started.signal(signal.SIGINT)
    assert ended.code == 130
    assert ended.stderr.splitlines()[-1] == "coordinator: stopped; the upload was aborted and nothing remains"
    [row] = await place.audit.named(f"test-upload-{30 * MIB}.bin")
    assert row["state"] in {"aborting", "aborted"}


async def test_output_that_nobody_reads_ends_the_command(
    shell: Shell, tmp_path: Path, content: bytes
) -> None:
    film = written(tmp_path / "unread.mov", content)
    for arguments in (["ls", "--json"], ["upload", str(film), "--json"]):
        reading, writing = os.pipe()
        os.close(reading)
        process = await asyncio.create_subprocess_exec(
            *shell.command,
            *arguments,
            env={**os.environ, **shell.settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writing,
            stderr=asyncio.subprocess.PIPE,
        )
        os.close(writing)
        _, stderr = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 141, stderr.decode()
        assert b"Traceback" not in stderr
        assert b"Exception ignored" not in stderr


async def test_completion_knows_the_commands(shell: Shell) -> None:
    ended = await shell.run(
        _COORDINATOR_COMPLETE="complete_bash", COMP_WORDS="coordinator up", COMP_CWORD="1"
    )
    assert ended.stdout.split() == ["upload"]
