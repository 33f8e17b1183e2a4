from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from coordinator.access.api_keys import ApiKeys
from coordinator.access.principals import Scope
from coordinator.database.api_keys import ApiKeyRecord
from coordinator.errors import DatabaseUnavailable, Unauthenticated


class Ledger:
    def __init__(self) -> None:
        self.records: dict[str, ApiKeyRecord] = {}
        self.used: list[str] = []
        self.reads_only = False

    async def add(self, record: ApiKeyRecord) -> ApiKeyRecord:
        self.records[record.id] = record
        return record

    async def find(self, key_id: str) -> ApiKeyRecord | None:
        return self.records.get(key_id)

    async def touch(self, key_id: str) -> bool:
        if self.reads_only:
            raise DatabaseUnavailable("read-only")
        self.used.append(key_id)
        return True


NOW = datetime(2026, 5, 1, tzinfo=UTC)


def keys_of(ledger: Ledger) -> ApiKeys:
    return ApiKeys(ledger, clock=lambda: NOW)


async def test_a_new_key_is_recognised_and_only_its_hash_is_kept() -> None:
    ledger = Ledger()
    keys = keys_of(ledger)
    made = await keys.create(tenant="acme", owner=None, name="ci", scopes=frozenset({Scope.UPLOADS_READ}))
    prefix, key_id, secret = made.text.split("_")
    assert (prefix, key_id) == ("ck", made.record.id)
    assert len(bytes.fromhex(secret)) == 32
    assert secret not in repr(made)
    assert secret.encode() not in made.record.secret_hash
    principal = await keys.authenticate(made.text)
    assert (principal.id, principal.tenant, principal.owner) == (f"key:{key_id}", "acme", None)
    assert principal.scopes == {Scope.UPLOADS_READ}
    assert ledger.used == [key_id]


async def test_wrong_unknown_and_revoked_keys_are_refused_in_the_same_words() -> None:
    ledger = Ledger()
    keys = keys_of(ledger)
    made = await keys.create(tenant="acme", owner=None, name="ci", scopes=frozenset(Scope))
    revoked = await keys.create(tenant="acme", owner=None, name="old", scopes=frozenset(Scope))
    ledger.records[revoked.record.id] = replace(revoked.record, revoked_at=datetime.now(UTC))
    prefix, key_id, secret = made.text.split("_")
    refused = [
        revoked.text,
        f"{prefix}_{key_id}_{'0' * 64}",
        f"{prefix}_{key_id}_{secret}0",
        f"{prefix}_{key_id}_",
        f"{prefix}_{key_id}",
        f"{prefix}_{'0' * 16}_{secret}",
        f"{prefix}_{key_id.upper()}x_{secret}",
        f"{prefix}_\x00{key_id[1:]}_{secret}",
        f"{prefix}_{key_id}_\ud800",
        prefix,
    ]
    said = set()
    for text in refused:
        with pytest.raises(Unauthenticated) as caught:
            await keys.authenticate(text)
        said.add(caught.value.detail)
    assert len(said) == 1
    assert ledger.used == []


async def test_scopes_of_a_later_release_are_ignored() -> None:
    ledger = Ledger()
    made = await keys_of(ledger).create(tenant="acme", owner="ann", name="ci", scopes=frozenset())
    ledger.records[made.record.id] = replace(made.record, scopes=frozenset({"uploads:read", "webhooks:all"}))
    assert (await keys_of(ledger).authenticate(made.text)).scopes == {Scope.UPLOADS_READ}


async def test_a_database_that_only_reads_lets_keys_in() -> None:
    ledger = Ledger()
    made = await keys_of(ledger).create(tenant="acme", owner="ann", name="ci", scopes=frozenset())
    ledger.reads_only = True
    assert (await keys_of(ledger).authenticate(made.text)).owner == "ann"


async def test_a_use_is_noted_once_a_minute() -> None:
    ledger = Ledger()
    made = await keys_of(ledger).create(tenant="acme", owner="ann", name="ci", scopes=frozenset())
    for ago, noted in ((timedelta(seconds=59), 0), (timedelta(seconds=61), 1)):
        ledger.records[made.record.id] = replace(made.record, last_used_at=NOW - ago)
        await keys_of(ledger).authenticate(made.text)
        assert len(ledger.used) == noted
