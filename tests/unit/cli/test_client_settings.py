"""Flags before environment before file before a `coordinator dev` beside us; and who excludes whom."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from coordinator.cli.client_settings import ClientSettings, load_client_settings
from coordinator.cli.setting import SETTINGS, Setting
from coordinator.client import Bandwidth
from coordinator.errors import ConfigurationError
from coordinator.uploads.plan import AWS_LIMITS

DEV_KEY = "ck_dev_secret"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No file, no `dev`, nothing in the environment."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_file(folder: Path, text: str) -> Path:
    file = folder / "config" / "coordinator" / "config.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def write_dev(data_dir: Path, port: int = 12_345, secrets: Mapping[str, str] | None = None) -> Path:
    data_dir.mkdir()
    kept = {"api_key": DEV_KEY} if secrets is None else secrets
    (data_dir / "state.json").write_text(json.dumps({"service_port": port, "secrets": kept, "more": 1}))
    return data_dir


def in_force(settings: ClientSettings, *names: str) -> list[object]:
    return [settings[name] for name in names]


def test_nothing_said_means_the_defaults() -> None:
    settings = load_client_settings({})
    assert {one.name: settings[one.name] for one in SETTINGS} == {one.name: one.default for one in SETTINGS}
    with pytest.raises(ConfigurationError, match="COORDINATOR_URL"):
        _ = settings.address


def test_the_first_who_says_it_wins(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_file(alone, "url: https://file.example\npolicy: file\nlimit_rate: 1M\ndigest: off\n")
    monkeypatch.setenv("COORDINATOR_POLICY", "environment")
    monkeypatch.setenv("COORDINATOR_LIMIT_RATE", "2M")
    settings = load_client_settings({"limit_rate": "3M", "policy": None})
    assert in_force(settings, "url", "policy", "limit_rate", "digest") == [
        "https://file.example",
        "environment",
        3 * 1024**2,
        "off",
    ]
    assert [settings.found[name].origin for name in ("url", "policy", "limit_rate", "gzip")] == [
        str(file),
        "COORDINATOR_POLICY",
        "--limit-rate",
        "default",
    ]


def test_an_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COORDINATOR_POLICY", "")
    assert load_client_settings({})["policy"] == "default"


def test_the_file_may_lie_elsewhere(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (alone / "mine.yaml").write_text("policy: mine")
    monkeypatch.setenv("COORDINATOR_CLIENT_CONFIG", str(alone / "mine.yaml"))
    assert load_client_settings({})["policy"] == "mine"


def test_a_dev_beside_us_is_used_when_nothing_else_is_named(alone: Path) -> None:
    write_dev(alone / ".coordinator")
    settings = load_client_settings({})
    assert in_force(settings, "url", "api_key") == ["http://127.0.0.1:12345", DEV_KEY]
    assert settings.credential == DEV_KEY
    assert settings.found["url"].origin == "coordinator dev in .coordinator"


def test_the_key_of_a_dev_goes_nowhere_else(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dev(alone / ".coordinator")
    monkeypatch.setenv("COORDINATOR_URL", "https://uploads.example")
    settings = load_client_settings({})
    assert in_force(settings, "url", "api_key", "data_dir") == ["https://uploads.example", None, None]


def test_a_named_dev_goes_before_what_stands_further_down(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dev(alone / "other", port=23_456)
    monkeypatch.setenv("COORDINATOR_URL", "https://uploads.example")
    monkeypatch.setenv("COORDINATOR_API_KEY", "ck_real_secret")
    settings = load_client_settings({"data_dir": str(alone / "other")})
    assert in_force(settings, "url", "api_key") == ["http://127.0.0.1:23456", DEV_KEY]


def test_a_key_named_with_a_dev_goes_before_the_devs(alone: Path) -> None:
    data_dir = write_dev(alone / "other")
    settings = load_client_settings({"data_dir": str(data_dir), "token": "given"})
    assert in_force(settings, "api_key", "token") == [None, "given"]


def test_a_dev_that_never_got_ready_needs_no_key(alone: Path) -> None:
    data_dir = write_dev(alone / "other", secrets={})
    assert load_client_settings({"data_dir": str(data_dir)}).credential is None


def test_a_directory_of_somebody_else_decides_nothing(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dev(alone / ".coordinator")
    monkeypatch.setattr(os, "geteuid", lambda: 4_242)
    assert load_client_settings({})["url"] is None


def test_a_token_above_goes_before_a_key_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COORDINATOR_API_KEY", "ck_a_b")
    settings = load_client_settings({"token": "given"})
    assert (settings["api_key"], settings.credential) == (None, "given")


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"url": "uploads.example"}, "--url: it must begin with https://"),
        ({"url": "ftp://uploads.example"}, "--url: it must begin with https://"),
        ({"url": "https://user@uploads.example"}, "--url: it must be an address alone"),
        ({"url": "https://uploads.example:port"}, "--url: it is no address"),
        ({"url": "https://[::1"}, "--url: it is no address"),
        ({"url": "https://a\nb"}, "--url: it must be text on one line"),
        ({"api_key": "two words"}, "--api-key: it must be letters"),
        ({"api_key": "schlüssel"}, "--api-key: it must be letters"),
        ({"api_key": ""}, "--api-key: it must be text"),
        ({"api_key": "a", "token": "b"}, "--api-key and --token: both are given"),
        ({"url": "https://a.example", "data_dir": "x"}, "--url and --data-dir: both are given"),
        ({"data_dir": "nowhere"}, "--data-dir: nowhere is not the directory of a `coordinator dev`"),
        ({"part_size": "big"}, "--part-size: it must be a number of bytes"),
        ({"part_size": "0"}, "--part-size: it must be 1 byte or more"),
        ({"part_size": "1"}, "--part-size: it must be from 5 MiB to 5 GiB (5M to 5G), or left out"),
        ({"part_size": "9" * 5_000}, "--part-size: it must be less than 8 PiB"),
        ({"limit_rate": "9" * 400 + ".5"}, "--limit-rate: it must be less than 8 PiB"),
        ({"limit_rate": "1023"}, "--limit-rate: it must be at least 1,024 bytes a second"),
        ({"policy": "two words"}, "--policy: it must be 1 to 64 letters"),
        ({"policy": "p" * 65}, "--policy: it must be 1 to 64 letters"),
        ({"url": "https://ü.example"}, "--url: it must be letters, digits and signs of ASCII"),
        ({"url": "https://a b"}, "--url: it must be letters, digits and signs of ASCII"),
        ({"data_dir": "~nobody-of-this-name/x"}, "--data-dir: nobody knows the home directory"),
        ({"concurrency": "9" * 5_000}, "--concurrency: it must be a whole number from 1 to 64"),
        ({"limit_rate": "-1"}, "--limit-rate: it must be a number of bytes"),
        ({"concurrency": "0"}, "--concurrency: it must be a whole number from 1 to 64"),
        ({"concurrency": "many"}, "--concurrency: it must be a whole number from 1 to 64"),
        ({"digest": "crc"}, "--digest: it must be one of on, auto, off, md5, sha256"),
    ],
)
def test_a_wrong_flag_is_named_with_what_is_allowed(flags: Mapping[str, object], says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_client_settings(flags)
    assert str(refused.value).startswith(says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("urll: https://a.example", "did you mean url?"),
        ("colour: blue", "there is no such setting; there are url, api_key,"),
        ("url: [a, b]", "it must be text on one line"),
        ("url: 5", "it must be text on one line"),
        ("part_size: true", "it must be a number of bytes"),
        ("part_size: 1.5", "it must be a number of bytes"),
        ("gzip: perhaps", "it must be true or false"),
        ("concurrency: true", "it must be a whole number"),
        ("just text", "it must hold lines such as"),
        ("- a\n- b", "it must hold lines such as"),
        ("url: x\n  y: z", "line 2: not YAML"),
        ("url: {", "not YAML"),
        ("when: 2026-99-99", "it is not YAML"),
        ("url: !!python/object:os.system x", "not YAML"),
        ("\x00", "it is not YAML"),
        ("[" * 50_000, "it is not YAML"),
        ("# " + "x" * 100_000, "it has more than 100,000 characters"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong_in_it(alone: Path, text: str, says: str) -> None:
    file = write_file(alone, text)
    with pytest.raises(ConfigurationError) as refused:
        load_client_settings({})
    assert says in str(refused.value)
    assert str(file) in str(refused.value)


def test_two_of_a_file_that_exclude_each_other_are_named(alone: Path) -> None:
    file = write_file(alone, "api_key: a\ntoken: b\n")
    with pytest.raises(ConfigurationError) as refused:
        load_client_settings({})
    assert str(refused.value) == f"api_key in {file} and token in {file}: both are given; keep one of them"


def test_an_empty_file_says_nothing(alone: Path) -> None:
    write_file(alone, "# nothing yet\n")
    assert load_client_settings({})["url"] is None


def test_a_file_that_is_not_text_is_named(alone: Path) -> None:
    write_file(alone, "").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        load_client_settings({})


def test_a_named_file_must_be_there(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COORDINATOR_CLIENT_CONFIG", str(alone / "none.yaml"))
    with pytest.raises(ConfigurationError, match=r"COORDINATOR_CLIENT_CONFIG: there is no file .*none\.yaml"):
        load_client_settings({})


def test_a_folder_in_its_place_is_named(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COORDINATOR_CLIENT_CONFIG", str(alone))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_client_settings({})


def test_a_file_without_an_end_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COORDINATOR_CLIENT_CONFIG", "/dev/zero")
    with pytest.raises(ConfigurationError, match="/dev/zero: it has more than 100,000 characters"):
        load_client_settings({})


def test_a_home_that_nobody_has_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COORDINATOR_CLIENT_CONFIG", "~nobody-of-this-name/x.yaml")
    with pytest.raises(
        ConfigurationError, match="COORDINATOR_CLIENT_CONFIG: nobody knows the home directory"
    ):
        load_client_settings({})


WRONG = {
    "url": "ftp://uploads.example",
    "api_key": "two words",
    "token": "two words",
    "data_dir": "/nowhere",
    "policy": "two words",
    "part_size": "1",
    "concurrency": "65",
    "limit_rate": "1",
    "digest": "crc",
    "gzip": "perhaps",
}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.name)
def test_a_wrong_value_is_named_wherever_it_stands(
    alone: Path, monkeypatch: pytest.MonkeyPatch, setting: Setting
) -> None:
    wrong = WRONG[setting.name]
    with monkeypatch.context() as surroundings:
        surroundings.setenv(setting.variable, wrong)
        with pytest.raises(ConfigurationError) as in_environment:
            load_client_settings({})
    with pytest.raises(ConfigurationError) as as_flag:
        load_client_settings({setting.name: wrong})
    file = write_file(alone, f"{setting.name}: {wrong}\n")
    with pytest.raises(ConfigurationError) as in_file:
        load_client_settings({})
    said = [str(one.value) for one in (in_environment, as_flag, in_file)]
    origins = (setting.variable, setting.flag, f"{setting.name} in {file}")
    for text, origin in zip(said, origins, strict=True):
        assert text.startswith(f"{origin}: ")
    assert len({text.partition(": ")[2] for text in said}) == 1, "the same is allowed everywhere"


def test_bounds_are_those_of_the_client_and_the_plan() -> None:
    settings = {one.name: one for one in SETTINGS}
    for size in (AWS_LIMITS.min_part_size, AWS_LIMITS.max_part_size):
        assert settings["part_size"].read(size) == size
    for size in (AWS_LIMITS.min_part_size - 1, AWS_LIMITS.max_part_size + 1):
        with pytest.raises(ValueError, match="5 MiB to 5 GiB"):
            settings["part_size"].read(size)
    Bandwidth(int(str(settings["limit_rate"].read("1K"))))


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COORDINATOR_GZIP", "perhaps")
    with pytest.raises(ConfigurationError, match="COORDINATOR_GZIP: it must be true or false"):
        load_client_settings({})


def test_a_damaged_dev_is_named(alone: Path) -> None:
    data_dir = write_dev(alone / "other")
    (data_dir / "state.json").write_text("{")
    with pytest.raises(ConfigurationError, match="damaged, or of another version"):
        load_client_settings({"data_dir": str(data_dir)})
