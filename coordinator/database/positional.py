"""Statements as the driver takes them: `$1` and an ordered row of values where the text has `:names`."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from sqlalchemy import TextClause

__all__ = ["Positional", "of_each", "positional", "rows_of"]

_PLACE: Final = re.compile(r"(?<![:\w]):([a-z_]\w*)")
"""A name after one colon; two are a cast. None of our statements has a colon within quotes."""

_KEPT: Final = 256
"""Statements remembered: all that are written down, and the few shapes of a list."""


def of_each(text: str, source: str, names: Mapping[str, str]) -> str:
    """A statement about one row, made one about many: the parameters in `names` are read from `source`, one of each row.

    `names` has the type that each of them has there, and `rows_of` makes such a source of them.
    """
    return _PLACE.sub(lambda found: f"{source}.its_{found[1]}" if found[1] in names else found[0], text)


def rows_of(names: Mapping[str, str]) -> str:
    """A subquery with one row of each place in the lists that are given in place of single values."""
    lists = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in names.items())
    columns = ", ".join(f"its_{name}" for name in names)
    return f"(SELECT * FROM unnest({lists}) AS given ({columns}))"  # noqa: S608 - put together from constants only


class Positional(NamedTuple):
    sql: str
    names: tuple[str, ...]

    def values(self, parameters: Mapping[str, object]) -> list[object]:
        """Raises KeyError when a name of the statement is not among the parameters; others may be."""
        return [parameters[name] for name in self.names]


def positional(statement: TextClause) -> Positional:
    """A name that stands in several places is one parameter, and so needs one type in all of them."""
    return _positional(statement.text)


@lru_cache(maxsize=_KEPT)
def _positional(text: str) -> Positional:
    places: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"${places.setdefault(found[1], len(places) + 1)}"

    return Positional(_PLACE.sub(number, text), tuple(places))
