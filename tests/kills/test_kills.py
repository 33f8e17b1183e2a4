"""A sample of `python -m tests.kills`: every point once. KILLS_SEED chooses the deaths; without it, the day does."""

import os
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coordinator.local.bucket import LocalStore
from tests.kills.campaign import Reached, cases_of, content_for, kill, left_behind, reach
from tests.kills.lives import nursery
from tests.kills.points import POINTS
from tests.kills.stage import Stage, stage
from tests.postgres import new_database

SEED = os.environ.get("KILLS_SEED") or str(datetime.now(UTC).toordinal())
TENANT = "killed"


@pytest.fixture(scope="module")
async def played(
    postgres_url: str, migrated_template: str, seaweedfs: LocalStore, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("kills")
    async with (
        new_database(postgres_url, template=migrated_template) as url,
        nursery() as born,
        stage(born, folder, url, seaweedfs, TENANT) as made,
    ):
        yield made


@pytest.fixture(scope="module")
async def reached(played: Stage) -> Reached:
    return await reach(played)


def test_every_point_is_reached(reached: Reached) -> None:
    assert len(POINTS) == len(set(POINTS)) >= 40
    assert {point for points in reached.values() for point in points} == set(POINTS)


@pytest.mark.parametrize("point", POINTS)
async def test_a_server_that_is_killed_loses_nothing(played: Stage, reached: Reached, point: str) -> None:
    rng = random.Random(f"{SEED} {point}")
    cases = list(cases_of(reached, point, first_only=True))
    rng.shuffle(cases)
    # a slow machine reaches points, when it is asked which there are, that it does not reach again
    for case in cases[:3]:
        outcome = await kill(played, case, content_for(rng))
        assert outcome.wrong == [], f"{case}, KILLS_SEED={SEED}"
        if outcome.killed:
            return
    pytest.fail(f"the point was not reached in {cases[:3]}, KILLS_SEED={SEED}")


async def test_nothing_is_left_behind(played: Stage) -> None:
    assert await left_behind(played, f"{TENANT}/") == []
