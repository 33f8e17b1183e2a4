"""Bytes and seconds as people write and read them. `10M` is 10 MiB, as curl and dd have it; `10MB` is ten million."""

import re
from typing import Final

__all__ = ["read_size", "shown_duration", "shown_seconds", "shown_size"]

_SIZE: Final = re.compile(
    r"(?P<number>[0-9]+(?:\.[0-9]+)?) ?(?P<prefix>[kmgtp]?)(?P<unit>ib|b)?", re.IGNORECASE
)
_PREFIXES: Final = " kmgtp"
_MOST_DIGITS: Final = 32
_TOO_LARGE: Final = "it must be less than 8 PiB"


def read_size(text: str) -> int:
    """Bytes, at most 2**53 - 1. Raises ValueError saying what is allowed."""
    found = _SIZE.fullmatch(text.strip().removesuffix("/s"))
    if found is None:
        raise ValueError("it must be a number of bytes such as 500, 10M, 1.5GiB (of 1024) or 10MB (of 1000)")
    if len(found["number"]) > _MOST_DIGITS:
        raise ValueError(_TOO_LARGE)
    power = _PREFIXES.index(found["prefix"].lower() or " ")
    thousand = 1000 if (found["unit"] or "").lower() == "b" and power else 1024
    size = (
        int(float(found["number"]) * thousand**power)
        if "." in found["number"]
        else int(found["number"]) * thousand**power
    )
    if size >= 2**53:
        raise ValueError(_TOO_LARGE)
    return size


def shown_size(size: float) -> str:
    """`1.5 MiB`: at most ten characters."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        # 1023.95 would round to 1024.0
        if size < 1023.95:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def shown_seconds(seconds: float) -> str:
    """`0:42`, `1:02:03`, `2 d 03:00`."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24:02}:{minutes:02}"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def shown_duration(seconds: float) -> str:
    """What something took: `0.3 s`, then as `shown_seconds`."""
    return f"{seconds:.1f} s" if seconds < 59.95 else shown_seconds(seconds)
