"""What docs/cli.md generates is what the code says, its YAML is allowed, and its table of events is complete."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from coordinator.cli.config_file import read_config
from coordinator.client import Progress
from tests.unit.documentation.generating import ROOT, load_generate

PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    return load_generate()


def test_the_generated_sections_are_the_codes(generate: ModuleType) -> None:
    assert generate.render(PAGE, generate.CLI_SECTIONS) == PAGE, "run `python docs/generate.py`"


def test_every_section_is_on_the_page(generate: ModuleType) -> None:
    assert [name for name in generate.CLI_SECTIONS if f"<!-- begin {name} -->" not in PAGE] == []


def test_the_file_it_shows_is_allowed(tmp_path: Path) -> None:
    [shown] = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    file = tmp_path / "config.yaml"
    file.write_text(shown)
    read = read_config(file, must_exist=True)
    assert read is not None
    assert set(read.values) == {"url", "api_key", "limit_rate", "digest"}


def test_every_member_of_a_progress_is_explained() -> None:
    [row] = [line for line in PAGE.splitlines() if line.startswith("| `progress` |")]
    assert [name for name in Progress.__struct_fields__ if f"`{name}`" not in row] == []
