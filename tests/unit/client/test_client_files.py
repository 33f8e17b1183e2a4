import errno
import os
import threading
from pathlib import Path

import pytest

from coordinator.client.errors import FileChanged, FileMissing, FileUnreadable, NotAFile
from coordinator.client.files import content_type_of, open_file

CONTENT = bytes(range(256)) * 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


async def test_a_body_is_its_range_however_often_it_is_read(path: Path) -> None:
    body = open_file(path).body(1000, 700_001)
    for _ in range(2):
        read = b"".join([bytes(piece) async for piece in body.pieces()])
        assert read == CONTENT[1000:701_001]


@pytest.mark.parametrize(
    ("refusal", "directly"),
    [
        (BlockingIOError(errno.EAGAIN, "not in memory"), False),
        (OSError(errno.EOPNOTSUPP, "cannot tell"), True),
    ],
)
async def test_only_a_disk_is_waited_for_in_a_thread(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, refusal: OSError, directly: bool
) -> None:
    preadv = os.preadv
    threads = set()

    def slow(number: int, views: list[memoryview], offset: int, flags: int = 0) -> int:
        if flags:
            raise refusal
        threads.add(threading.current_thread())
        return preadv(number, [views[0][:100_000]], offset)

    monkeypatch.setattr(os, "preadv", slow)
    read = b"".join([bytes(piece) async for piece in open_file(path).body(5, 500_000).pieces()])
    assert (threads == {threading.main_thread()}) is directly
    assert read == CONTENT[5:500_005]


@pytest.mark.parametrize("change", ["grow", "touch", "replace", "remove", "shrink"])
def test_every_change_is_seen(path: Path, change: str) -> None:
    opened = open_file(path)
    opened.check()
    before = path.stat()
    match change:
        case "grow":
            with path.open("ab") as file:
                file.write(b"x")
        case "touch":
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
        case "replace":  # the same size and time, another file
            other = path.with_name("other")
            other.write_bytes(path.read_bytes())
            os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
            other.replace(path)
        case "remove":
            path.unlink()
        case "shrink":
            os.truncate(path, 10)
    with pytest.raises(FileChanged):
        opened.check()


async def test_a_file_that_shrinks_while_it_is_sent_is_noticed(path: Path) -> None:
    pieces = open_file(path).body(0, 1_000_000).pieces()
    await anext(pieces)
    os.truncate(path, 1000)
    with pytest.raises(FileChanged):
        await anext(pieces)


def test_what_cannot_be_sent_says_why(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="no file"):
        open_file(tmp_path / "missing")
    with pytest.raises(NotAFile, match="folder"):
        open_file(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotAFile, match="regular"):
        open_file(tmp_path / "pipe")
    with pytest.raises(FileUnreadable):
        open_file("with\0zero")


def test_a_closed_file_frees_its_number(path: Path) -> None:
    opened = open_file(path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    opened.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before - 1
    with pytest.raises(FileUnreadable, match="closed"):
        opened.read(0, 1)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.mp4", "video/mp4"),
        ("a.JPG", "image/jpeg"),
        ("a.tar.gz", "application/gzip"),
        ("a.unheard", None),
        ("noending", None),
    ],
)
def test_the_content_type_comes_from_the_name(name: str, kind: str | None) -> None:
    assert content_type_of(name) == kind
