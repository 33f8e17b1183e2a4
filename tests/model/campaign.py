"""Many sequences: in batches, each with a seed of its own, until there are enough or time is up."""

import time
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import run_state_machine_as_test

from tests.model.floor import Floor
from tests.model.journal import Journal
from tests.model.machine import Model

BATCH = 100
STEPS = 25


def bound(floor: Floor, journal: Journal, **members: object) -> type[Model]:
    """The model over this floor; `members` of the class may be others than usual."""
    return type("BoundModel", (Model,), {"floor": floor, "journal": journal, **members})


def run_batch(floor: Floor, journal: Journal, number: int, sequences: int, steps: int = STEPS) -> None:
    """Raises what the first breach raises, shrunk to its shortest, with a blob that reproduces it."""
    run_state_machine_as_test(
        seed(number)(bound(floor, journal)),
        settings=settings(
            max_examples=sequences,
            stateful_step_count=steps,
            database=None,
            deadline=None,
            print_blob=True,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.normal,
        ),
    )


def run_campaign(
    floor: Floor,
    *,
    first_seed: int,
    sequences: int | None = None,
    seconds: float | None = None,
    progress: Callable[[int, float], None] = lambda _ended, _took: None,
) -> Journal:
    """Run so many sequences, or for so many seconds of the wall."""
    journal = Journal()
    began = time.monotonic()
    number = first_seed
    with journal.kept():
        while (sequences is None or journal.ended < sequences) and (
            seconds is None or time.monotonic() - began < seconds
        ):
            try:
                run_batch(floor, journal, number, BATCH)
            except FlakyStrategyDefinition:
                # a machine that stands still for seconds makes a real database answer otherwise
                if journal.found:
                    raise
                journal.unrepeatable += 1
            number += 1
            progress(journal.ended, time.monotonic() - began)
    return journal
