"""Folders as a client finds them."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from threading import Event, Semaphore, get_ident
from typing import Any

import pytest

from coordinator.client import (
    AsyncClient,
    Client,
    ClientError,
    FileMissing,
    FileUnreadable,
    OngoingUpload,
    Progress,
    ServerUnreachable,
    WrongUse,
)
from coordinator.client.many import Outcome, files_in, send_many
from coordinator.uploads.plan import MIB

DEADLINE = 60


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "folder"
    for name in ("closed", "open"):
        (folder / name).mkdir(parents=True)
        (folder / name / "file").write_bytes(b"x")
    scandir = os.scandir

    def scanned(path: Any) -> Any:
        # a mode does not keep root out
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scanned)
    return folder


def test_a_folder_that_cannot_be_read_is_told_and_the_others_go_on(folder: Path) -> None:
    closed, found = files_in([folder])
    assert isinstance(closed, Outcome)
    assert isinstance(closed.error, FileUnreadable)
    assert (closed.path, closed.relative) == (str(folder / "closed"), "folder/closed")
    assert found == (str(folder / "open" / "file"), "folder/open/file")
    [alone] = files_in([folder / "closed"])
    assert isinstance(alone, Outcome)


@pytest.mark.parametrize("named", [".", "..", "folder"])
def test_a_current_directory_that_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    if named == "folder":
        # it goes between being looked at and being walked through
        monkeypatch.setattr(os.path, "isdir", lambda _: True)
    [outcome] = files_in([named])
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.error, FileMissing)
    assert (outcome.path, outcome.relative) == (named, named)
    assert str(outcome.error).startswith("The current directory is gone")


async def test_each_file_fails_for_itself(folder: Path, tmp_path: Path) -> None:
    (folder / "open" / os.fsdecode(b"latin-\xe9")).write_bytes(b"x")
    errors: dict[str, ClientError | None] = {}
    async with AsyncClient("http://127.0.0.1:1", state=tmp_path / "state") as client:
        async for outcome in client.upload_many([folder, tmp_path / "nothing"]):
            errors[outcome.relative] = outcome.error
    assert {relative: error and error.code for relative, error in errors.items()} == {
        "folder/closed": "file_unreadable",
        "folder/open/file": "unreachable",
        "folder/open/latin-\udce9": "wrong_use",
        "nothing": "file_missing",
    }


async def test_large_files_that_come_late_take_the_room_of_two(tmp_path: Path) -> None:
    """Each one that took a small one's place had but that."""
    files: list[tuple[str, str]] = []
    for name, size in [("small", 1)] * 8 + [("large", 6 * MIB)] * 20:
        path = tmp_path / f"{name} {len(files)}"
        path.touch()
        os.truncate(path, size)
        files.append((str(path), path.name))
    large = most = 0
    all_found = Event()

    def found() -> Iterator[tuple[str, str]]:
        yield from files
        all_found.set()

    class Sent:
        def __init__(self, _: str, relative: str) -> None:
            self.name, number = relative.split()
            self.turns = 3 * int(number) if self.name == "small" else 100

        async def result(self) -> None:
            nonlocal large, most
            assert await asyncio.to_thread(all_found.wait, DEADLINE)
            large += self.name == "large"
            most = max(most, large)
            for _ in range(self.turns):
                await asyncio.sleep(0)
            large -= self.name == "large"

    begin: Any = Sent
    outcomes = [outcome.relative async for outcome in send_many(found(), begin, at_once=8)]
    assert (sorted(outcomes), most) == (sorted(relative for _, relative in files), 4)


async def test_a_file_that_has_just_begun_is_stopped_too(tmp_path: Path) -> None:
    """Of one that nobody has come to wait for yet, only itself can be cancelled."""
    begun: list[OngoingUpload] = []

    def begin(path: str, relative: str) -> OngoingUpload:
        begun.append(client.uploading(path, filename=relative))
        return begun[0]

    (tmp_path / "file").touch()
    unreadable = Outcome("folder", "folder", None, FileUnreadable("folder cannot be read."))
    found: list[tuple[str, str] | Outcome] = [(str(tmp_path / "file"), "file"), unreadable]
    async with AsyncClient("http://127.0.0.1:1", state=tmp_path / "state") as client:
        async with aclosing(send_many(found, begin)) as outcomes:
            assert await anext(outcomes) is unreadable
        assert [one.done() for one in begun] == [True]


def test_an_iteration_that_is_left_open_ends_with_its_loop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Two generators of which one closes the other were closed by the loop at the same time."""
    left: list[Any] = []

    async def leave() -> None:
        client = AsyncClient("http://127.0.0.1:1", state=tmp_path / "state")
        outcomes = client.upload_many([tmp_path / "missing", tmp_path / "file"])
        left.append(outcomes)
        assert (await anext(outcomes)).relative == "missing"

    (tmp_path / "file").touch()
    asyncio.run(leave())
    assert caplog.messages == []


async def test_paths_that_are_waited_for_hold_nothing_up(tmp_path: Path) -> None:
    """The second one comes when the outcome of the first has been seen."""
    seen, closed, waiting = Event(), Event(), Semaphore(0)
    told: list[bool] = []
    threads: set[int] = set()

    def paths() -> Iterator[Path]:
        try:
            for name in ("first", "second", "third"):
                yield tmp_path / name
                threads.add(get_ident())
                waiting.release()
                told.append(seen.wait(DEADLINE))
                seen.clear()
        finally:
            closed.set()

    async with AsyncClient("http://127.0.0.1:1", state=tmp_path / "state") as client:
        async with aclosing(client.upload_many(paths())) as outcomes:
            for name in ("first", "second"):
                outcome = await anext(outcomes)
                assert (outcome.relative, type(outcome.error)) == (name, FileMissing)
                assert await asyncio.to_thread(waiting.acquire, timeout=DEADLINE)
                if name == "first":
                    seen.set()
        assert not closed.is_set()  # it is left, and waits for nobody
        seen.set()
        assert await asyncio.to_thread(closed.wait, DEADLINE)
    assert told == [True, True]
    assert len(threads) == 1
    assert get_ident() not in threads


@pytest.mark.parametrize("error", [LookupError("mine"), SystemExit(3)], ids=repr)
async def test_what_paths_raise_is_raised_after_the_outcomes_before_it(
    tmp_path: Path, error: BaseException
) -> None:
    seen = Event()

    def paths() -> Iterator[Path]:
        yield tmp_path / "missing"
        seen.wait(DEADLINE)
        raise error

    async with AsyncClient("http://127.0.0.1:1", state=tmp_path / "state") as client:
        outcomes = client.upload_many(paths())
        assert (await anext(outcomes)).relative == "missing"
        seen.set()
        with pytest.raises(type(error)) as raised:
            await anext(outcomes)
    assert raised.value is error


@pytest.mark.parametrize("one", ["/etc/hostname", b"/etc/hostname", Path("/etc/hostname")], ids=repr)
async def test_one_path_is_no_list_of_them(tmp_path: Path, one: Any) -> None:
    """A text is taken for its letters otherwise, and the whole machine is sent."""
    async with AsyncClient("http://127.0.0.1:1", state=tmp_path) as client:
        with pytest.raises(WrongUse, match="put the one into a list"):
            client.upload_many(one)
    with Client("http://127.0.0.1:1", state=tmp_path) as client, pytest.raises(WrongUse, match="into a list"):
        client.upload_many(one)


def test_what_is_no_path_is_said() -> None:
    wrong: Any = ["/nowhere", b"/nowhere"]
    found = files_in(wrong)
    assert next(found) == ("/nowhere", "nowhere")
    with pytest.raises(WrongUse, match="one is a bytes"):
        next(found)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"limit": 10}, "at least 1,024"),
        ({"connections": 0}, "at least one"),
        ({"connections": -3}, "at least one"),
    ],
)
def test_what_would_never_send_is_said(given: dict[str, Any], says: str) -> None:
    with pytest.raises(WrongUse, match=says):
        AsyncClient("http://127.0.0.1:1", **given)


async def test_who_fails_to_look_is_told_once(tmp_path: Path) -> None:
    def broken(_: Progress) -> None:
        raise RuntimeError("cannot draw")

    async with AsyncClient("http://127.0.0.1:1", state=tmp_path) as client:
        sending = client.uploading(b"x", on_progress=broken)
        # the failure is the address's, not the onlooker's
        with pytest.raises(ServerUnreachable):
            await sending
    assert sending.warnings == ["on_progress raised RuntimeError('cannot draw')."]
