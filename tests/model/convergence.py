"""The end of a sequence: nothing fails any more, time passes, and everything must come to its rest."""

from collections.abc import Callable
from datetime import timedelta

from tests.model.invariants import Row
from tests.model.world import REPLICAS, World

ROUNDS = 40
"""Sweeps; the longest way (a lost upload, its re-reads, its late check) needs a dozen."""


def converge(world: World, unsettled: Callable[[], list[Row]], sweep: Callable[[int], None]) -> None:
    """Heal everything, then sweep until every upload is terminal and its late check is over."""
    world.heal()
    world.drain()
    world.pass_time(timedelta(seconds=12))
    for turn in range(ROUNDS):
        rows = unsettled()
        if not rows:
            world.store.collect_garbage()
            return
        ahead = min(row["wake_at"] for row in rows) - world.now()
        world.pass_time(max(ahead, timedelta(0)) + timedelta(seconds=1))
        sweep(turn % REPLICAS)
        world.drain()
    world.truth.breach(
        f"no rest after {ROUNDS} sweeps: {[(row['state'], row['attempts']) for row in unsettled()]}"
    )
