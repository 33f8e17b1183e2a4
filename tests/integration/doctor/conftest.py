"""A healthy patient: a real store, a bucket of its own set up as it should be, a migrated database."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from typing import Any

import pytest

from coordinator.local.bucket import LocalStore, configure_bucket, store_client
from tests.integration.doctor.liar import Liar, lying
from tests.integration.doctor.patients import PAGE, Healthy
from tests.postgres import new_database


@pytest.fixture(scope="session")
async def examined_database(postgres_url: str, migrated_template: str) -> AsyncIterator[str]:
    async with new_database(postgres_url, template=migrated_template) as url:
        yield url


@pytest.fixture(scope="session")
async def own_bucket(seaweedfs: LocalStore) -> LocalStore:
    """In the shared store, but the doctor's alone, with nothing configured."""
    store = replace(seaweedfs, bucket=f"doctor-{secrets.token_hex(6)}")
    async with store_client(store) as client:
        await client.create_bucket(Bucket=store.bucket)
    return store


@pytest.fixture(scope="session")
async def healthy(own_bucket: LocalStore, examined_database: str) -> Healthy:
    async with store_client(own_bucket) as client:
        await configure_bucket(client, own_bucket.bucket, [PAGE])
    return Healthy(asdict(own_bucket), examined_database)


@pytest.fixture
async def rules(healthy: Healthy, own_bucket: LocalStore) -> AsyncIterator[Any]:
    """The SDK's client, to spoil the bucket's rules with; they are mended afterwards."""
    async with store_client(own_bucket) as client:
        yield client
        await configure_bucket(client, own_bucket.bucket, [PAGE])


@pytest.fixture
async def liar(healthy: Healthy) -> AsyncIterator[Liar]:
    """Stands between everybody and the healthy store; honest until told otherwise."""
    async with lying(str(healthy.store["endpoint_url"])) as between:
        yield between
