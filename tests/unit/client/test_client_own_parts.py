"""What a machine remembers of the parts it has sent."""

import os
from pathlib import Path

import pytest

from coordinator.client.identity import Identity
from coordinator.client.own_parts import OwnParts

FILE = Identity(1, 2**64 - 1, -3)


def test_parts_are_those_of_one_file_and_the_last_word_counts(tmp_path: Path) -> None:
    own = OwnParts(tmp_path)
    assert own.of("upload", FILE) == {}
    own.add("upload", FILE, {1: '"one"', 2: None, 10_000: "with words-4"})
    own.add("upload", FILE._replace(changed_ns=-30), {1: "another file's"})
    own.add("upload", FILE, {2: None})
    own.add("upload", FILE, {3: "three"})
    assert own.of("upload", FILE) == {1: "one", 3: "three", 10_000: "with words-4"}
    own.add("upload", FILE, {1: "one again"})
    assert own.of("upload", FILE)[1] == "one again"
    assert own.of("another", FILE) == {}


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_line_that_a_crash_has_cut_says_nothing_wrong(tmp_path: Path, cut: int) -> None:
    own = OwnParts(tmp_path)
    own.add("upload", FILE, {1: "whole"})
    own.add("upload", FILE, {2: "0123456789"})
    [log] = (tmp_path / "parts").iterdir()
    os.truncate(log, log.stat().st_size - cut)
    own.add("upload", FILE, {3: "whole too"})
    found = own.of("upload", FILE)
    assert found.pop(2, "0123456789") in "0123456789"
    assert found == {1: "whole", 3: "whole too"}
    log.write_bytes(log.read_bytes() + b"\xff\n1 2\n\n")
    assert own.of("upload", FILE)[1] == "whole"


def test_what_is_over_is_kept_for_who_waited_and_goes(tmp_path: Path) -> None:
    own = OwnParts(tmp_path)
    own.forget("upload")
    own.add("upload", FILE, {1: "one"})
    own.add("going on", FILE, {1: "one"})
    own.forget("upload")
    own.add("next", FILE, {1: "one"})
    assert own.of("upload", FILE) == {1: "one"}
    log = tmp_path / "parts" / "upload"
    os.utime(log, (log.stat().st_mtime - 3_601,) * 2)
    own.add("the one after", FILE, {1: "one"})
    assert sorted(one.name for one in log.parent.iterdir()) == ["going on", "next", "the one after"]


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "parts").touch()
    own = OwnParts(tmp_path)
    own.add("upload", FILE, {1: "one"})
    assert own.of("upload", FILE) == {}
    own.forget("upload")
