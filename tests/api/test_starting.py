"""What refuses to start, and which setting it names."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from coordinator.app import create_app
from coordinator.errors import ConfigurationError
from coordinator.storage.fake import FakeStore
from coordinator.storage.faults import FailBefore, Fault, Refuse
from coordinator.uploads.store import StoreMisconfigured
from tests.api.service import running, settings_for
from tests.postgres import new_database

NOWHERE = "postgresql://nobody:secret-canary@127.0.0.1:1/nothing"


def test_no_secret_for_tokens() -> None:
    with pytest.raises(ConfigurationError) as refused:
        create_app(settings_for(NOWHERE, token_secret=None))
    assert refused.value.setting == "token_secret"


@pytest.mark.parametrize("store", [{"region": "eu west"}, {"bucket": "a b c"}])
def test_a_store_that_cannot_be_addressed(store: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        create_app(settings_for(NOWHERE, store=store))
    assert refused.value.setting == "store"


async def _refusal(starting: AbstractAsyncContextManager[object]) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as refused:
        async with starting:
            pytest.fail("it started")
    return refused.value


async def test_a_database_that_does_not_answer() -> None:
    refused = await _refusal(running(settings_for(NOWHERE)))
    assert refused.setting == "database_url"
    assert "canary" not in str(refused)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda url: url._replace(netloc=f"nobody:wrong@{url.hostname}:{url.port}"),
        lambda url: url._replace(path="/there_is_no_such_database"),
    ],
    ids=["another user", "another name"],
)
async def test_a_database_that_refuses(postgres_url: str, wrong: Callable[..., object]) -> None:
    address = wrong(urlsplit(postgres_url))
    refused = await _refusal(running(settings_for(address.geturl())))  # type: ignore[attr-defined]  # SplitResult
    assert refused.setting == "database_url"


async def test_a_database_without_the_schema(postgres_url: str) -> None:
    async with new_database(postgres_url) as url:
        refused = await _refusal(running(settings_for(url)))
    assert refused.setting == "database_url"
    assert "coordinator migrate" in refused.problem


@pytest.mark.parametrize(
    ("fault", "setting"),
    [
        (Refuse(StoreMisconfigured("check", "NoSuchBucket")), "store.bucket"),
        (FailBefore(), "store.endpoint_url"),
    ],
)
async def test_a_bucket_that_is_not_there(database_url: str, fault: Fault, setting: str) -> None:
    store = FakeStore(clock=lambda: datetime.now(UTC))
    store.script("check", fault)
    refused = await _refusal(running(settings_for(database_url), store=store))
    assert refused.setting == setting


async def test_no_credentials_for_the_store(database_url: str) -> None:
    app = create_app(settings_for(database_url, store={"bucket": "uploads"}), environ={})
    refused = await _refusal(app.router.lifespan_context(app))
    assert refused.setting == "store.access_key_id"
    assert "AWS_ACCESS_KEY_ID" in refused.problem


async def test_it_starts_sweeps_and_ends(database_url: str) -> None:
    async with running(settings_for(database_url, sweep=True, sweep_interval=0.01)) as service:
        assert (await service.client.get("/readyz")).status_code == 200
