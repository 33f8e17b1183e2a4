"""The command that is proposed after a stop works from any directory."""

import shlex
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from coordinator.cli import resume
from coordinator.cli.client_settings import ClientSettings, Found
from coordinator.cli.setting import SETTINGS
from coordinator.cli.source import Source
from coordinator.cli.transfer import resume_command
from coordinator.client import Upload

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


def test_what_is_listed_names_it_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A command that is pasted asks the coordinator that it was listed from."""
    told = dict.fromkeys(Upload.__struct_fields__)
    numbers = dict.fromkeys(("part_size", "parts_uploaded", "bytes_uploaded", "size"), 1)
    texts = dict.fromkeys(("policy", "tenant", "owner", "filename", "content_type", "bucket", "key"), "x")
    times = dict.fromkeys(("created_at", "updated_at", "expires_at"), "2026-11-21T12:00:00Z")
    more = {"id": str(UUID(int=1)), "state": "open", "method": "put", "metadata": {}}
    upload = msgspec.convert({**told, **numbers, **texts, **times, **more}, Upload)
    stream = msgspec.structs.replace(upload, size=None)

    async def found(_: ClientSettings) -> list[tuple[Upload, str | None]]:
        return [(upload, "/films/a"), (upload, None), (stream, None)]

    monkeypatch.setattr(resume, "_resumable", found)
    settings = ClientSettings(
        {**DEFAULTS, "url": Found("https://a.example", "--url")}, tmp_path / "config.yaml"
    )
    resume.run_resumable(settings, as_json=False)
    command = f"  coordinator resume --url https://a.example {UUID(int=1)}"
    assert capsys.readouterr().out.splitlines()[1::2] == [command, f"{command} FILE", f"{command} -"]
