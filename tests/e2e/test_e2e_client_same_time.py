"""A file that another one has taken the place of, with its name, its size, its modification time and its samples."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from coordinator.client import FileChanged, LeftBehind, Upload
from coordinator.client.verifying import compared
from tests.e2e.client_site import MIB, PART, Site, sha256, stored, until

# a test's own small files
# ruff: noqa: ASYNC240


def replaced(path: Path) -> None:
    """By an image of the same build: other bytes in each part, none in the samples, and the time of the old one."""
    before = path.stat()
    with path.open("r+b") as file:
        for number in range(8):
            file.seek(number * PART + MIB)
            file.write(b"other bytes, not in the samples")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent with a digest is told with it, however busy the machine is."""
    monkeypatch.setattr("coordinator.client.ongoing._FAREWELL", 60.0)


async def interrupted(site: Site, tmp_path: Path, source: Path | bytes, **options: Any) -> Upload:
    # one at a time: a part whose answer is cut off is at the store, and nobody here knows that it is
    async with site.client(tmp_path, limit=20_000_000, connections=1) as client:
        sending = client.uploading(source, part_size=PART, **options)
        await until(sending, 2)
        await sending.cancel()
        assert sending.upload is not None
        return sending.upload


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of which parts were compared with the store's."""
    names: list[str] = []

    async def watched(hashing: Any, content: Any, *given: Any) -> Any:
        names.append(content.filename)
        return await compared(hashing, content, *given)

    monkeypatch.setattr("coordinator.client.whose.compared", watched)
    return names


async def test_parts_with_digests_are_never_mixed_with_another_files(
    site: Site, tmp_path: Path, path: Path
) -> None:
    began = await interrupted(site, tmp_path, path, digests="md5")
    replaced(path)
    async with site.client(tmp_path) as client, site.client(tmp_path / "elsewhere") as another:
        for sending in (
            client.uploading(path, digests="md5", file_digest="sha256"),
            another.uploading(path, digests="md5"),
            client.resuming(str(began.id), path),
        ):
            with pytest.raises(FileChanged, match="restart"):
                await sending
        upload = await client.upload(path, digests="md5", file_digest="sha256", restart=True)
        assert upload.id != began.id
        assert upload.digest is not None
        assert base64.b64decode(upload.digest.value).hex() == sha256(path) == await stored(client, upload)


async def test_parts_whose_etags_alone_differ_are_left_behind(site: Site, tmp_path: Path, path: Path) -> None:
    began = await interrupted(site, tmp_path, path, digests="off")
    replaced(path)
    async with site.client(tmp_path) as client:
        sending = client.uploading(path, digests="off")
        upload = await sending
        assert upload.id != began.id
        assert await stored(client, upload) == sha256(path)
        [warning] = sending.warnings
        assert isinstance(warning, LeftBehind)
        assert warning.upload.id == began.id


async def test_other_bytes_in_memory_are_never_mixed(site: Site, tmp_path: Path, path: Path) -> None:
    await interrupted(site, tmp_path, path.read_bytes(), filename="frame", digests="md5")
    replaced(path)
    async with site.client(tmp_path) as client:
        with pytest.raises(FileChanged):
            await client.upload(path.read_bytes(), filename="frame", digests="md5")


@pytest.mark.parametrize("named", [{}, {"name": "nightly"}])
async def test_the_very_file_goes_on_unread_and_one_that_was_touched_is_read_once(
    site: Site, tmp_path: Path, path: Path, read: list[str], named: dict[str, Any]
) -> None:
    began = await interrupted(site, tmp_path, path, **named)
    assert (await interrupted(site, tmp_path, path, **named)).id == began.id
    assert read == []
    path.chmod(0o600)
    assert (await interrupted(site, tmp_path, path, **named)).id == began.id
    assert read == [path.name]
    async with site.client(tmp_path) as client:
        sending = client.uploading(path, **named)
        resumed = (await until(sending, 2)).bytes_resumed
        upload = await sending
        assert (upload.id, resumed >= 2 * PART) == (began.id, True)
        assert await stored(client, upload) == sha256(path)
    assert read == [path.name]
