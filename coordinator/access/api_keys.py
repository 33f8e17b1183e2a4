"""API keys: long-lived credentials of backends, each bound to a tenant and perhaps to one owner.

A key reads `ck_<id>_<secret>`. The id is public and finds the row; the secret has 256 bits, is shown once and kept as
its SHA-256 alone (with that much entropy a slow hash would protect nothing more). Unknown, revoked and wrong keys are
refused in the same words, and after the same work. Source: failure matrix J5, S6.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, Protocol

import structlog

from coordinator.access.lookups import Lookups
from coordinator.access.principals import Principal, Scope
from coordinator.database.api_keys import ApiKeyRecord
from coordinator.errors import DatabaseUnavailable, Unauthenticated

__all__ = ["PREFIX", "ApiKeyLedger", "ApiKeys", "NewApiKey"]

log = structlog.stdlib.get_logger()

PREFIX: Final = "ck_"

_ID_BYTES: Final = 8
_SECRET_BYTES: Final = 32
_NOTED_FOR: Final = timedelta(minutes=1)
"""How exact `last_used_at` is: one request a minute writes, the others only read."""
_NOBODY: Final = bytes(32)
"""Compared with when there is no such key."""


class ApiKeyLedger(Protocol):
    """What is needed of the database; see `database.api_keys`."""

    async def add(self, record: ApiKeyRecord) -> ApiKeyRecord: ...

    async def find(self, key_id: str) -> ApiKeyRecord | None: ...

    async def touch(self, key_id: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """The one moment the whole key is known: show `text` and forget it."""

    text: str = field(repr=False)
    record: ApiKeyRecord


class ApiKeys:
    """Makes keys and recognises them."""

    def __init__(
        self,
        ledger: ApiKeyLedger,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """`clock` tells the time with a time zone."""
        self._ledger = ledger
        self._lookups = Lookups(ledger.find)
        self._clock = clock
        self._random_bytes = random_bytes

    async def create(
        self, *, tenant: str, owner: str | None, name: str, scopes: frozenset[Scope]
    ) -> NewApiKey:
        """`owner` None: every owner of the tenant. Raises DatabaseUnavailable."""
        key_id = self._random_bytes(_ID_BYTES).hex()
        secret = self._random_bytes(_SECRET_BYTES).hex()
        record = ApiKeyRecord(
            id=key_id,
            secret_hash=_hash(secret),
            tenant=tenant,
            owner=owner,
            name=name,
            scopes=frozenset(scope.value for scope in scopes),
        )
        return NewApiKey(f"{PREFIX}{key_id}_{secret}", await self._ledger.add(record))

    async def authenticate(self, text: str) -> Principal:
        """Who holds this key. Raises Unauthenticated, DatabaseUnavailable."""
        key_id, _, secret = text.removeprefix(PREFIX).partition("_")
        well_formed = len(key_id) == 2 * _ID_BYTES and key_id.isascii() and key_id.isalnum()
        record = await self._lookups.of(key_id) if well_formed else None
        right = hmac.compare_digest(_hash(secret), record.secret_hash if record else _NOBODY)
        if record is None or not right or record.revoked_at is not None:
            raise Unauthenticated("The API key is not valid here.")
        if record.last_used_at is None or self._clock() - record.last_used_at > _NOTED_FOR:
            await self._note_use(record.id)
        return Principal(
            f"key:{record.id}",
            tenant=record.tenant,
            owner=record.owner,
            scopes=frozenset(scope for scope in Scope if scope.value in record.scopes),
        )

    async def _note_use(self, key_id: str) -> None:
        """A key is good whether or not its use could be noted: a database that only reads still lets it in."""
        try:
            await self._ledger.touch(key_id)
        except DatabaseUnavailable:
            log.warning("api_key.use_not_noted", key_id=key_id)


def _hash(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
