"""`coordinator config`: what is in force for the client's commands and who said so, with secrets hidden."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.failure import one_line
from coordinator.cli.setting import SETTINGS, Setting

__all__ = ["run_config"]


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    value: Any
    origin: str


def run_config(settings: ClientSettings, *, as_json: bool) -> None:
    rows = [
        _Row(one.name, _shown(one, settings[one.name]), settings.found[one.name].origin) for one in SETTINGS
    ]
    notes = _notes(settings)
    if as_json:
        found = {row.name: {"value": row.value, "origin": row.origin} for row in rows}
        print(json.dumps({"file": str(settings.file), "settings": found, "notes": notes}, indent=2))
        return
    widest = max(len(row.name) for row in rows)
    values = [one_line("-" if row.value is None else str(row.value)) for row in rows]
    for row, value in zip(rows, values, strict=True):
        print(f"{row.name:{widest}}  {value:{max(map(len, values))}}  {one_line(row.origin)}")
    print(f"\nfile: {one_line(str(settings.file))}{'' if settings.file.exists() else ' (there is none)'}")
    for note in notes:
        print(f"note: {one_line(note)}")


def _shown(setting: Setting, value: Any) -> Any:
    if setting.secret and value is not None:
        return _hidden(value)
    return value if value is None or isinstance(value, bool | int) else str(value)


def _hidden(secret: str) -> str:
    """An API key's public part may be seen: it tells keys apart in `coordinator keys list`."""
    kind, _, rest = secret.partition("_")
    public, _, hidden = rest.partition("_")
    return f"ck_{public}_... (hidden)" if kind == "ck" and hidden else "... (hidden)"


def _notes(settings: ClientSettings) -> list[str]:
    notes = []
    if settings["url"] is None:
        notes.append(
            "no coordinator is named: give --url, set COORDINATOR_URL, or write `url:` into the file"
        )
    elif settings.credential is None:
        notes.append(
            "no credential is given: set COORDINATOR_API_KEY or COORDINATOR_TOKEN, or write it into the file"
        )
    elif _in_clear(settings["url"]):
        notes.append(
            "the address is http and not on this machine: the credential can be read on the way; use https"
        )
    secret = any(one.secret and settings.found[one.name].origin == str(settings.file) for one in SETTINGS)
    if secret and settings.file_open_to_others:
        notes.append(f"the file holds a secret and other users may read it: chmod 600 {settings.file}")
    return notes


def _in_clear(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}
