from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from coordinator.local.bucket import LocalStore
from coordinator.storage.fake import FakeStore
from tests.contract.bench import Bench, FakeBench, now, real_bench


@pytest.fixture(scope="session", params=["fake", "seaweedfs"])
def real_store(request: pytest.FixtureRequest) -> LocalStore | None:
    """None: the one in memory. Asked for by name, so that nothing is started where only that one runs."""
    if request.param == "fake":
        return None
    store: LocalStore = request.getfixturevalue("seaweedfs")
    return store


@pytest.fixture(scope="session")
async def bench(real_store: LocalStore | None) -> AsyncIterator[Bench]:
    if real_store is None:
        yield FakeBench(FakeStore(clock=now))
        return
    async with real_bench(real_store) as real:
        yield real


@pytest.fixture
def key() -> str:
    """One nobody else uses, with what a file name may hold."""
    return f"contract/{uuid4()}/Größe + 100%25 (ein paar) = 'viel' & \U0001f4be~.bin"
