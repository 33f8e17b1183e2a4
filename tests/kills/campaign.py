"""Playing scenarios to their end, with a death in each: which points a scenario reaches, and what became of a kill.

Which points a scenario reaches, and how often, is not written down anywhere: it is played once without a death, and
what the server tells is the list of the deaths to die in it.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final

from tests.kills.orders import JUST_TELL, Order
from tests.kills.points import POINTS, survives
from tests.kills.scenarios import SCENARIOS, Scenario
from tests.kills.stage import Stage

__all__ = ["Case", "Outcome", "Reached", "cases_of", "content_for", "kill", "left_behind", "play", "reach"]

_BY_THE_CLOCK: Final = ("ledger.claim_due.", "ledger.renew_lease.")
"""Of these there are as many as there is time: only the first is sure to be reached again."""

_SURE: Final = {"ledger.renew_lease.": "a_complete_that_takes_long"}
"""The others reach these on a slow machine only."""

_MIB: Final = 2**20

Reached = Mapping[str, Mapping[str, int]]
"""By scenario: its points, and how often it reaches each."""


@dataclass(frozen=True, slots=True)
class Case:
    """One death to die."""

    scenario: str
    point: str
    nth: int

    def __str__(self) -> str:
        return f"{self.point} (time {self.nth}) in {self.scenario}"


@dataclass(frozen=True, slots=True)
class Outcome:
    wrong: Sequence[str]
    """What the audit found; empty: all is well."""
    killed: bool
    """Whether the server died as ordered, or lost its connection, and nothing else happened to it."""
    reached: Mapping[str, int]
    seconds: float


async def play(stage: Stage, scenario: Scenario, order: Order, content: bytes) -> Outcome:
    """One upload, from nothing until all is settled and audited."""
    began = monotonic()
    stage.set(content, order)
    told: str | None = None
    try:
        async with stage.time_passing():
            told = await scenario.play(stage)
            await stage.settled()
        wrong = await stage.audit.wrong(
            stage.filename, content, scenario.ends, told, nothing=scenario.nothing
        )
    except (AssertionError, TimeoutError) as failed:
        rows = await stage.audit.rows(stage.filename)
        states = [(row["state"], row["reason"], row["epoch"]) for row in rows]
        wrong = [f"{type(failed).__name__}: {failed}; told {told}, rows {states}"]
    deaths = list(stage.lives.deaths)
    reached = Counter(stage.lives.reached)
    stage.lives.forget()
    killed = deaths == ([] if survives(order.point) else [-9]) and reached[order.point] >= order.nth
    if deaths and not killed:
        wrong = [*wrong, f"the server died of something else: {deaths}"]
    return Outcome(wrong, killed, reached, monotonic() - began)


async def reach(stage: Stage, scenarios: Iterable[Scenario] = tuple(SCENARIOS.values())) -> Reached:
    """Play each without a death. Raises AssertionError when one of them ends wrongly."""
    found = {}
    for scenario in scenarios:
        outcome = await play(stage, scenario, JUST_TELL, b"told")
        assert not outcome.wrong, f"{scenario.name}: {outcome.wrong}"
        unknown = set(outcome.reached) - set(POINTS)
        assert not unknown, f"points without a name: {sorted(unknown)}"
        found[scenario.name] = dict(outcome.reached)
    return found


def cases_of(reached: Reached, point: str, *, first_only: bool = False) -> Sequence[Case]:
    """All the deaths that can be died at a point; `first_only`: when a scenario reaches it for the first time."""
    found = [
        Case(scenario, point, nth)
        for scenario, points in reached.items()
        for nth in range(1, points.get(point, 0) + 1)
        if nth == 1 or not (first_only or point.startswith(_BY_THE_CLOCK))
    ]
    for begin, scenario in _SURE.items():
        if point.startswith(begin):
            return [case for case in found if case.scenario == scenario]
    return [case for case in found if not SCENARIOS[case.scenario].slow] or found


def content_for(rng: random.Random) -> bytes:
    """Mostly one small part; now and then two parts, the first as small as S3 allows."""
    size = rng.choice([1, 3_000, 70_000, 70_000, 70_000, 70_000, 70_000, 70_000, 70_000, 5 * _MIB + 1])
    return rng.randbytes(size)


async def kill(stage: Stage, case: Case, content: bytes) -> Outcome:
    return await play(stage, SCENARIOS[case.scenario], Order(case.point, case.nth), content)


async def left_behind(stage: Stage, prefix: str = "") -> Sequence[str]:
    """What is wrong with the whole bucket, or a part of it, and with the whole ledger, when nothing is under way."""
    uploads = await stage.audit.multipart_uploads(prefix)
    awake = await stage.audit.awake()
    return [f"the multipart upload of {key}" for key, _ in uploads] + [
        f"nothing wakes the row {upload_id}" for upload_id in awake
    ]
