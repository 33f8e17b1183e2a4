"""What may be named, what is found in folders, and what is left out and why."""

import os
from pathlib import Path

import pytest

from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure
from coordinator.cli.source import Source, Unsendable, check_named, find_sources


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "top"
    (top / "b" / "c").mkdir(parents=True)
    (top / "z.txt").write_bytes(b"zz")
    (top / "b" / "a.txt").write_bytes(b"a")
    (top / "b" / "c" / ".hidden").write_bytes(b"")
    return top


def found(*named: Path | str, name: str | None = None) -> list[Source | Unsendable]:
    arguments = [str(one) for one in named]
    check_named(arguments, name)
    return list(find_sources(arguments, name))


def ways(sources: list[Source | Unsendable]) -> list[str | None]:
    return [one.way for one in sources if isinstance(one, Source)]


def test_a_folder_is_walked_in_order_and_keeps_its_name(tree: Path) -> None:
    assert ways(found(tree)) == ["top/z.txt", "top/b/a.txt", "top/b/c/.hidden"]


def test_a_folder_named_by_a_dot_has_a_name_too(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "b")
    assert ways(found(".")) == ["b/a.txt", "b/c/.hidden"]
    assert ways(found("..")) == ["top/z.txt", "top/b/a.txt", "top/b/c/.hidden"]


def test_a_file_has_no_way_and_may_have_another_name(tree: Path) -> None:
    [source] = found(tree / "z.txt", name="other.txt")
    assert isinstance(source, Source)
    assert (source.way, source.filename, source.size) == (None, "other.txt", 2)


def test_links_to_files_are_followed_and_links_to_folders_are_not(tree: Path) -> None:
    (tree / "link.txt").symlink_to(tree / "z.txt")
    (tree / "loop").symlink_to(tree)
    assert ways(found(tree)) == ["top/link.txt", "top/z.txt", "top/b/a.txt", "top/b/c/.hidden"]


def test_what_cannot_be_sent_is_said_and_the_others_go_on(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    (tree / "broken").symlink_to(tree / "nothing")
    (tree / "new\nline").write_bytes(b"")
    (tree / os.fsdecode(b"\xe9")).write_bytes(b"")
    said = {
        Path(one.shown).name: (one.failure.code, str(one.failure))
        for one in found(tree)
        if isinstance(one, Unsendable)
    }
    assert len(ways(found(tree))) == 3
    assert {name: code for name, (code, _) in said.items()} == {
        "pipe": ExitCode.NO_FILE,
        "broken": ExitCode.NO_FILE,
        "new\nline": ExitCode.WRONG_USE,
        "\udce9": ExitCode.WRONG_USE,
    }
    assert all(text.isprintable() for _, text in said.values())


def test_a_file_that_goes_between_is_said(tree: Path) -> None:
    sources = find_sources([str(tree / "z.txt"), str(tree / "b" / "a.txt")], None)
    next(sources)
    (tree / "b" / "a.txt").unlink()
    [gone] = sources
    assert isinstance(gone, Unsendable)
    assert gone.failure.code is ExitCode.NO_FILE


def test_nothing_is_read_before_all_are_looked_at(tree: Path) -> None:
    with pytest.raises(Failure, match="nothing was sent"):
        check_named([str(tree / "z.txt"), str(tree / "nothing")], None)
