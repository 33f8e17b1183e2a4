"""`coordinator keys create | list | revoke`: the credentials of backends. A key's secret is shown once, at its making."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from coordinator.access.api_keys import ApiKeys, NewApiKey
from coordinator.access.principals import Scope
from coordinator.cli.interruption import run_heeding
from coordinator.database.api_keys import ApiKeyRecord
from coordinator.database.api_keys import ApiKeys as ApiKeyTable
from coordinator.database.engine import close_engine, create_engine
from coordinator.errors import ConfigurationError
from coordinator.protocol import Name
from coordinator.settings import load_settings

__all__ = ["create_key", "run_create", "run_list", "run_revoke"]


async def create_key(
    database_url: str, *, tenant: str, owner: str | None, name: str, scopes: frozenset[Scope]
) -> NewApiKey:
    """Raises DatabaseUnavailable."""
    async with _table(database_url) as table:
        return await ApiKeys(table).create(tenant=tenant, owner=owner, name=name, scopes=scopes)


def run_create(tenant: str, owner: str | None, name: str, scopes: Sequence[Scope]) -> None:
    """Raises ConfigurationError for a tenant or owner that no token could name, and Interrupted."""
    for option, value in (("--tenant", tenant), ("--owner", owner)):
        _check_name(option, value)
    made = run_heeding(
        create_key(_database_url(), tenant=tenant, owner=owner, name=name, scopes=frozenset(scopes))
    )
    print(made.text)


def run_list(tenant: str | None) -> None:
    for record in run_heeding(_list(tenant)):
        print(_line(record))


def run_revoke(key_id: str) -> None:
    """Raises ConfigurationError when there is no such key."""
    if not run_heeding(_revoke(key_id)):
        raise ConfigurationError("KEY_ID", f"there is no key {key_id}; `coordinator keys list` shows them")
    print(f"{key_id} is revoked")


def _check_name(option: str, value: str | None) -> None:
    try:
        msgspec.convert(value, Name | None)
    except msgspec.ValidationError:
        problem = f"{value!r} must be 1 to 64 letters, digits and the signs . _ @ : + -"
        raise ConfigurationError(option, problem) from None


async def _list(tenant: str | None) -> Sequence[ApiKeyRecord]:
    async with _table(_database_url()) as table:
        return await table.list(tenant)


async def _revoke(key_id: str) -> bool:
    async with _table(_database_url()) as table:
        return await table.revoke(key_id)


def _line(record: ApiKeyRecord) -> str:
    used = "never used" if record.last_used_at is None else f"last used {record.last_used_at:%Y-%m-%d %H:%M}"
    state = "revoked" if record.revoked_at else "valid"
    whose = record.owner or "every owner"
    return "\t".join(
        [record.id, state, record.tenant, whose, record.name, ",".join(sorted(record.scopes)), used]
    )


def _database_url() -> str:
    database_url = load_settings().database_url.get_secret_value()
    if not database_url:
        raise ConfigurationError("DATABASE_URL", "it is not set: postgresql://user:password@host:port/name")
    return database_url


@asynccontextmanager
async def _table(database_url: str) -> AsyncIterator[ApiKeyTable]:
    engine = create_engine(database_url, pool_size=2)
    try:
        yield ApiKeyTable(engine)
    finally:
        await close_engine(engine)
