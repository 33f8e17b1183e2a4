"""API keys: found by their public part, revoked for good, their use noted to the minute."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.api_keys import ApiKeyRecord, ApiKeys
from coordinator.database.engine import StatementRefused
from tests.integration.database.ledger import Ledger

RECORD = ApiKeyRecord("ck_1", b"hash", "acme", None, "the shop", frozenset({"uploads", "admin"}))


@pytest.fixture
def keys(engine: AsyncEngine) -> ApiKeys:
    return ApiKeys(engine)


async def test_a_key_is_found_as_it_was_added(keys: ApiKeys) -> None:
    added = await keys.add(RECORD)
    assert await keys.find("ck_1") == added
    assert (added.id, added.secret_hash, added.tenant, added.owner, added.name, added.scopes) == (
        "ck_1",
        b"hash",
        "acme",
        None,
        "the shop",
        RECORD.scopes,
    )
    assert added.created_at is not None
    assert (added.last_used_at, added.revoked_at) == (None, None)
    assert await keys.find("ck_2") is None
    assert "hash=" not in repr(added)


async def test_an_id_is_given_once_and_the_refusal_tells_no_secret(keys: ApiKeys) -> None:
    await keys.add(RECORD)
    with pytest.raises(StatementRefused, match="pk_api_keys") as refused:
        await keys.add(RECORD)
    assert "the shop" not in str(refused.value)


async def test_lists_by_tenant_and_all(keys: ApiKeys) -> None:
    for number, tenant in enumerate(("umbrella", "acme", "acme")):
        await keys.add(ApiKeyRecord(f"ck_{number}", b"", tenant, "ada", "x", frozenset()))
    assert [key.id for key in await keys.list("acme")] == ["ck_1", "ck_2"]
    assert [key.id for key in await keys.list()] == ["ck_1", "ck_2", "ck_0"]


async def test_a_revoked_key_stays_revoked_since_the_first_time(keys: ApiKeys) -> None:
    await keys.add(RECORD)
    assert await keys.revoke("ck_1")
    first = await keys.find("ck_1")
    assert first is not None
    assert first.revoked_at is not None
    assert await keys.revoke("ck_1")
    assert await keys.find("ck_1") == first
    assert not await keys.revoke("ck_2")


async def test_use_is_noted_once_a_minute(keys: ApiKeys, ledger: Ledger) -> None:
    await keys.add(RECORD)
    noted = await asyncio.gather(*(keys.touch("ck_1") for _ in range(10)))
    assert sum(noted) == 1
    await ledger.sql("UPDATE api_keys SET last_used_at = now() - interval '61 s'")
    assert await keys.touch("ck_1")
    assert not await keys.touch("ck_2")
