"""A sample of `python -m tests.races`."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from coordinator.local.bucket import LocalStore
from tests.kills.campaign import left_behind
from tests.postgres import new_database
from tests.races.field import Field, field
from tests.races.races import RACES

ROUNDS = 24
TENANT = "raced"


@pytest.fixture(scope="module")
async def raced(
    postgres_url: str, migrated_template: str, seaweedfs: LocalStore, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Field]:
    folder = tmp_path_factory.mktemp("races")
    async with (
        new_database(postgres_url, template=migrated_template) as url,
        field(folder, url, seaweedfs, TENANT) as made,
    ):
        yield made


@pytest.mark.parametrize("name", RACES)
async def test_one_wins_and_everything_is_right(raced: Field, name: str) -> None:
    rounds = [await RACES[name].round(raced, number) for number in range(ROUNDS)]
    assert [(number, found.wrong) for number, found in enumerate(rounds) if found.wrong] == []
    assert Counter(found.went for found in rounds).total() == ROUNDS
    assert await left_behind(raced.stages[0], f"{TENANT}/") == []
