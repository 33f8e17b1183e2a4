"""The Python client, with everything around it failing: the file, the network, the store, the service, the client itself."""

import asyncio
import hashlib
import random
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from coordinator.client import (
    AsyncClient,
    Client,
    ClientError,
    FileChanged,
    FileMissing,
    Invalid,
    NotFound,
    OngoingUpload,
    OtherFile,
    StreamTooLong,
    Unauthorized,
    UploadEnded,
    WrongUse,
)
from tests.e2e.client_site import (
    PART,
    Site,
    lines,
    said_parts,
    sha256,
    stored,
    until,
)

# a test's own small files
# ruff: noqa: ASYNC240


async def test_a_stream_that_changed_is_refused(site: Site, tmp_path: Path, path: Path) -> None:
    data = path.read_bytes()
    async with site.client(tmp_path, limit=20_000_000, connections=2) as slow:
        sending = slow.uploading(iter([data]), name="s", part_size=PART, digests="md5")
        await until(sending, 2)
        await sending.cancel()
    async with site.client(tmp_path) as client:
        with pytest.raises(FileChanged):
            await client.upload(iter([b"x" + data[1:]]), name="s", digests="md5")
        upload = await client.upload(iter([data]), name="s", restart=True)
        assert await stored(client, upload) == sha256(path)


async def failing(data: bytes, end: Any) -> AsyncIterator[bytes]:
    yield data
    if isinstance(end, Exception):
        raise end
    yield end


@pytest.mark.parametrize("end", ["text", ValueError("the source broke down")])
async def test_a_stream_that_fails_by_itself_stays_only_where_it_has_a_name(
    site: Site, tmp_path: Path, end: Any
) -> None:
    data = random.randbytes(PART + 1)
    async with site.client(tmp_path) as client:
        kept = None
        for name, states in ((None, {"aborting", "aborted"}), ("by name", {"open"})):
            sending = client.uploading(failing(data, end), name=name, part_size=PART, restart=True)
            with pytest.raises(ValueError if isinstance(end, Exception) else WrongUse):
                await sending
            assert sending.upload is not None
            kept = sending.upload.id
            assert (await client.get(str(kept))).state in states, name
        upload = await client.upload(iter([data]), name="by name")
        assert upload.id == kept
        assert await stored(client, upload) == hashlib.sha256(data).hexdigest()


async def test_a_generator_is_closed_when_its_upload_is_stopped(site: Site, tmp_path: Path) -> None:
    closed = Event()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield bytes(PART)
        finally:
            closed.set()

    async with site.client(tmp_path, limit=20_000_000, connections=2) as client:
        sending = client.uploading(endless(), part_size=PART)
        await until(sending, 1)
        await sending.cancel(keep=False)
        assert await asyncio.to_thread(closed.wait, 60)


async def test_an_exit_in_a_generator_leaves_nothing_behind(site: Site, tmp_path: Path) -> None:
    ids: set[str | None] = set()

    def leaves() -> Iterator[bytes]:
        yield bytes(PART + 1)
        sys.exit(4)

    def send() -> None:
        with Client(site.server.url, token=site.key, state=tmp_path) as client:
            with pytest.raises(SystemExit):
                client.upload(leaves(), part_size=PART, on_progress=lambda now: ids.add(now.upload_id))
            [upload_id] = ids - {None}
            assert client.get(str(upload_id)).state in {"aborting", "aborted"}

    await asyncio.to_thread(send)


async def test_a_stream_of_too_many_parts_is_cleared_away_whatever_its_name(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would have as many the next time."""
    monkeypatch.setattr("coordinator.client.stream_supply._MOST_PARTS", 1)
    async with site.client(tmp_path) as client:
        sending = client.uploading(iter([bytes(PART + 1)]), name="endless", part_size=PART, restart=True)
        with pytest.raises(StreamTooLong):
            await sending
        assert sending.upload is not None
        assert (await client.get(str(sending.upload.id))).state in {"aborting", "aborted"}
        assert client.remembered() == []


async def test_what_is_compressed_on_the_way_is_never_left_behind(
    site: Site, tmp_path: Path, path: Path
) -> None:
    async with site.client(tmp_path, limit=20_000_000, connections=2) as client:
        sending = client.uploading(path, gzip=True, part_size=PART)
        await until(sending, 2)
        await sending.cancel()
        assert sending.upload is not None
        assert (await client.get(str(sending.upload.id))).state in {"aborting", "aborted"}
        with pytest.raises(FileMissing):
            await client.upload(tmp_path / "nothing", gzip=True)
        left = [upload async for upload in client.uploads(state="open") if upload.filename == "nothing"]
    assert left == []


async def test_what_may_not_be_compressed_on_the_way_is_refused_and_goes_up_as_it_is(
    site: Site, tmp_path: Path
) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(b"the same words " * 1_000)
    async with site.client(tmp_path) as client:
        with pytest.raises(Invalid) as refused:
            await client.upload(path, gzip=True, policy="plain")
        assert (refused.value.status, refused.value.code) == (422, "encoding_not_allowed")
        assert [one async for one in client.uploads(state="open") if one.filename == path.name] == []
        upload = await client.upload(path, policy="plain")
        assert (upload.content_encoding, await stored(client, upload)) == (None, sha256(path))


async def test_a_file_changed_while_it_is_sent_is_noticed(site: Site, tmp_path: Path, path: Path) -> None:
    async with site.client(tmp_path, limit=20_000_000, connections=2) as client:
        sending = client.uploading(path, part_size=PART)
        await until(sending, 1)
        with path.open("r+b") as file:
            file.write(b"changed")
        with pytest.raises(FileChanged):
            await sending
    async with site.client(tmp_path) as client:
        upload = await client.upload(path, part_size=PART)
        assert await stored(client, upload) == sha256(path)


async def test_parts_of_a_file_that_only_looks_alike_are_not_mixed(
    site: Site, tmp_path: Path, path: Path
) -> None:
    """The same samples, the same name, other bytes between them: only the parts' own content tells."""
    async with site.client(tmp_path, limit=20_000_000, connections=2) as slow:
        sending = slow.uploading(path, part_size=PART, digests="md5")
        await until(sending, 3)
        await sending.cancel()
    with path.open("r+b") as file:
        file.seek(2 * PART)
        file.write(b"other bytes, not in the samples")
        file.seek(PART // 2)
        file.write(b"nor these")
    async with site.client(tmp_path / "elsewhere") as client:
        with pytest.raises(FileChanged, match="restart"):
            await client.upload(path, digests="md5")
        upload = await client.upload(path, digests="md5", restart=True)
        assert await stored(client, upload) == sha256(path)


async def test_one_part_in_five_fails_in_every_way(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(random.randbytes(30 * PART))
    site.cable.share = 0.2
    spoilt = site.cable.spoilt
    async with site.client(tmp_path, connections=6) as client:
        upload = await client.upload(path, part_size=PART, digests="md5")
        site.cable.share = 0.0
        assert await stored(client, upload) == sha256(path)
    assert site.cable.spoilt > spoilt


async def test_the_network_is_cut_and_comes_back(site: Site, tmp_path: Path, path: Path) -> None:
    async with site.client(tmp_path, limit=20_000_000, connections=2) as client:
        sending = client.uploading(path, part_size=PART)
        await until(sending, 2)
        site.cable.cut()
        await until_stuck(sending)
        site.cable.mend()
        upload = await sending
        assert await stored(client, upload) == sha256(path)


async def until_stuck(sending: OngoingUpload) -> None:
    """Until a part that was under way counts no longer: it waits for its next try."""
    most = 0
    async for progress in sending:
        if progress.bytes_sent < most:
            return
        most = progress.bytes_sent
    raise AssertionError("it ended")


async def test_a_store_that_cannot_be_reached_is_gone_round(site: Site, tmp_path: Path, path: Path) -> None:
    site.cable.cut()
    passed = site.cable.passed
    async with site.client(tmp_path) as client:
        for digests in ("off", "md5"):
            upload = await client.upload(path, part_size=PART, digests=digests, restart=True)
            assert upload.state == "completed"
        small = await client.upload(b"small", filename="small.txt")
        assert small.state == "completed"
        assert site.cable.passed == passed
        site.cable.mend()
        assert await stored(client, upload) == sha256(path)


async def test_kill_9_in_the_middle_then_a_copy_goes_on(site: Site, tmp_path: Path, path: Path) -> None:
    async with site.sending(tmp_path, path, part_size=PART, limit=8_000_000) as program:
        upload_id = await said_parts(program, 3)
        await program.signal(signal.SIGKILL)
    copy = tmp_path / "copy of it"
    copy.write_bytes(path.read_bytes())
    path.unlink()
    async with site.sending(tmp_path, copy, resume=upload_id) as program:
        ended = await program.ended()
        assert ended.code == 0, ended.stdout + ended.stderr
        last = lines(program)[-2]
        assert last["upload_id"] == upload_id
        assert last["bytes_resumed"] >= 3 * PART
    async with site.client(tmp_path) as client:
        assert await stored(client, await client.get(upload_id)) == sha256(copy)


async def test_the_service_is_killed_in_the_middle(site: Site, tmp_path: Path, path: Path) -> None:
    async with site.client(tmp_path, limit=20_000_000, connections=2) as client:
        sending = client.uploading(path, part_size=PART)
        await until(sending, 2)
        await site.server.kill()
        await site.server.start()
        upload = await sending
        assert await stored(client, upload) == sha256(path)


async def test_two_processes_on_one_file_take_turns(site: Site, tmp_path: Path, path: Path) -> None:
    async with (
        site.sending(tmp_path, path, part_size=PART, limit=30_000_000) as first,
        site.sending(tmp_path, path, part_size=PART, limit=30_000_000) as second,
    ):
        for program in (first, second):
            ended = await program.ended()
            assert ended.code == 0, ended.stdout + ended.stderr
        ids = {lines(program)[-2]["upload_id"] for program in (first, second)}
    async with site.client(tmp_path) as client:
        for upload_id in ids:
            assert await stored(client, await client.get(upload_id)) == sha256(path)
        left = [upload async for upload in client.uploads(state="open") if upload.filename == path.name]
    assert left == []


async def test_a_resume_file_that_cannot_be_written_is_a_warning(
    site: Site, tmp_path: Path, path: Path
) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    async with site.client(tmp_path) as client:
        sending = client.uploading(path, part_size=PART)
        assert (await sending).state == "completed"
        assert any("cannot be written" in warning for warning in sending.warnings)


async def test_what_was_ended_elsewhere_stays_ended(site: Site, tmp_path: Path, path: Path) -> None:
    async with site.client(tmp_path, limit=20_000_000, connections=2) as client:
        sending = client.uploading(path, part_size=PART)
        await until(sending, 1)
        assert sending.upload is not None
        await client.abort(str(sending.upload.id))
        with pytest.raises(UploadEnded):
            await sending


async def test_what_a_person_gets_wrong(site: Site, tmp_path: Path, path: Path) -> None:
    async with AsyncClient(site.server.url, token="wrong", state=tmp_path) as client:
        with pytest.raises(Unauthorized):
            await client.upload(path)
    async with site.client(tmp_path) as client:
        with pytest.raises(NotFound):
            await client.get(str(uuid4()))
        with pytest.raises(ClientError, match="A part must have"):
            await client.upload(path, part_size=3)
        upload = await client.upload(b"x" * PART * 2, part_size=PART, filename="done")
        with pytest.raises(OtherFile):
            await client.resume(str(upload.id), path)
