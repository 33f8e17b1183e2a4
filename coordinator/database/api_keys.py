"""API keys as the database holds them: a public id to look up by, and a hash of the secret, never the secret.

Nothing here decides whether a key is good: that is `access`. A revoked key stays, so that what it did can be told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import Record, execute

__all__ = ["ApiKeyRecord", "ApiKeys"]


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """`id` is the public part. `owner` None: the key speaks for every owner of its tenant."""

    id: str
    secret_hash: bytes = field(repr=False)
    tenant: str
    owner: str | None
    name: str
    scopes: frozenset[str]
    created_at: datetime | None = None
    """None before it is added: the database sets it."""
    last_used_at: datetime | None = None
    """To the minute."""
    revoked_at: datetime | None = None


_ADD: Final = text("""
    INSERT INTO api_keys (id, secret_hash, tenant, owner, name, scopes)
    VALUES (:id, :secret_hash, :tenant, :owner, :name, CAST(:scopes AS text[]))
    RETURNING id, secret_hash, tenant, owner, name, scopes, created_at, last_used_at, revoked_at
""")

_FIND: Final = text("""
    SELECT id, secret_hash, tenant, owner, name, scopes, created_at, last_used_at, revoked_at
    FROM api_keys WHERE id = :id
""")

_LIST: Final = text("""
    SELECT id, secret_hash, tenant, owner, name, scopes, created_at, last_used_at, revoked_at
    FROM api_keys WHERE CAST(:tenant AS text) IS NULL OR tenant = :tenant ORDER BY tenant, created_at, id
""")

_REVOKE: Final = text("""
    UPDATE api_keys SET revoked_at = COALESCE(revoked_at, now()) WHERE id = :id RETURNING id
""")

_TOUCH: Final = text("""
    UPDATE api_keys SET last_used_at = now()
    WHERE id = :id AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute') RETURNING id
""")


class ApiKeys:
    """The repository. Raises DatabaseUnavailable; the engine stays the caller's to dispose of."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, record: ApiKeyRecord) -> ApiKeyRecord:
        """The record as it now stands. Its times are the database's, whatever was given."""
        parameters = {
            "id": record.id,
            "secret_hash": record.secret_hash,
            "tenant": record.tenant,
            "owner": record.owner,
            "name": record.name,
            "scopes": sorted(record.scopes),
        }
        return _to_record((await execute(self._engine, _ADD, parameters))[0])

    async def find(self, key_id: str) -> ApiKeyRecord | None:
        """Revoked ones too: look at `revoked_at`."""
        rows = await execute(self._engine, _FIND, {"id": key_id})
        return _to_record(rows[0]) if rows else None

    async def list(self, tenant: str | None = None) -> Sequence[ApiKeyRecord]:
        """All of a tenant, or all there are."""
        rows = await execute(self._engine, _LIST, {"tenant": tenant})
        return [_to_record(row) for row in rows]

    async def revoke(self, key_id: str) -> bool:
        """False when there is no such key. Revoking twice keeps the first time."""
        return bool(await execute(self._engine, _REVOKE, {"id": key_id}))

    async def touch(self, key_id: str) -> bool:
        """Note that the key was used. False when that was noted within the last minute already."""
        return bool(await execute(self._engine, _TOUCH, {"id": key_id}))


def _to_record(row: Record) -> ApiKeyRecord:
    values = dict(row)
    values["scopes"] = frozenset(values["scopes"])
    return ApiKeyRecord(**values)
