"""The README's generated sections are what the code says now."""

from types import ModuleType

import pytest

from tests.unit.documentation.generating import ROOT, load_generate


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    return load_generate()


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
