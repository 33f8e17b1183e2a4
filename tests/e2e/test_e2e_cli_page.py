"""Every example of docs/cli.md, run as it stands, one after another in one folder."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Place
from tests.e2e.shell import own_home

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
EXAMPLES = re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As its reader has it: a film, some photos, and the command on the path."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "film.mov").write_bytes(os.urandom(12_000_000))
    (folder / "photos" / "2024").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "2024/c.jpg"):
        (folder / "photos" / name).write_bytes(os.urandom(100_000))
    (folder / "bin").mkdir()
    command = folder / "bin" / "coordinator"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m coordinator.cli.main "$@"\n')
    command.chmod(0o700)
    return folder


@pytest.mark.parametrize("example", EXAMPLES[1:])
async def test_an_example_works(place: Place, folder: Path, example: str) -> None:
    introduction = (
        EXAMPLES[0].replace("https://uploads.example", place.server.url).replace("ck_...", place.key)
    )
    path = f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    bash = await asyncio.create_subprocess_exec(
        *["bash", "-euo", "pipefail", "-c", introduction + example],
        cwd=folder,
        env={**os.environ, **own_home(folder), "PATH": path},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await asyncio.wait_for(bash.communicate(), 120)
    said = stderr.decode()
    assert bash.returncode == 0, said
    assert "Traceback" not in said
    assert "ended with" not in said, "the script's own branch for failures"
    # the introduction itself shows what is in force, with the secret hidden
    assert place.server.url in stdout.decode()
    assert place.key not in stdout.decode() + said


def test_no_example_is_forgotten() -> None:
    assert len(EXAMPLES) > 8
    assert PAGE.read_text(encoding="utf-8").count("```") == 2 * (len(EXAMPLES) + 1), (
        "bash blocks, and one of YAML"
    )
