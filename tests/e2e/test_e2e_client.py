"""The Python client against a real service, a real store and a real Postgres."""

import asyncio
import base64
import io
import json
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from coordinator.client import (
    Client,
    OtherFile,
    UploadCancelled,
)
from coordinator.client.api import Coordinator
from coordinator.client.calls import Calls
from coordinator.client.connections import Connections
from coordinator.client.finding import Finding
from coordinator.client.start import Start
from coordinator.protocol import StartBody
from tests.e2e.client_site import (
    PART,
    SENDING,
    Site,
    sha256,
    stored,
    until,
)
from tests.e2e.waiting import eventually

# a test's own small files
# ruff: noqa: ASYNC240


async def test_every_kind_of_source_arrives_as_it_was(site: Site, tmp_path: Path) -> None:
    data = random.randbytes(2 * PART + 1)
    path = tmp_path / "file"
    path.write_bytes(data)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 777_777):
            yield data[start : start + 777_777]

    async with site.client(tmp_path) as client:
        with path.open("rb") as file:
            sources: list[Any] = [
                path,
                str(path),
                file,
                io.BytesIO(data),
                data,
                pieces(),
                iter([data[:9], data[9:]]),
            ]
            for number, source in enumerate(sources):
                upload = await client.upload(source, part_size=PART, filename=f"source-{number}")
                assert upload.state == "completed"
                assert await stored(client, upload) == sha256(path), number


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART])
async def test_every_size_as_a_file_and_as_a_stream(site: Site, tmp_path: Path, size: int) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(random.randbytes(size))

    async def pieces() -> AsyncIterator[bytes]:
        yield path.read_bytes()

    async with site.client(tmp_path) as client:
        for source in (path, pieces()):
            upload = await client.upload(source, part_size=PART, digests="md5")
            assert (upload.state, upload.size) == ("completed", size)
            assert await stored(client, upload) == sha256(path)


@pytest.mark.parametrize("digests", ["md5", "sha256"])
async def test_digests_of_parts_and_of_the_whole(
    site: Site, tmp_path: Path, path: Path, digests: Any
) -> None:
    async with site.client(tmp_path) as client:
        upload = await client.upload(path, part_size=PART, digests=digests, file_digest="sha256")
        assert upload.digest is not None
        assert upload.digest.algorithm == "sha256"
        assert base64.b64decode(upload.digest.value).hex() == sha256(path)
        assert await stored(client, upload) == sha256(path)


async def test_a_file_that_was_cancelled_goes_on_from_anywhere(
    site: Site, tmp_path: Path, path: Path
) -> None:
    async with site.client(tmp_path, limit=20_000_000, connections=2) as slow:
        sending = slow.uploading(path, part_size=PART)
        await until(sending, 2)
        await sending.cancel()
        with pytest.raises(UploadCancelled):
            await sending
        assert sending.upload is not None
        began = sending.upload.id
    copy = tmp_path / "elsewhere" / path.name
    copy.parent.mkdir()
    copy.write_bytes(path.read_bytes())  # another directory, another modification time
    async with site.client(tmp_path / "another machine") as client:
        again = client.uploading(copy)
        async for progress in again:
            last = progress
        upload = await again
        assert upload.id == began
        assert last.bytes_resumed >= 2 * PART
        assert await stored(client, upload) == sha256(path)


async def test_cancelled_for_good_leaves_nothing(site: Site, tmp_path: Path, path: Path) -> None:
    async with site.client(tmp_path, limit=20_000_000, connections=2) as client:
        sending = client.uploading(path, part_size=PART)
        await until(sending, 1)
        await sending.cancel(keep=False)
        assert sending.upload is not None
        assert (await client.get(str(sending.upload.id))).state in {"aborting", "aborted"}
        assert client.remembered() == []


async def test_named_uploads_go_on_by_their_name(site: Site, tmp_path: Path, path: Path) -> None:
    data = path.read_bytes()

    async def pieces() -> AsyncIterator[bytes]:
        yield data

    async with site.client(tmp_path, limit=20_000_000, connections=2) as slow:
        for source, name in ((path, "file"), (pieces(), "stream")):
            sending = slow.uploading(source, name=name, part_size=PART)
            await until(sending, 2)
            await sending.cancel()
    async with site.client(tmp_path) as client:
        assert {record.name for record in client.remembered()} == {"file", "stream"}
        other = tmp_path / "other"
        other.write_bytes(random.randbytes(PART))
        with pytest.raises(OtherFile, match="file"):
            await client.upload(other, name="file")
        for source, name in ((path, "file"), (pieces(), "stream")):
            again = client.uploading(source, name=name)
            async for progress in again:
                last = progress
            assert last.bytes_resumed >= PART, name
            assert await stored(client, await again) == sha256(path)
        assert client.remembered() == []


async def test_standard_input_of_unknown_length(site: Site, tmp_path: Path, path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *SENDING,
        site.server.url,
        site.key,
        str(tmp_path / "state"),
        "-",
        json.dumps({"filename": "piped", "part_size": PART}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate(path.read_bytes())
    assert process.returncode == 0
    last = json.loads(said.splitlines()[-2])
    assert (last["stage"], last["bytes_sent"]) == ("completed", path.stat().st_size)
    async with site.client(tmp_path) as client:
        assert await stored(client, await client.get(last["upload_id"])) == sha256(path)


async def test_the_limit_is_held(site: Site, tmp_path: Path) -> None:
    """By the clock of the loop, over enough time that a busy machine matters little; never faster than asked."""
    rate = 16_000_000
    async with site.client(tmp_path, limit=rate) as client:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await client.upload(random.randbytes(2 * rate), part_size=PART)
        assert 2 * rate / (loop.time() - began) <= rate * 1.1


async def test_many_files_and_folders(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for name in ("a.txt", "deep/b.txt", "deep/er/c.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    async with site.client(tmp_path) as client:
        outcomes = [outcome async for outcome in client.upload_many([folder, tmp_path / "missing"])]
        found = {outcome.relative: outcome for outcome in outcomes}
        assert set(found) == {"photos/a.txt", "photos/deep/b.txt", "photos/deep/er/c.txt", "missing"}
        assert found["missing"].error is not None
        deep = found["photos/deep/er/c.txt"].upload
        assert deep is not None
        assert deep.metadata["path"] == "photos/deep/er/c.txt"
        assert deep.filename == "c.txt"


async def test_copies_of_a_file_get_uploads_of_their_own(site: Site, tmp_path: Path) -> None:
    """They share a fingerprint, by which the coordinator would take each for the one before it."""
    folder = tmp_path / "folder"
    contents: dict[str, bytes] = {}
    for number in range(12):
        contents[f"folder/{number}/empty"] = b""
        contents[f"folder/{number}/small"] = b"the same"
    for number in range(3):
        contents[f"folder/{number}/large"] = b"x" * (2 * PART)
    # of the same name, size and time, and alike wherever the fingerprint looks
    contents["folder/other/large"] = b"x" * PART + b"y" * 100 + b"x" * (PART - 100)
    for place, content in contents.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(content)
        os.utime(tmp_path / place, (1_700_000_000, 1_700_000_000))
    async with site.client(tmp_path) as client:
        for restart in (False, True):
            outcomes = [one async for one in client.upload_many([folder], part_size=PART, restart=restart)]
            uploads = {one.relative: one.upload for one in outcomes if one.upload is not None}
            assert set(uploads) == set(contents), [one.error for one in outcomes]
            assert len({upload.id for upload in uploads.values()}) == len(contents)
            assert {place for place, upload in uploads.items() if upload.metadata["path"] != place} == set()
            for place in ("folder/0/large", "folder/other/large"):
                assert await stored(client, uploads[place]) == sha256(tmp_path / place)


async def test_copies_that_nothing_tells_apart_are_told_by_their_paths(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, all_begun, find = asyncio.Event(), asyncio.Barrier(4), Finding.run

    async def awaited(self: Finding, *given: Any) -> Any:
        found = await find(self, *given)
        first.set()
        # who ended before the last one began would leave it nothing to go on with
        await all_begun.wait()
        return found

    monkeypatch.setattr(Finding, "run", awaited)
    paths = [tmp_path / f"{number}" / "large" for number in range(3)]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(b"x" * (2 * PART))
        os.utime(path, (1_700_000_000, 1_700_000_000))
    async with site.client(tmp_path) as client:
        sending = [asyncio.ensure_future(client.upload(paths[0], part_size=PART))]
        await first.wait()
        sending += [
            asyncio.ensure_future(client.upload(path, part_size=PART)) for path in (*paths[1:], paths[0])
        ]
        ids = [upload.id for upload in await asyncio.gather(*sending)]
    assert len(set(ids[:3])) == 3
    assert ids[3] == ids[0]


async def test_what_a_cancelled_start_left_is_gone_on_with(
    site: Site, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starting, start = asyncio.Event(), Start.run

    async def watched(self: Start, *given: Any) -> Any:
        starting.set()
        return await start(self, *given)

    monkeypatch.setattr(Start, "run", watched)
    data = path.read_bytes()
    async with site.client(tmp_path) as client:

        async def left() -> list[Any]:
            return [one.id async for one in client.uploads(state="open", prefix=path.name)]

        sending = client.uploading(data, filename=path.name, part_size=PART)
        await starting.wait()
        await sending.cancel()
        [began] = await eventually(left, bool)
        assert (await client.upload(data, filename=path.name)).id == began


async def test_a_start_that_is_repeated_counts_as_none_of_its_own(site: Site) -> None:
    """Its first answer was lost, and may have named another file's upload, with other parts."""
    connections = Connections()
    coordinator = Coordinator(Calls(site.server.url, connections, site.key))
    body = StartBody(filename="first", size=2 * PART, part_size=PART, fingerprint="0f" * 32)
    other = msgspec.structs.replace(body, filename="other")
    first = await coordinator.start(body, "first")
    found = [await coordinator.start(one, key) for one, key in ((other, "a"), (other, "a"), (body, "first"))]
    await connections.aclose()
    assert first.created
    assert [(one.created, one.upload.id) for one in found] == [(False, first.upload.id)] * 3


async def test_the_same_without_asyncio(site: Site, tmp_path: Path, path: Path) -> None:
    def all_of_it() -> tuple[str, list[str]]:
        seen: list[str] = []
        with Client(site.server.url, token=site.key, state=tmp_path / "state") as client:
            upload = client.upload(
                path, part_size=PART, on_progress=lambda progress: seen.append(progress.stage)
            )
            assert client.get(str(upload.id)).state == "completed"
            assert len(client.parts(str(upload.id))) in {0, 9}
            assert any(one.id == upload.id for one in client.uploads(state="completed"))
            assert [one.upload is not None for one in client.upload_many([path])] == [True]
            assert client.remembered() == []
        return upload.state, seen

    state, seen = await asyncio.to_thread(all_of_it)
    assert state == "completed"
    assert seen[-1] == "completed"


async def test_no_secret_is_written_down(site: Site, tmp_path: Path, path: Path) -> None:
    async with site.client(tmp_path, limit=20_000_000, connections=2) as client:
        sending = client.uploading(path, part_size=PART, name="secret")
        await until(sending, 2)
        await sending.cancel()
    written = (tmp_path / "state" / "uploads.json").read_text()
    assert site.key not in written
    assert "X-Amz" not in written
    assert site.cable.endpoint_url not in written
