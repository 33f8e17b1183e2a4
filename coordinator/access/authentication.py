"""From an `Authorization` header to a principal, for every entrance alike.

Credentials that are given must hold: whoever sends a wrong token is refused, never let in as anonymous.
"""

from dataclasses import dataclass
from typing import Final

from coordinator.access.api_keys import PREFIX, ApiKeys
from coordinator.access.principals import ANONYMOUS, Principal
from coordinator.access.tokens import UploadTokens
from coordinator.errors import Unauthenticated

__all__ = ["Authenticator"]

_SCHEME: Final = "bearer"


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Knows the two kinds of credentials. `anonymous`: whether requests without any are let in (`dev` alone)."""

    api_keys: ApiKeys
    tokens: UploadTokens
    anonymous: bool = False

    async def principal(self, authorization: str | None) -> Principal:
        """Who sent this header's value. Raises Unauthenticated, TokenExpired, DatabaseUnavailable."""
        if authorization is None:
            if self.anonymous:
                return ANONYMOUS
            raise Unauthenticated("Send an API key or an upload token: `Authorization: Bearer ...`.")
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() != _SCHEME:
            raise Unauthenticated("Only `Authorization: Bearer ...` is understood.")
        text = credentials.strip()
        if text.startswith(PREFIX):
            return await self.api_keys.authenticate(text)
        return self.tokens.verify(text)
