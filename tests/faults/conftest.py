"""One line for all tests here: each strikes only requests about its own file."""

from collections.abc import AsyncIterator

import pytest

from coordinator.local.bucket import LocalStore
from tests.faults.line import Line, new_line
from tests.postgres import new_database


@pytest.fixture(scope="session")
async def line(
    postgres_url: str,
    migrated_template: str,
    seaweedfs: LocalStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Line]:
    async with (
        new_database(postgres_url, template=migrated_template) as url,
        new_line(url, seaweedfs, tmp_path_factory.mktemp("line")) as line,
    ):
        yield line
