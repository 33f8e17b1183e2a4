"""`python -m tests.races`: three servers over one Postgres and one SeaweedFS of their own, raced against each other.

Ends with 1 when anything was found wrong. What was found, and how the rounds went, is in `test-results/races.json`.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic

from coordinator.database.migrations import upgrade
from tests.kills.campaign import left_behind
from tests.postgres import any_postgres, new_database
from tests.races.field import Field, field
from tests.races.races import RACES
from tests.races.rounds import Race
from tests.seaweedfs import PAGE_ORIGIN, new_seaweedfs

RESULTS = Path("test-results/races.json")


async def run(made: Field, race: Race, options: argparse.Namespace) -> dict[str, object]:
    began = monotonic()
    went: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(options.rounds):
        how, found = await race.round(made, number)
        went[how] += 1
        wrong += [f"{race.name}, round {number}: {one}" for one in found]
        if monotonic() - began > options.minutes * 60:
            break
    told: dict[str, object] = {"rounds": sum(went.values()), "went": dict(went), "wrong": wrong}
    print(f"{race.name:20} {monotonic() - began:5.0f} s  {json.dumps(told)}", flush=True)
    return told


async def races(options: argparse.Namespace) -> dict[str, dict[str, object]]:
    async with AsyncExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="races-")))
        postgres = await ending.enter_async_context(any_postgres())
        url = await ending.enter_async_context(new_database(postgres))
        store = await ending.enter_async_context(new_seaweedfs(folder, origins=[PAGE_ORIGIN]))
        await asyncio.to_thread(upgrade, url)
        made = await ending.enter_async_context(field(folder, url, store, "raced"))
        found = {name: await run(made, RACES[name], options) for name in options.races}
        return found | {"afterwards": {"wrong": await left_behind(made.stages[0])}}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.races", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000, help="rounds of each race")
    parser.add_argument("--races", nargs="+", default=list(RACES), choices=list(RACES))
    parser.add_argument("--minutes", type=float, default=float("inf"), help="end each race after so long")
    found = asyncio.run(races(parser.parse_args()))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1))
    return 1 if any(race["wrong"] for race in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
