"""Names as the coordinator takes them: without characters that would harm whoever shows or stores them.

An icon's name on macOS ends in a carriage return; programs for Hebrew and Arabic put marks of direction around names.
Names whose bytes are no UTF-8 are left as they are: they are refused, as nobody could tell which file is meant.
"""

from typing import Final
from unicodedata import category

__all__ = ["plain_name", "plain_path"]

_HARMFUL: Final = frozenset(
    "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def plain_name(name: str) -> str:
    """What the browser client makes of it too (static/client/opening.js): both go on with each other's uploads."""
    kept = "".join(char for char in name if char not in _HARMFUL and category(char) != "Cc")
    return kept or "_"


def plain_path(metadata: dict[str, str]) -> dict[str, str]:
    """With a plain `path`, where it has one."""
    return {**metadata, "path": plain_name(metadata["path"])} if metadata.get("path") else metadata
