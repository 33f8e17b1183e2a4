"""What is made on a release and ignored by git gets into the packages, and is not missed where it was not made."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILES = (".gitignore", "LICENSE", "README.md", "pyproject.toml")
FOLDERS = ("migrations", "static/client", "static/upload")
DECLARED = "coordinator/static/declarations/widget/index.d.ts"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of the repository as a wheel is made from; one module stands for the package."""
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "coordinator").mkdir()
    shutil.copy(ROOT / "coordinator" / "__init__.py", tmp_path / "coordinator")
    return tmp_path


def wheel(clone: Path, *, source: str) -> set[str]:
    """The names in a wheel; `source` is the target it is built from."""
    built = clone / "dist"
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(built), "-t"]
    if source == "sdist":
        subprocess.run([*command, "sdist"], cwd=clone, check=True, capture_output=True)
        [archive] = built.glob("*.tar.gz")
        shutil.unpack_archive(archive, clone / "unpacked", filter="data")
        [clone] = (clone / "unpacked").iterdir()
    subprocess.run([*command, "wheel"], cwd=clone, check=True, capture_output=True)
    [package] = built.glob("*.whl")
    with zipfile.ZipFile(package) as opened:
        return set(opened.namelist())


@pytest.mark.parametrize("source", ["clone", "sdist"])
def test_declarations_that_were_made_are_in_the_wheel(clone: Path, source: str) -> None:
    made = clone / "static" / "declarations" / "widget" / "index.d.ts"
    made.parent.mkdir(parents=True)
    made.write_text("export {};\n")
    names = wheel(clone, source=source)
    assert {DECLARED, "coordinator/__init__.py", "coordinator/static/client/index.js"} <= names
    assert {"coordinator/static/upload/index.html", "coordinator/migrations/env.py"} <= names


def test_a_wheel_without_them_is_built_too(clone: Path) -> None:
    names = wheel(clone, source="clone")
    assert "coordinator/static/client/index.js" in names
    assert not [name for name in names if name.endswith(".d.ts")]
