"""Every example of docs/python.md, executed in the page's order against a real service."""

import ast
import asyncio
import random
import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Place

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


async def test_its_examples_run(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path, folder = tmp_path / "film.mp4", tmp_path / "photos"
    path.write_bytes(random.randbytes(20_000_000))
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"a picture")
    known: dict[str, Any] = {
        "url": place.server.url,
        "key": place.key,
        "path": str(path),
        "folder": str(folder),
    }
    assert len(EXAMPLES) >= 12
    for number, example in enumerate(EXAMPLES, 1):
        code = compile(
            example, f"docs/python.md, example {number}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        )
        running = eval(code, known)  # the page is ours
        if running is not None:
            await asyncio.wait_for(running, 60)
