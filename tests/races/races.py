"""Every race by its name."""

from typing import Final

from tests.races.rounds import LARGE_RACES
from tests.races.small_files import SMALL_RACES

__all__ = ["RACES"]

RACES: Final = {race.name: race for race in (*LARGE_RACES, *SMALL_RACES)}
