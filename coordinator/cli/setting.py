"""Every setting of the client's commands: its name, what it may be, and what it is when nobody says.

The same names everywhere: `limit_rate` is `--limit-rate`, `COORDINATOR_LIMIT_RATE` and `limit_rate:` in the file.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

from coordinator.cli.units import read_size

__all__ = ["SETTINGS", "DigestChoice", "Setting", "SettingValue"]

SettingValue = str | int | bool | Path | None

_LEAST_RATE: Final = 1024
"""What the client's Bandwidth takes at least; it is not imported here, because `--help` reads these settings."""
_PART_SIZES: Final = range(5 * 1024**2, 5 * 1024**3 + 1)
"""S3's own limits."""

_COUNTS: Final = frozenset(str(count) for count in range(1, 65))

_POLICY: Final = re.compile("[A-Za-z0-9._@:+-]{1,64}")

DigestChoice = Literal["on", "auto", "off", "md5", "sha256"]

_YES: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    read: Callable[[object], SettingValue]
    """From text or from YAML's own types. Raises ValueError saying what is allowed."""
    meaning: str
    default: SettingValue = None
    secret: bool = False

    @property
    def flag(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        return f"COORDINATOR_{self.name.upper()}"


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or not value.isprintable() or value != value.strip():
        raise ValueError("it must be text on one line, without spaces around it")
    return value


def _path(value: object) -> Path:
    text = _text(value)
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f"nobody knows the home directory in {text}") from None


def _url(value: object) -> str:
    text = _text(value)
    try:
        parts = urlsplit(text)
        _ = parts.port  # reading it checks it
    except ValueError:
        raise ValueError("it is no address; it must look like https://uploads.example") from None
    if not text.isascii() or " " in text:
        raise ValueError(
            "it must be letters, digits and signs of ASCII; write other letters as xn--... or %.."
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it must begin with https:// or http://, such as https://uploads.example")
    if parts.username or parts.query or parts.fragment:
        raise ValueError(
            "it must be an address alone: no user, no `?`, no `#`; the key is a setting of its own"
        )
    return text.rstrip("/")


def _credential(value: object) -> str:
    text = _text(value)
    if not text.isascii() or " " in text:
        raise ValueError("it must be letters, digits and signs without spaces, as it was shown at its making")
    return text


def _size(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("it must be a number of bytes such as 500, 10M, 1.5GiB (of 1024) or 10MB (of 1000)")  # noqa: TRY004 - one kind of error for whoever names the setting
    size = read_size(str(value))
    if size < 1:
        raise ValueError("it must be 1 byte or more")
    return size


def _rate(value: object) -> int:
    rate = _size(value)
    if rate < _LEAST_RATE:
        raise ValueError(f"it must be at least {_LEAST_RATE:,} bytes a second, such as 1K or 20M")
    return rate


def _part_size(value: object) -> int:
    size = _size(value)
    if size not in _PART_SIZES:
        raise ValueError(
            "it must be from 5 MiB to 5 GiB (5M to 5G), or left out: the coordinator chooses by the file's size"
        )
    return size


def _policy(value: object) -> str:
    text = _text(value)
    if not _POLICY.fullmatch(text):
        raise ValueError("it must be 1 to 64 letters, digits and the signs . _ @ : + -")
    return text


def _count(value: object) -> int:
    text = str(value)
    if isinstance(value, bool) or text not in _COUNTS:
        raise ValueError("it must be a whole number from 1 to 64")
    return int(text)


def _yes(value: object) -> bool:
    answer = _YES.get(str(value).lower())
    if answer is None:
        raise ValueError("it must be true or false")
    return answer


def _digest(value: object) -> str:
    # YAML reads on and off as true and false
    if isinstance(value, bool):
        value = "on" if value else "off"
    if value not in get_args(DigestChoice):
        raise ValueError(f"it must be one of {', '.join(get_args(DigestChoice))}")
    return str(value)


SETTINGS: Final = (
    Setting("url", _url, "Where the coordinator answers, such as https://uploads.example."),
    Setting("api_key", _credential, "The key of `coordinator keys create`.", secret=True),
    Setting("token", _credential, "An upload token, in the place of a key.", secret=True),
    Setting("data_dir", _path, "The directory of a running `coordinator dev`: address and key come from it."),
    Setting("policy", _policy, "The policy that uploads are started under.", default="default"),
    Setting("part_size", _part_size, "Bytes a part; the coordinator chooses by the file's size otherwise."),
    Setting("concurrency", _count, "Parts under way at once; found by measuring otherwise."),
    Setting("limit_rate", _rate, "Bytes a second, all files together."),
    Setting("digest", _digest, "Whether and to which digest each part's URL is bound.", default="on"),
    Setting("gzip", _yes, "Whether files are compressed on the way.", default=False),
)
