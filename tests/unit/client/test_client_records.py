import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from coordinator.client.records import KnownFile, Record, Records, StateNotWritten, state_directory

WRITES = """
import sys
from pathlib import Path
from coordinator.client.records import Record, Records
for i in range(20):
    Records(Path(sys.argv[1])).add(Record(server="s", upload_id=f"{sys.argv[2]}-{i}", filename="f", began=4e9))
"""
FORKS_WHILE_IT_WRITES = """
import os, sys
from pathlib import Path
from coordinator.client.records import Record, Records
sync = os.fsync
def fork(number):
    if os.fork() == 0:
        sys.stdin.read()
        os._exit(0)
    sync(number)
os.fsync = fork
Records(Path(sys.argv[1])).add(Record(server="s", upload_id="1", filename="f", began=4e9))
print("written", flush=True)
sys.stdin.read()
"""
SERVER = "https://uploads.example"


def record(upload_id: str = "1", **given: object) -> Record:
    known = {"server": SERVER, "upload_id": upload_id, "filename": "f", "began": 1000.0} | given
    return Record(**known)  # type: ignore[arg-type]


def records(folder: Path, now: float = 1000.0) -> Records:
    return Records(folder / "state", clock=lambda: now)


def test_an_upload_is_found_by_its_name_and_by_its_unchanged_file(tmp_path: Path) -> None:
    known = records(tmp_path)
    known.add(record("1", name="backup"))
    known.add(record("2", path="/a", size=5, modified_ns=7))
    assert [one.upload_id for one in known.named(SERVER, "backup")] == ["1"]
    assert known.named("https://elsewhere", "backup") == []
    file = KnownFile("/a", 5, 7, "f", None)
    assert [one.upload_id for one in known.of_file(SERVER, file)] == ["2"]
    others: dict[str, Any] = {"path": "/b", "size": 6, "modified_ns": 8, "filename": "g", "place": "folder/f"}
    for member, value in others.items():
        assert known.of_file(SERVER, file._replace(**{member: value})) == [], member


def test_what_a_file_began_before_it_was_changed_is_found_by_its_path(tmp_path: Path) -> None:
    known = records(tmp_path)
    known.add(record("1", path="/a", size=5, modified_ns=7))
    known.add(record("2", path="/a", size=5, modified_ns=7, name="backup"))
    file = KnownFile("/a", 5, 7, "f", None)
    assert known.before(SERVER, file) == []
    for changed in (file._replace(size=6), file._replace(modified_ns=8)):
        assert [one.upload_id for one in known.before(SERVER, changed)] == ["1"]
        assert known.before("https://elsewhere", changed) == []
        others: dict[str, Any] = {"path": "/b", "filename": "g", "place": "folder/f"}
        for member, value in others.items():
            assert known.before(SERVER, changed._replace(**{member: value})) == [], member


def test_what_another_process_writes_is_seen(tmp_path: Path) -> None:
    known, others = records(tmp_path), records(tmp_path)
    others.add(record("1"))
    assert [one.upload_id for one in known.all()] == ["1"]
    others.add(record("2"))
    assert sorted(one.upload_id for one in known.all()) == ["1", "2"]
    others.remove("1", "2")
    assert known.all() == []


def test_each_owner_and_each_name_of_a_file_has_its_own(tmp_path: Path) -> None:
    known = records(tmp_path)
    for upload_id, owner, filename in (("1", "a", "f"), ("2", "b", "f"), ("3", "a", "link"), ("4", "a", "f")):
        known.add(record(upload_id, owner=owner, filename=filename, path="/a", size=5, modified_ns=7))
    found = known.of_file(SERVER, KnownFile("/a", 5, 7, "f", None))
    assert sorted(one.upload_id for one in found) == ["2", "4"]


def test_a_name_and_a_path_have_one_upload_each(tmp_path: Path) -> None:
    known = records(tmp_path)
    for upload_id in "12":
        known.add(record(upload_id, name="backup"))
    for upload_id in "34":
        known.add(record(upload_id, path="/a"))
    assert sorted(one.upload_id for one in known.all()) == ["2", "4"]
    known.remove("2")
    assert [one.upload_id for one in known.all()] == ["4"]


def test_a_file_of_another_version_with_more_members_is_read(tmp_path: Path) -> None:
    known = records(tmp_path)
    known.add(record("1", path="/a"))
    file = tmp_path / "state" / "uploads.json"
    other = msgspec.json.decode(file.read_bytes())
    other["uploads"][0]["identity"] = [1, 2, 3]
    file.write_bytes(msgspec.json.encode(other))
    assert [one.upload_id for one in known.all()] == ["1"]


def test_old_ones_are_pruned(tmp_path: Path) -> None:
    records(tmp_path).add(record("old"))
    records(tmp_path, now=1000.0 + 9 * 86_400).add(record("new", began=1000.0 + 9 * 86_400))
    assert [one.upload_id for one in records(tmp_path).all()] == ["new"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"uploads": 3}', b"[]"])
def test_a_file_that_cannot_be_read_counts_as_empty_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    known = records(tmp_path)
    known.add(record("1"))
    (tmp_path / "state" / "uploads.json").write_bytes(content)
    assert known.all() == []
    known.add(record("2"))
    assert [one.upload_id for one in known.all()] == ["2"]


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    records(tmp_path).add(record())
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    assert (tmp_path / "state" / "uploads.json").stat().st_mode & 0o077 == 0


def test_a_full_disk_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = records(tmp_path)
    known.add(record("1"))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StateNotWritten, match="No space left"):
            known.add(record("2"))
    assert [one.upload_id for one in known.all()] == ["1"]
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["uploads.json", "uploads.lock"]


def test_what_killed_processes_left_half_written_is_removed(tmp_path: Path) -> None:
    known = records(tmp_path)
    known.add(record("1"))
    (tmp_path / "state" / ".uploads-left").write_bytes(b"{")
    known.add(record("2"))
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["uploads.json", "uploads.lock"]
    assert sorted(one.upload_id for one in known.all()) == ["1", "2"]


def test_a_child_that_was_forked_while_the_file_was_written_keeps_nobody_waiting(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", FORKS_WHILE_IT_WRITES, str(tmp_path / "state")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"written\n"
    other = subprocess.Popen([sys.executable, "-c", WRITES, str(tmp_path / "state"), "other"])
    try:
        assert other.wait(60) == 0
    finally:
        writer.communicate(timeout=60)
        other.wait(60)


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITES, str(tmp_path / "state"), str(number)])
        for number in range(4)
    ]
    assert [one.wait(60) for one in writers] == [0, 0, 0, 0]
    assert len(records(tmp_path).all()) == 80


def test_it_lies_where_xdg_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_directory() == tmp_path / "coordinator"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_directory() == tmp_path / ".local" / "state" / "coordinator"


def test_a_path_that_is_not_utf_8_is_left_out(tmp_path: Path) -> None:
    known = records(tmp_path)
    known.add(record("1", path="/latin-\udce9"))
    known.add(record("2", path="/a"))
    assert {one.upload_id: one.path for one in known.all()} == {"1": None, "2": "/a"}
