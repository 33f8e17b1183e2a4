import errno
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from coordinator.client.errors import FileChanged, FileMissing, FileUnreadable, NotAFile
from coordinator.client.files import content_type_of, open_again, open_file

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


CHANGED = "was changed after"
GONE = "was removed or renamed"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("grow", CHANGED),
        ("touch", CHANGED),
        ("replace", CHANGED),
        ("remove", GONE),
        ("rename its folder", GONE),
        ("shrink", CHANGED),
    ],
)
def test_every_change_is_seen(path: Path, change: str, told: str) -> None:
    path.with_name("folder").mkdir()
    path = path.rename(path.with_name("folder") / path.name)
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
        case "rename its folder":
            path.parent.rename(path.parent.with_name("other folder"))
        case "shrink":
            os.truncate(path, 10)
    with pytest.raises(FileChanged, match=told):
        opened.check()


def test_a_file_that_cannot_be_looked_at_any_more_says_why(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, stat = open_file(path), os.stat

    def closed_to_us(name: Any, **given: Any) -> os.stat_result:
        if name == str(path):
            raise PermissionError(errno.EACCES, "Permission denied", name)
        return stat(name, **given)

    monkeypatch.setattr(os, "stat", closed_to_us)
    with pytest.raises(FileUnreadable, match="Permission denied"):
        opened.check()


async def test_a_file_that_shrinks_while_it_is_sent_is_noticed(path: Path) -> None:
    pieces = open_file(path).body(0, 1_000_000).pieces()
    await anext(pieces)
    os.truncate(path, 1000)
    with pytest.raises(FileChanged):
        await anext(pieces)


@pytest.mark.parametrize("gone", ["another directory", "no directory", "removed", "another file"])
def test_an_open_file_whose_name_leads_elsewhere_is_looked_at_by_itself(
    path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    folder = path.with_name("folder")
    folder.mkdir()
    path = path.rename(folder / path.name)
    monkeypatch.chdir(folder)
    with open(path.name, "rb") as file:  # noqa: PTH123 - by a relative name
        assert open_again(file, file.fileno(), "file").path == str(path)
        match gone:
            case "another directory":
                monkeypatch.chdir("..")
            case "no directory":
                path.unlink()
                folder.rmdir()
            case "removed":
                path.unlink()
            case "another file":
                path.with_name("other").write_bytes(CONTENT)
                path.with_name("other").replace(path)
        opened = open_again(file, file.fileno(), "file")
        assert opened.path is None
        opened.check()
        assert opened.read(5, 7) == CONTENT[5:12]
    if gone == "another directory":
        path.write_bytes(b"shorter")
        with pytest.raises(FileChanged):
            opened.check()


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


@pytest.mark.skipif(sys.platform != "linux", reason="files that the system makes up are below /proc")
def test_what_the_system_makes_up_is_not_taken_for_an_empty_file(tmp_path: Path) -> None:
    said = r"^version has bytes and no size.*: cat /proc/version \| coordinator upload - --name version$"
    with pytest.raises(NotAFile, match=said):
        open_file("/proc/version")
    with open("/proc/version", "rb") as file, pytest.raises(NotAFile, match=said):  # noqa: PTH123
        open_again(file, file.fileno(), "version")
    (tmp_path / "empty").touch()
    assert open_file(tmp_path / "empty").size == 0


def test_a_file_that_is_begun_as_it_is_opened_is_sent(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pread = os.pread

    def begun(number: int, count: int, offset: int) -> bytes:
        path.write_bytes(b"begun")
        return pread(number, count, offset)

    path.write_bytes(b"")
    monkeypatch.setattr(os, "pread", begun)
    assert open_file(path).size == 5


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
