import os
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from coordinator.local.bucket import LocalStore
from coordinator.storage.fake import FakeStore
from tests.contract.bench import Bench, FakeBench, RealBench, now, real_bench
from tests.stores.given import given_store
from tests.stores.known import REAL, SEAWEEDFS, STARTERS
from tests.stores.running import RunningStore

PREFIX = f"coordinator-contract-{uuid4()}"
"""Of every key that this run makes."""


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


@pytest.fixture
def key() -> str:
    """One nobody else uses, with what a file name may hold."""
    return f"{PREFIX}/{uuid4()}/Größe + 100%25 (ein paar) = 'viel' & \U0001f4be~.bin"
