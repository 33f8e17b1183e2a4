"""The client's YAML file: where it lies and what it says, with one clear line for whatever is wrong in it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from coordinator.cli.setting import SETTINGS, SettingValue
from coordinator.errors import ConfigurationError

__all__ = ["ConfigFile", "config_path", "read_config"]

VARIABLE: Final = "COORDINATOR_CLIENT_CONFIG"
"""Not COORDINATOR_CONFIG: that is the server's file, which knows other settings."""

_LONGEST: Final = 100_000


@dataclass(frozen=True, slots=True)
class ConfigFile:
    path: Path
    values: Mapping[str, SettingValue]
    others_may_read: bool
    """Users beside its owner."""


def config_path(environ: Mapping[str, str]) -> Path:
    """Named by the variable, else `coordinator/config.yaml` where the XDG Base Directory Specification puts it.

    Raises ConfigurationError.
    """
    named = environ.get(VARIABLE)
    if named:
        try:
            return Path(named).expanduser()
        except RuntimeError:
            raise ConfigurationError(VARIABLE, f"nobody knows the home directory in {named}") from None
    try:
        folder = Path(environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
        # the specification: relative paths are invalid and ignored
        folder = folder if folder.is_absolute() else Path.home() / ".config"
    except RuntimeError:
        # a user without a home, as some containers have it
        folder = Path("/.config")
    return folder / "coordinator" / "config.yaml"


def read_config(path: Path, *, must_exist: bool) -> ConfigFile | None:
    """None when there is none and none has to be. Raises ConfigurationError naming the file and the line or the setting."""
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(_LONGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            raise ConfigurationError(
                VARIABLE, f"there is no file {path}; mend the path or unset it"
            ) from None
        return None
    except OSError as refused:
        raise ConfigurationError(str(path), f"it cannot be read ({refused.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigurationError(str(path), "it is not text in UTF-8") from None
    if len(text) > _LONGEST:
        # a device may never end
        raise ConfigurationError(str(path), f"it has more than {_LONGEST:,} characters")
    return ConfigFile(path, _values(path, _loaded(path, text)), others_may_read=bool(mode & 0o044))


def _loaded(path: Path, text: str) -> Mapping[object, object]:
    import yaml

    try:
        loaded = yaml.safe_load(text)
    except yaml.MarkedYAMLError as wrong:
        where = f"line {wrong.problem_mark.line + 1}: " if wrong.problem_mark else ""
        raise ConfigurationError(str(path), f"{where}not YAML ({wrong.problem})") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigurationError(str(path), "it is not YAML") from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ConfigurationError(str(path), "it must hold lines such as `url: https://uploads.example`")
    return loaded


def _values(path: Path, loaded: Mapping[object, object]) -> dict[str, SettingValue]:
    known = {setting.name: setting for setting in SETTINGS}
    values: dict[str, SettingValue] = {}
    for name, value in loaded.items():
        setting = known.get(str(name))
        if setting is None:
            raise ConfigurationError(
                f"{name} in {path}", f"there is no such setting; {_meant(str(name), known)}"
            )
        if value is None:
            continue
        try:
            values[setting.name] = setting.read(value)
        except ValueError as wrong:
            raise ConfigurationError(f"{name} in {path}", str(wrong)) from None
    return values


def _meant(name: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
