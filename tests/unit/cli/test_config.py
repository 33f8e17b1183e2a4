"""`coordinator config` tells everything but secrets."""

import json
from pathlib import Path

import pytest

from coordinator.cli.client_settings import load_client_settings
from coordinator.cli.config import run_config


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "coordinator" / "config.yaml"
    file.parent.mkdir()
    file.write_text("url: http://uploads.example\napi_key: ck_public_secretpart\npart_size: 16M\n")
    file.chmod(0o600)
    return file


def said(capsys: pytest.CaptureFixture[str], *, as_json: bool, **flags: object) -> str:
    run_config(load_client_settings(flags), as_json=as_json)
    return capsys.readouterr().out


@pytest.mark.parametrize("as_json", [False, True])
def test_values_and_who_said_so(capsys: pytest.CaptureFixture[str], file: Path, *, as_json: bool) -> None:
    told = said(capsys, as_json=as_json, policy="films")
    for part in ("http://uploads.example", str(16 * 1024**2), "films", "--policy", str(file), "default"):
        assert part in told


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("secret", ["ck_public_secretpart", "secretpart", "eyJsecretpart.secretpart"])
def test_no_secret_is_told(capsys: pytest.CaptureFixture[str], secret: str, *, as_json: bool) -> None:
    told = said(capsys, as_json=as_json, api_key=secret) + said(capsys, as_json=as_json, token=secret)
    assert "secretpart" not in told
    assert "(hidden)" in told


def test_the_public_part_of_a_key_tells_keys_apart(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, as_json=True))
    assert found["settings"]["api_key"]["value"] == "ck_public_... (hidden)"


@pytest.mark.parametrize(
    ("mode", "flags", "note"),
    [
        (0o600, {}, "the credential can be read on the way"),
        (0o644, {}, "other users may read it: chmod 600"),
        (0o600, {"url": "https://uploads.example"}, None),
        (0o644, {"url": "https://uploads.example", "api_key": "ck_a_b"}, None),
        (0o600, {"url": "http://localhost:8080"}, None),
    ],
)
def test_what_is_unwise_is_noted(
    capsys: pytest.CaptureFixture[str], file: Path, mode: int, flags: dict[str, object], note: str | None
) -> None:
    file.chmod(mode)
    notes = json.loads(said(capsys, as_json=True, **flags))["notes"]
    if note is None:
        assert notes == []
    else:
        assert any(note in one for one in notes)


def test_a_missing_address_and_a_missing_key_are_noted(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    file.write_text("")
    assert "no coordinator is named" in said(capsys, as_json=False)
    file.write_text("url: https://uploads.example")
    assert "no credential is given" in said(capsys, as_json=False)
