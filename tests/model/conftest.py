from collections.abc import AsyncIterator, Iterator

import pytest

from tests.model.floor import Floor, floor_over
from tests.model.journal import Journal
from tests.postgres import new_database


@pytest.fixture(scope="session")
async def model_database(postgres_url: str, migrated_template: str) -> AsyncIterator[str]:
    async with new_database(postgres_url, template=migrated_template) as url:
        yield url


@pytest.fixture(scope="session")
def floor(model_database: str) -> Iterator[Floor]:
    with floor_over(model_database) as floor:
        yield floor


@pytest.fixture
def journal() -> Iterator[Journal]:
    journal = Journal()
    with journal.kept():
        yield journal
