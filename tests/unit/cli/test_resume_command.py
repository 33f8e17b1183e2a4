"""The command that is proposed after a stop works from any directory."""

import shlex
from pathlib import Path

import pytest

from coordinator.cli.client_settings import ClientSettings, Found
from coordinator.cli.setting import SETTINGS
from coordinator.cli.source import Source
from coordinator.cli.transfer import resume_command

DEFAULTS = {setting.name: Found(setting.default, "default") for setting in SETTINGS}


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        ({"url": Found("https://a.example", "COORDINATOR_URL")}, []),
        ({"url": Found("https://a.example", "--url")}, ["--url", "https://a.example"]),
        ({"data_dir": Found(Path("dev"), "--data-dir")}, ["--data-dir", "{here}/dev"]),
        (
            {"data_dir": Found(Path(".coordinator"), "the current directory")},
            ["--data-dir", "{here}/.coordinator"],
        ),
        ({"data_dir": Found(Path("dev"), "COORDINATOR_DATA_DIR")}, ["--data-dir", "{here}/dev"]),
        ({"data_dir": Found(Path("/dev/a"), "COORDINATOR_DATA_DIR")}, []),
    ],
)
def test_it_names_the_coordinator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Found], flags: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = ClientSettings({**DEFAULTS, **given}, tmp_path / "config.yaml")
    command = resume_command(settings, Source("it's", Path("it's"), "it's", 1), "ID")
    named = [flag.replace("{here}", str(tmp_path)) for flag in flags]
    assert shlex.split(command) == ["coordinator", "resume", *named, "ID", f"{tmp_path}/it's"]
