from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import create_engine
from coordinator.database.uploads import Uploads
from tests.integration.uploads.house import House, Replica
from tests.postgres import new_database


@pytest.fixture(scope="session")
async def shared_engine(postgres_url: str, migrated_template: str) -> AsyncIterator[AsyncEngine]:
    """One database for all of this directory: emptying it is quicker than making another."""
    async with new_database(postgres_url, template=migrated_template) as url:
        engine = create_engine(url, pool_size=10)
        yield engine
        await engine.dispose()


@pytest.fixture
async def house(shared_engine: AsyncEngine) -> AsyncIterator[House]:
    house = House(shared_engine, Uploads(shared_engine))
    yield house
    for replica in house.replicas:
        await replica.driver.close(timedelta(0))
    async with shared_engine.begin() as connection:
        for table in ("idempotency_keys", "parts", "events", "uploads"):
            await connection.execute(text(f"DELETE FROM {table}"))


@pytest.fixture
def replica(house: House) -> Replica:
    return house.replica()


@pytest.fixture
def other(house: House, replica: Replica) -> Replica:
    """A second process beside the first."""
    return house.replica()
