import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import create_engine
from coordinator.local.bucket import LocalStore, store_client
from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.storage.fake import FakeStore
from coordinator.storage.options import S3Options
from coordinator.storage.s3 import open_s3_store
from tests.integration.audit.hands import FakeHands, Hands, RealHands
from tests.integration.audit.scene import Scene
from tests.postgres import new_database


@pytest.fixture(scope="session")
async def audited_database(postgres_url: str, migrated_template: str) -> AsyncIterator[str]:
    async with new_database(postgres_url, template=migrated_template) as url:
        yield url


@pytest.fixture(scope="session")
async def shared_engine(audited_database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(audited_database, pool_size=10)
    yield engine
    await engine.dispose()


@pytest.fixture
async def engine(shared_engine: AsyncEngine) -> AsyncEngine:
    """A database without rows."""
    async with shared_engine.begin() as connection:
        await connection.execute(text("TRUNCATE uploads, parts, events, idempotency_keys, quotas"))
    return shared_engine


@pytest.fixture(scope="session")
async def own_bucket(seaweedfs: LocalStore) -> LocalStore:
    """In the shared store, but these tests' alone."""
    store = replace(seaweedfs, bucket=f"audit-{secrets.token_hex(6)}")
    async with store_client(store) as client:
        await client.create_bucket(Bucket=store.bucket)
    return store


@pytest.fixture
async def real_hands(own_bucket: LocalStore) -> AsyncIterator[RealHands]:
    """An empty bucket of a real store."""
    credentials = StaticCredentials(Credentials(own_bucket.access_key_id, own_bucket.secret_access_key))
    options = S3Options(own_bucket.endpoint_url, own_bucket.region, own_bucket.bucket, credentials)
    async with open_s3_store(options) as store, store_client(own_bucket) as client:
        hands = RealHands(store, client)
        yield hands
        await hands.empty()


@pytest.fixture
def fake_hands() -> FakeHands:
    return FakeHands(FakeStore(clock=lambda: datetime.now(UTC)))


@pytest.fixture(params=["fake", "seaweedfs"])
def hands(request: pytest.FixtureRequest, fake_hands: FakeHands) -> Hands:
    if request.param == "fake":
        return fake_hands
    real: RealHands = request.getfixturevalue("real_hands")
    return real


@pytest.fixture
def scene(engine: AsyncEngine, hands: Hands) -> Scene:
    """On each store."""
    return Scene(engine, hands)


@pytest.fixture
def fake_scene(engine: AsyncEngine, fake_hands: FakeHands) -> Scene:
    return Scene(engine, fake_hands)
