from collections.abc import AsyncIterator

import pytest

from tests.api.service import Service, running, settings_for


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[Service]:
    async with running(settings_for(database_url)) as started:
        yield started


@pytest.fixture
async def key(service: Service) -> dict[str, str]:
    """The header of an API key of tenant `acme` that speaks for all its owners."""
    return await service.key()
