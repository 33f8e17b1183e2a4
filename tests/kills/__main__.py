"""`python -m tests.kills`: a server killed at every named point, many times, on a Postgres and a SeaweedFS of its own.

Goes round all points before it begins again, so that a campaign that is cut short has killed everywhere. Ends with 1
when anything was found wrong; what was found is in `test-results/kills.json`, with the seed that repeats it.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from time import monotonic

from coordinator.database.migrations import upgrade
from tests.kills.campaign import Case, Outcome, Reached, cases_of, content_for, kill, left_behind, reach
from tests.kills.lives import nursery
from tests.kills.points import POINTS
from tests.kills.stage import Stage, stage
from tests.postgres import any_postgres, new_database
from tests.seaweedfs import PAGE_ORIGIN, new_seaweedfs

RESULTS = Path("test-results/kills.json")


@dataclass
class Record:
    seed: str
    began: float = field(default_factory=monotonic)
    kills: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    """Played to a right end, but the point was not reached this time."""
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, case: Case, number: int, outcome: Outcome) -> None:
        (self.kills if outcome.killed else self.missed)[case.point] += 1
        self.seconds.append(outcome.seconds)
        self.wrong += [f"{case}, kill {number}: {found}" for found in outcome.wrong]
        done = sum(self.kills.values())
        if outcome.wrong or done % 100 == 0:
            print(f"{monotonic() - self.began:6.0f} s  {done} kills, {len(self.wrong)} wrong", flush=True)

    def told(self) -> dict[str, object]:
        ordered = sorted(self.seconds)
        return {
            "seed": self.seed,
            "points": len(self.kills),
            "kills": sum(self.kills.values()),
            "missed": sum(self.missed.values()),
            "wrong": self.wrong,
            "minutes": round((monotonic() - self.began) / 60, 1),
            "seconds_a_kill": {
                "median": round(ordered[len(ordered) // 2], 2),
                "slowest": round(ordered[-1], 2),
            },
            "kills_by_point": {point: self.kills[point] for point in POINTS if point in self.kills},
        }


def deaths(reached: Reached, points: Sequence[str], kills: int, seed: str) -> Iterator[tuple[Case, int]]:
    """Kill 1 of every point, then kill 2 of every point; each point's cases in turn, shuffled by the seed."""
    cases = {point: list(cases_of(reached, point)) for point in points}
    for point, found in cases.items():
        random.Random(f"{seed} {point}").shuffle(found)
    for number in range(kills):
        for found in cases.values():
            yield found[number % len(found)], number + 1


async def lane(made: Stage, given: Iterator[tuple[Case, int]], record: Record, until: float) -> None:
    for case, number in given:
        rng = random.Random(f"{record.seed} {case} {number}")
        outcome = await kill(made, case, content_for(rng))
        if not outcome.killed and not outcome.wrong:
            outcome = await kill(made, case, content_for(rng))
        record.add(case, number, outcome)
        if monotonic() > until:
            return


async def campaign(options: argparse.Namespace) -> Record:
    record = Record(options.seed)
    points = [point for point in POINTS if any(fnmatch(point, wanted) for wanted in options.points)]
    async with AsyncExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="kills-")))
        postgres = await ending.enter_async_context(any_postgres())
        store = await ending.enter_async_context(new_seaweedfs(folder, origins=[PAGE_ORIGIN]))
        born = await ending.enter_async_context(nursery())
        stages = []
        for number in range(options.lanes):
            own = folder / f"lane-{number}"
            own.mkdir()
            # or the sweep of another lane would do what a dead server of this one has left
            url = await ending.enter_async_context(new_database(postgres))
            await asyncio.to_thread(upgrade, url)
            stages.append(await ending.enter_async_context(stage(born, own, url, store, own.name)))
        reached = await reach(stages[0])
        unreached = [point for point in points if not cases_of(reached, point)]
        assert not unreached, f"no scenario reaches {unreached}"
        given = deaths(reached, points, options.kills, options.seed)
        until = monotonic() + options.minutes * 60
        await asyncio.gather(*(lane(made, given, record, until) for made in stages))
        for made in stages:
            record.wrong += await left_behind(made)
    return record


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="kills a point")
    parser.add_argument("--points", nargs="+", default=["*"], help="names or patterns, such as 'store.*'")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--lanes", type=int, default=2, help="servers that live and die side by side")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="end after so long")
    record = asyncio.run(campaign(parser.parse_args()))
    told = record.told()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(told, indent=1))
    for point in POINTS:
        if point in record.kills or point in record.missed:
            print(f"{point:60} {record.kills[point]:5} killed {record.missed[point]:4} not reached")
    print(*record.wrong, sep="\n")
    print(
        f"{told['kills']} kills at {told['points']} points, {len(record.wrong)} wrong, {told['minutes']} minutes"
    )
    return 1 if record.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
