"""Who asks, and what they may do.

A principal is made once, by `access.authentication`, from the request's credentials and from nothing else. Every
query a handler makes goes through `identity`, so that another tenant's or owner's upload cannot be told from an
unknown one (design.md invariant 10). An upload token is narrower still: `reaches` closes it to all uploads but its own.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from coordinator.uploads.model import Identity

__all__ = ["ANONYMOUS", "ANY_OWNER", "TOKEN_SCOPES", "Principal", "Scope"]


class Scope(StrEnum):
    """What a route may ask for."""

    UPLOADS_WRITE = "uploads:write"
    UPLOADS_READ = "uploads:read"
    TOKENS_MINT = "tokens:mint"
    ADMIN = "admin"


TOKEN_SCOPES: Final = frozenset({Scope.UPLOADS_WRITE, Scope.UPLOADS_READ})
"""All that an upload token can ever hold: it never mints and is never admin."""

ANY_OWNER: Final = "default"
"""The owner of uploads started with a key that is not bound to one. Rotating the key does not change it."""


@dataclass(frozen=True, slots=True)
class Principal:
    """One caller. `owner` None means every owner of the tenant; the limits below None mean: not narrowed."""

    id: str
    """Stable text, part of an idempotency key's identity: `key:<id>`, `token:<owner>` or `anonymous`."""
    tenant: str
    owner: str | None
    scopes: frozenset[Scope]
    upload_id: UUID | None = None
    policy: str | None = None
    max_size: int | None = None
    """Bytes."""

    @property
    def identity(self) -> Identity:
        return Identity(self.tenant, self.owner)

    @property
    def starts_as(self) -> str:
        """The owner of uploads that this principal starts."""
        return self.owner or ANY_OWNER

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes

    def reaches(self, upload_id: UUID) -> bool:
        """Whether a token's own bounds leave this upload within reach; whose it is, the repository decides."""
        return self.upload_id is None or self.upload_id == upload_id


ANONYMOUS: Final = Principal("anonymous", tenant="default", owner="anonymous", scopes=TOKEN_SCOPES)
"""Whoever comes without credentials where settings.anonymous lets them in: `dev` on loopback, alone."""
