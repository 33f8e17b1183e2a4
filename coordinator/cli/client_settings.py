"""What is in force for a client's command, and who said so: flags, the environment, a YAML file, then `coordinator dev`.

A level that names a data directory names an address and a key with it. Address and key are each taken from the first
level that has one, and the key of a `dev` goes nowhere else.
"""

import os
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from coordinator.cli.config_file import VARIABLE, ConfigFile, config_path, read_config
from coordinator.cli.dev_address import USUAL_DATA_DIR, is_own_data_dir, read_dev_address
from coordinator.cli.setting import SETTINGS
from coordinator.errors import ConfigurationError

__all__ = ["ClientSettings", "Found", "Level", "load_client_settings", "resolve"]

_ADDRESSES: Final = frozenset({"url", "data_dir"})
_CREDENTIALS: Final = frozenset({"api_key", "token"})


@dataclass(frozen=True, slots=True)
class Found:
    value: Any
    origin: str
    """As a person would say it: `--url`, `COORDINATOR_URL`, the file's path, `coordinator dev in .coordinator`."""
    in_file: bool = False

    def naming(self, name: str) -> str:
        """The origin for a failure, which must tell the lines of a file apart."""
        return f"{name} in {self.origin}" if self.in_file else self.origin


Level = Mapping[str, Found]
"""One place where settings stand, by name; the values are allowed ones."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    found: Mapping[str, Found] = field(repr=False)
    file: Path
    """Where the YAML file lies, or would."""
    file_open_to_others: bool = False

    def __getitem__(self, name: str) -> Any:
        return self.found[name].value

    @property
    def credential(self) -> str | None:
        credential: str | None = self["api_key"] or self["token"]
        return credential

    @property
    def address(self) -> str:
        """Raises ConfigurationError when nobody names one."""
        url: str | None = self["url"]
        if url is None:
            how = f"give --url, set COORDINATOR_URL, or write `url: https://...` into {self.file}"
            raise ConfigurationError("url", f"no coordinator is named; {how}")
        return url


def load_client_settings(flags: Mapping[str, object]) -> ClientSettings:
    """From this process's surroundings; a flag that is None was not given. Raises ConfigurationError."""
    path = config_path(os.environ)
    file = read_config(path, must_exist=bool(os.environ.get(VARIABLE)))
    levels = [_flags(flags), _environment(os.environ), _file(file), _beside(USUAL_DATA_DIR)]
    return ClientSettings(resolve(levels), path, file_open_to_others=bool(file and file.others_may_read))


def resolve(levels: Sequence[Level]) -> dict[str, Found]:
    """What is in force, for every setting. Raises ConfigurationError for two on one level that exclude each other."""
    levels = _first_alone(levels, _ADDRESSES)
    levels = [_with_dev(level) if "data_dir" in level else level for level in levels]
    levels = _first_alone(levels, _CREDENTIALS)
    defaults = {setting.name: Found(setting.default, "default") for setting in SETTINGS}
    return dict(ChainMap(*map(dict, levels), defaults))


def _first_alone(levels: Sequence[Level], names: frozenset[str]) -> list[Level]:
    """The same levels, where only the first one that has any of these names keeps it."""
    kept: list[Level] = []
    taken = False
    for level in levels:
        given = [found.naming(name) for name, found in level.items() if name in names]
        if len(given) > 1 and not taken:
            raise ConfigurationError(" and ".join(given), "both are given; keep one of them")
        kept.append({name: found for name, found in level.items() if not taken or name not in names})
        taken = taken or bool(given)
    return kept


def _with_dev(level: Level) -> Level:
    data_dir = level["data_dir"]
    dev = read_dev_address(data_dir.value, data_dir.naming("data_dir"))
    origin = f"coordinator dev in {data_dir.value}"
    has_credential = dev.api_key is None or _CREDENTIALS & level.keys()
    key = {} if has_credential else {"api_key": Found(dev.api_key, origin)}
    return {**level, "url": Found(dev.url, origin), **key}


def _flags(flags: Mapping[str, object]) -> Level:
    known = {setting.name: setting for setting in SETTINGS}
    return _level({known[name].flag: (name, value) for name, value in flags.items() if value is not None})


def _environment(environ: Mapping[str, str]) -> Level:
    given = {one.variable: (one.name, environ[one.variable]) for one in SETTINGS if environ.get(one.variable)}
    return _level(given)


def _level(given: Mapping[str, tuple[str, object]]) -> Level:
    known = {setting.name: setting for setting in SETTINGS}
    level: dict[str, Found] = {}
    for origin, (name, value) in given.items():
        try:
            level[name] = Found(known[name].read(value), origin)
        except ValueError as wrong:
            raise ConfigurationError(origin, str(wrong)) from None
    return level


def _file(file: ConfigFile | None) -> Level:
    if file is None:
        return {}
    return {name: Found(value, str(file.path), in_file=True) for name, value in file.values.items()}


def _beside(data_dir: Path) -> Level:
    """A `coordinator dev` in the current directory, when nothing else names a coordinator."""
    return {"data_dir": Found(data_dir, "the current directory")} if is_own_data_dir(data_dir) else {}
