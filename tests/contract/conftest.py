import os
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import create_engine
from coordinator.local.bucket import LocalStore
from coordinator.storage.fake import FakeStore
from tests.contract.bench import PREFIX, Bench, FakeBench, RealBench, now, real_bench
from tests.contract.life import Life
from tests.postgres import new_database
from tests.stores.given import given_store
from tests.stores.known import REAL, SEAWEEDFS, STARTERS
from tests.stores.running import RunningStore


@pytest.fixture(scope="session", params=["fake", *REAL])
def store_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def shared_seaweedfs(store_name: str, request: pytest.FixtureRequest) -> LocalStore | None:
    """Asked for by name, so that it is not started where only others run."""
    if store_name != "seaweedfs":
        return None
    address: LocalStore = request.getfixturevalue(store_name)
    return address


@pytest.fixture(scope="session")
async def real_store(
    store_name: str, shared_seaweedfs: LocalStore | None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningStore | None]:
    """None: the one in memory."""
    if shared_seaweedfs is not None:
        yield RunningStore(store_name, shared_seaweedfs, SEAWEEDFS)
    elif store_name == "given":
        yield given_store(os.environ)
    elif store_name == "fake":
        yield None
    else:
        async with STARTERS[store_name](tmp_path_factory.mktemp(store_name)) as running:
            yield running


@pytest.fixture(scope="session")
async def bench(real_store: RunningStore | None) -> AsyncIterator[Bench]:
    if real_store is None:
        yield FakeBench(FakeStore(clock=now))
        return
    async with real_bench(real_store) as real:
        yield real
        if real_store.keeps_objects:
            await real.delete_all(PREFIX)


@pytest.fixture(scope="session")
def real(bench: Bench) -> RealBench:
    """For cases that are about what goes over the wire."""
    assert isinstance(bench, RealBench)
    return bench


@pytest.fixture(scope="session")
async def ledger(postgres_url: str, migrated_template: str) -> AsyncIterator[AsyncEngine]:
    async with new_database(postgres_url, template=migrated_template) as url:
        engine = create_engine(url, pool_size=5)
        yield engine
        await engine.dispose()


@pytest.fixture
async def life(real: RealBench, ledger: AsyncEngine) -> AsyncIterator[Life]:
    life = Life(ledger, real)
    yield life
    for replica in life.replicas:
        await replica.driver.close(timedelta(0))


@pytest.fixture
def key() -> str:
    """One nobody else uses, with what a file name may hold."""
    return f"{PREFIX}/{uuid4()}/Größe + 100%25 (ein paar) = 'viel' & \U0001f4be~.bin"
