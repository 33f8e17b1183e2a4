"""The README's generated sections are what the code says now."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_sections_are_the_codes(generate: ModuleType) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert generate.render(readme) == readme, "run `python docs/generate.py`"


def test_every_section_is_in_the_readme(generate: ModuleType) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in generate.SECTIONS if f"<!-- begin {name} -->" not in readme]
    assert missing == []


def test_a_section_that_differs_is_noticed(generate: ModuleType) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    changed = readme.replace("`COORDINATOR_LEASE`", "`COORDINATOR_LOAN`")
    assert changed != readme
    assert generate.render(changed) == readme
