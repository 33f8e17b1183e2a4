"""The repository on a database without rows; nothing is rolled back, because races need real commits."""

import socket
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import create_engine
from coordinator.database.uploads import Uploads
from tests.integration.database.ledger import Ledger
from tests.postgres import new_database


@pytest.fixture(scope="session")
async def shared_engine(postgres_url: str, migrated_template: str) -> AsyncIterator[AsyncEngine]:
    """One database and one pool for this folder: to make both anew costs a second for every test."""
    async with new_database(postgres_url, template=migrated_template) as url:
        engine = create_engine(url, pool_size=20)
        yield engine
        await engine.dispose()


@pytest.fixture
async def engine(shared_engine: AsyncEngine) -> AsyncEngine:
    """A database without rows."""
    async with shared_engine.begin() as connection:
        await connection.execute(text("TRUNCATE uploads, parts, events, idempotency_keys, api_keys, quotas"))
    return shared_engine


@pytest.fixture
def ledger(engine: AsyncEngine) -> Ledger:
    return Ledger(Uploads(engine), engine)


@pytest.fixture
def closed_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port
