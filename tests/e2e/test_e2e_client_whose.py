"""Whose upload it is: what only looks alike, what somebody else sends or has completed, and what is asked for otherwise."""

import asyncio
import os
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from coordinator.client import AsyncClient, Invalid, LeftBehind, OngoingUpload, OtherFile, Upload
from coordinator.client.completion import complete
from coordinator.client.digests import Hashing
from coordinator.client.files import Content
from coordinator.client.verifying import holds
from tests.e2e.client_site import MIB, PART, Site, sha256, stored, until

# a test's own small files
# ruff: noqa: ASYNC240


def alike(path: Path, folder: Path, *, beyond: int = 0) -> Path:
    """Another file of the same name, size and fingerprint; beyond so many parts, each up to the eighth is another one."""
    other = copied(path, folder)
    with other.open("r+b") as file:
        for number in range(beyond, 8):
            file.seek(number * PART + MIB)
            file.write(b"other bytes, not in the samples")
    os.utime(other, (1_700_000_000, 1_700_000_000))
    return other


def copied(path: Path, folder: Path) -> Path:
    """With another modification time."""
    folder.mkdir()
    return Path(shutil.copyfile(path, folder / path.name))


async def stage(sending: OngoingUpload, wanted: str) -> None:
    async with asyncio.timeout(60):
        async for progress in sending:
            if progress.stage == wanted:
                return
    raise AssertionError(f"it was never {wanted}")


async def each_in_turn(
    sender: tuple[AsyncClient, Path], waiting: Sequence[tuple[AsyncClient, Path]], completing: asyncio.Event
) -> list[Upload]:
    """What comes of the sender's file, and of those that have waited for it to be completed."""
    client, path = sender
    sending = [client.uploading(path, part_size=PART)]
    await stage(sending[0], "uploading")
    sending += [client.uploading(path, part_size=PART) for client, path in waiting]
    for one in sending[1:]:
        await stage(one, "waiting")
    completing.set()
    return [await one for one in sending]


@pytest.fixture
def completing(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Nobody completes anything before it is set."""
    begins = asyncio.Event()

    async def held(*given: Any) -> Any:
        await begins.wait()
        return await complete(*given)

    monkeypatch.setattr("coordinator.client.delivery.complete", held)
    return begins


async def test_two_files_from_two_machines_are_not_mixed(site: Site, tmp_path: Path, path: Path) -> None:
    """While no part is held yet nothing can prove that the second one is the first one's copy."""
    other = alike(path, tmp_path / "other")
    one, two = tmp_path / "one", tmp_path / "two"
    async with site.client(one, limit=20_000_000, connections=1) as first, site.client(two) as second:
        sending = first.uploading(path, part_size=PART)
        await stage(sending, "uploading")
        there = await second.upload(other, part_size=PART)
        here = await sending
        assert here.id != there.id
        assert await stored(first, here) == sha256(path)
        assert await stored(first, there) == sha256(other)


async def test_two_files_that_begin_alike_are_not_mixed(site: Site, tmp_path: Path, path: Path) -> None:
    """The second one may take the first one's upload for its copy's, until parts turn up that are not its own."""
    other = alike(path, tmp_path / "other", beyond=3)
    one, two = tmp_path / "one", tmp_path / "two"
    async with site.client(one, limit=15_000_000, connections=1) as first, site.client(two) as second:
        sending = first.uploading(path, part_size=PART)
        await until(sending, 2)
        there = await second.upload(other, part_size=PART)
        here = await sending
        assert here.id != there.id
        assert await stored(first, here) == sha256(path)
        assert await stored(first, there) == sha256(other)


@pytest.mark.parametrize("digests", ["off", "md5"])
@pytest.mark.parametrize("completed", [False, True])
async def test_the_very_file_does_not_go_on_with_what_another_machine_has_sent(
    site: Site, tmp_path: Path, path: Path, digests: Any, *, completed: bool
) -> None:
    """It began the upload, and knows so; but another file that begins alike has come to it since."""
    other = alike(path, tmp_path / "other", beyond=3)
    one, two = tmp_path / "one", tmp_path / "two"
    began: list[str] = []
    for folder, file, parts in ((one, path, 1), (two, other, 5)):
        async with site.client(folder, limit=20_000_000, connections=1) as client:
            sending = client.uploading(file, part_size=PART, digests=digests)
            await until(sending, parts)
            if file == path or not completed:
                await sending.cancel()
            else:
                assert await stored(client, await sending) == sha256(other)
            began.append(str(sending.upload and sending.upload.id))
    assert began[0] == began[1], "some of it proved to be the same"
    async with site.client(one) as client:
        if completed:
            with pytest.raises(OtherFile):
                await client.resume(began[0], path)
        assert await stored(client, await client.upload(path, digests=digests)) == sha256(path)
    if not completed:
        async with site.client(two) as client:
            assert await stored(client, await client.upload(other, digests=digests)) == sha256(other)


async def test_who_waited_does_not_take_anothers_upload_for_its_own(
    site: Site, tmp_path: Path, path: Path, completing: asyncio.Event
) -> None:
    other, copy = alike(path, tmp_path / "other"), copied(path, tmp_path / "copy")
    async with (
        site.client(tmp_path) as holder,
        site.client(tmp_path) as client,
        site.client(tmp_path) as another,
    ):
        waiting = (client, other), (another, copy)
        here, there, same = await each_in_turn((holder, path), waiting, completing)
        assert here.id != there.id
        assert here.id == same.id, "its parts prove that it is a copy"
        assert await stored(client, here) == sha256(path)
        assert await stored(client, there) == sha256(other)
        assert client.remembered() == []


async def test_who_waited_with_another_file_of_the_same_time_sends_it(
    site: Site, tmp_path: Path, path: Path, completing: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two builds of one image under SOURCE_DATE_EPOCH."""
    other = alike(path, tmp_path / "other")
    read: list[object] = []

    async def watched(hashing: Hashing, upload: Upload, content: Content) -> bool:
        read.append(content.path)
        return await holds(hashing, upload, content)

    monkeypatch.setattr("coordinator.client.whose.holds", watched)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    async with (
        site.client(tmp_path) as holder,
        site.client(tmp_path) as client,
        site.client(tmp_path) as another,
    ):
        waiting = (client, other), (another, path)
        here, there, same = await each_in_turn((holder, path), waiting, completing)
        assert here.id != there.id
        assert here.id == same.id
        assert await stored(client, there) == sha256(other)
        assert read == [str(other)], "the very file is known without"


async def test_a_stream_that_waited_is_sent_too(
    site: Site, tmp_path: Path, path: Path, completing: asyncio.Event
) -> None:
    other = alike(path, tmp_path / "other")
    async with (
        site.client(tmp_path) as holder,
        site.client(tmp_path) as client,
    ):
        sending = holder.uploading(iter([path.read_bytes()]), name="both", part_size=PART)
        await until(sending, 1)
        waiting = client.uploading(iter([other.read_bytes()]), name="both")
        await stage(waiting, "waiting")
        completing.set()
        here, there = await sending, await waiting
        assert here.id != there.id
        assert await stored(client, here) == sha256(path)
        assert await stored(client, there) == sha256(other)
        assert client.remembered() == []


async def test_what_is_completed_is_gone_on_with_by_its_own_file_alone(
    site: Site, tmp_path: Path, path: Path
) -> None:
    async with site.client(tmp_path) as client:
        upload = await client.upload(path, part_size=PART, filename="first")
        for other in (alike(path, tmp_path / "other"), iter([b"other bytes"])):
            with pytest.raises(OtherFile, match="completed already"):
                await client.resume(str(upload.id), other)
        for same in (path, copied(path, tmp_path / "copy")):
            assert (await client.resume(str(upload.id), same)).id == upload.id


async def test_what_is_asked_for_otherwise_is_another_upload(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(random.randbytes(3 * PART))
    async with site.client(tmp_path, limit=20_000_000, connections=2) as client:
        began = client.uploading(path, part_size=PART, metadata={"shelf": "one"})
        await until(began, 1)
        await began.cancel()
        assert began.upload is not None
        with pytest.raises(Invalid, match="policy"):
            await client.upload(path, policy="nosuch")
        asked: list[dict[str, Any]] = [
            {"metadata": {"shelf": "two"}},
            {"content_type": "text/plain"},
            {"part_size": 2 * PART},
        ]
        warnings: list[str] = []
        for given in asked:
            again = client.uploading(path, **given)
            await stage(again, "uploading")
            await again.cancel(keep=False)
            assert again.upload is not None
            assert again.upload.id != began.upload.id
            told = msgspec.structs.asdict(again.upload)
            del told["metadata"]["last_modified"]
            assert given.items() <= told.items()
            warnings += again.warnings
        [warning] = warnings
        assert isinstance(warning, LeftBehind)
        assert (
            "its unfinished upload began with another metadata, so it is sent from the beginning" in warning
        )
        assert warning.upload.id == began.upload.id
        renamed = await client.upload(path, filename="renamed")
        assert (renamed.id != began.upload.id, renamed.filename) == (True, "renamed")
        assert (await client.upload(path)).id == began.upload.id


async def test_a_link_and_its_target_are_two_files(site: Site, tmp_path: Path, path: Path) -> None:
    link = tmp_path / "a link"
    link.symlink_to(path)
    async with site.client(tmp_path, limit=20_000_000, connections=2) as client:
        sending = client.uploading(link, part_size=PART)
        await until(sending, 1)
        of_target = client.uploading(path, part_size=PART)
        await stage(of_target, "uploading")
        assert of_target.upload is not None
        assert of_target.upload.filename == path.name
        await of_target.cancel()
        assert (await sending).filename == link.name


async def test_a_run_with_anothers_key_forgets_nothing(site: Site, tmp_path: Path, path: Path) -> None:
    async with httpx2.AsyncClient(timeout=60) as http:
        minted = await http.post(
            f"{site.server.url}/v1/tokens",
            json={"owner": "somebody"},
            headers={"Authorization": f"Bearer {site.key}"},
        )
    async with site.client(tmp_path, limit=20_000_000, connections=2) as client:
        sending = client.uploading(path, part_size=PART)
        await until(sending, 1)
        await sending.cancel()
        [kept] = client.remembered()
        token = minted.json()["token"]
        async with AsyncClient(site.server.url, token=token, state=tmp_path / "state") as another:
            assert str((await another.upload(path, part_size=PART)).id) != kept.upload_id
        assert client.remembered() == [kept]
        assert str((await client.upload(path)).id) == kept.upload_id
