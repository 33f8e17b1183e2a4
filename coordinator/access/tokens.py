"""Upload tokens: what a backend gives to its browser user, signed and short-lived.

A token says tenant, owner and scopes, and may be narrowed to a policy, a size or one upload. It is verified without
the database: nothing but its end revokes it, which is why it lives a day at most. It never mints and is never admin,
whatever it claims. One algorithm, fixed here and never read from the token; audience and all times are required.

Source: RFC 7519; RFC 8725 sections 3.1 (algorithms), 3.9 (audience).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID

import jwt
import msgspec

from coordinator.access.principals import TOKEN_SCOPES, Principal, Scope
from coordinator.errors import TokenExpired, Unauthenticated

__all__ = ["MAX_LIFETIME", "Grant", "MintedToken", "UploadTokens"]

MAX_LIFETIME: Final = 86_400
"""Seconds."""

_ALGORITHM: Final = "HS256"
_AUDIENCE: Final = "coordinator-upload"
_LEEWAY: Final = 5
"""Seconds, for replicas whose clocks differ."""
_MAX_LENGTH: Final = 4_096
_REQUIRED: Final = ["aud", "exp", "iat"]

_ScopeText = Literal["uploads:write", "uploads:read"]


class _Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    aud: str
    iat: int
    exp: int
    tenant: str
    owner: str
    scopes: tuple[_ScopeText, ...]
    policy: str | None = None
    max_size: int | None = None
    upload_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is to allow. `max_size` in bytes; None means: not narrowed."""

    tenant: str
    owner: str
    policy: str | None = None
    max_size: int | None = None
    upload_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class MintedToken:
    """The text is a credential: answered once, never logged."""

    text: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"MintedToken(expires_at={self.expires_at!r})"


class UploadTokens:
    """Mints and verifies with one secret, of at least 32 characters."""

    def __init__(self, secret: str, *, clock: Callable[[], datetime]) -> None:
        """`clock` tells the time with a time zone."""
        self._secret = secret
        self._clock = clock

    def mint(self, grant: Grant, *, expires_in: int) -> MintedToken:
        """`expires_in` in seconds, 1 to 86,400. Raises ValueError outside."""
        if not 1 <= expires_in <= MAX_LIFETIME:
            raise ValueError(f"a token lives from 1 to {MAX_LIFETIME} seconds")
        issued_at = int(self._clock().timestamp())
        claims = _Claims(
            aud=_AUDIENCE,
            iat=issued_at,
            exp=issued_at + expires_in,
            tenant=grant.tenant,
            owner=grant.owner,
            scopes=("uploads:read", "uploads:write"),
            policy=grant.policy,
            max_size=grant.max_size,
            upload_id=grant.upload_id,
        )
        text = jwt.encode(msgspec.to_builtins(claims), self._secret, _ALGORITHM)
        return MintedToken(text, datetime.fromtimestamp(claims.exp, UTC))

    def verify(self, text: str) -> Principal:
        """Who holds this token. Raises TokenExpired, or Unauthenticated for everything else that is wrong with it."""
        claims = self._claims(text)
        now = self._clock().timestamp()
        if now >= claims.exp + _LEEWAY:
            raise TokenExpired(
                "The upload token has expired: ask for a new one and go on with the same upload."
            )
        if now < claims.iat - _LEEWAY:
            raise _refused()
        return Principal(
            f"token:{claims.owner}",
            tenant=claims.tenant,
            owner=claims.owner,
            scopes=frozenset(map(Scope, claims.scopes)) & TOKEN_SCOPES,
            upload_id=claims.upload_id,
            policy=claims.policy,
            max_size=claims.max_size,
        )

    def _claims(self, text: str) -> _Claims:
        if len(text) > _MAX_LENGTH:
            raise _refused()
        try:
            # times are compared in `verify`, with the clock this object was given
            payload = jwt.decode(
                text,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
            )
            claims = msgspec.convert(payload, _Claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError):
            raise _refused() from None
        if not 0 < claims.exp - claims.iat <= MAX_LIFETIME:
            raise _refused()
        return claims


def _refused() -> Unauthenticated:
    return Unauthenticated("The upload token is not valid here.")
