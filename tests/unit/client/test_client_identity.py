"""Whether a file is still the one it was, whatever its modification time says."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coordinator.client.files import open_file
from coordinator.client.identity import identity_of


def rewritten(path: Path) -> None:
    before = path.stat()
    path.write_bytes(b"other")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def another(path: Path) -> None:
    copied(path).replace(path)


def copied(path: Path) -> Path:
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    before = path.stat()
    os.utime(copy, ns=(before.st_atime_ns, before.st_mtime_ns))
    return copy


def seen(path: Path) -> object:
    opened = open_file(path)
    opened.close()
    return opened.identity


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"bytes")
    os.utime(path, (1, 1))
    # two changes within one tick of the system's clock have one time
    before = path.stat().st_ctime_ns
    probe = tmp_path / "probe"
    while True:
        probe.write_bytes(b"")
        if probe.stat().st_ctime_ns > before:
            return path


@pytest.mark.parametrize("change", [rewritten, another])
def test_a_change_that_the_modification_time_hides_is_seen(
    path: Path, change: Callable[[Path], None]
) -> None:
    before, told = seen(path), path.stat()
    assert before is not None
    assert seen(path) == before
    change(path)
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (told.st_size, told.st_mtime_ns)
    assert seen(path) != before


def test_what_the_system_does_not_keep_is_not_believed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = path.stat()
    fine, *coarse = (
        os.stat_result(tuple(found)[:10], {"st_ctime_ns": changed})
        for changed in (1_000_000_007, 2_000_000_000, 10_000_000)
    )
    assert identity_of(fine) is not None
    assert [identity_of(one) for one in coarse] == [None, None]
    monkeypatch.setattr(sys, "platform", "win32")
    assert identity_of(fine) is None
