"""A service for each test file, and a tenant for each test: uploads of one test are none of another's."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.api.service import Service, running, settings_for
from tests.postgres import new_database


@pytest.fixture(scope="module")
async def shared_service(postgres_url: str, migrated_template: str) -> AsyncIterator[Service]:
    async with (
        new_database(postgres_url, template=migrated_template) as url,
        running(settings_for(url)) as started,
    ):
        yield started


@pytest.fixture
def service(shared_service: Service) -> Service:
    """A tenant of its own, and no calls at the store so far."""
    shared_service.store.calls.clear()
    return replace(shared_service, tenant=f"tenant-{secrets.token_hex(4)}")


@pytest.fixture
async def key(service: Service) -> dict[str, str]:
    """The header of an API key of this test's tenant that speaks for all its owners."""
    return await service.key()
