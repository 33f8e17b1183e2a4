from collections.abc import AsyncIterator

import pytest

from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.storage.options import S3Options
from coordinator.storage.s3 import S3Store, open_s3_store
from tests.unit.storage.canned import Canned, canned_store


@pytest.fixture
async def canned() -> AsyncIterator[Canned]:
    async with canned_store() as canned:
        yield canned


@pytest.fixture
def patience() -> float:
    """Seconds until an answer; a test of one that never comes gives less."""
    return 30.0


@pytest.fixture
async def store(canned: Canned, patience: float) -> AsyncIterator[S3Store]:
    options = S3Options(
        endpoint_url=canned.endpoint_url,
        region="us-east-1",
        bucket="uploads",
        credentials=StaticCredentials(Credentials("the-key-id", "the-secret")),
        read_timeout=patience,
        complete_read_timeout=patience,
    )
    async with open_s3_store(options) as store:
        yield store
