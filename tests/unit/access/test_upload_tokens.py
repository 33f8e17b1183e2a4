import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest

from coordinator.access.principals import TOKEN_SCOPES
from coordinator.access.tokens import Grant, UploadTokens
from coordinator.errors import TokenExpired, Unauthenticated

SECRET = "s" * 32
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
UPLOAD = UUID("0190b3a0-0000-7000-8000-000000000000")


def tokens(at: datetime = NOW, secret: str = SECRET) -> UploadTokens:
    return UploadTokens(secret, clock=lambda: at)


def claims(**changes: object) -> dict[str, Any]:
    issued = int(NOW.timestamp())
    good = {
        "aud": "coordinator-upload",
        "iat": issued,
        "exp": issued + 60,
        "tenant": "acme",
        "owner": "ann",
        "scopes": ["uploads:read"],
    }
    return {name: value for name, value in (good | changes).items() if value is not ...}


def test_what_is_minted_is_verified() -> None:
    grant = Grant("acme", "ann", policy="photos", max_size=7, upload_id=UPLOAD)
    minted = tokens().mint(grant, expires_in=60)
    assert minted.expires_at == NOW + timedelta(seconds=60)
    assert minted.text not in repr(minted)
    principal = tokens(NOW + timedelta(seconds=59)).verify(minted.text)
    assert (principal.id, principal.tenant, principal.owner) == ("token:ann", "acme", "ann")
    assert (principal.policy, principal.max_size, principal.upload_id) == ("photos", 7, UPLOAD)
    assert principal.scopes == TOKEN_SCOPES
    assert principal.reaches(UPLOAD)
    assert not principal.reaches(UUID(int=1))


def test_a_token_ends_with_a_few_seconds_of_grace() -> None:
    text = tokens().mint(Grant("acme", "ann"), expires_in=60).text
    tokens(NOW + timedelta(seconds=64)).verify(text)
    with pytest.raises(TokenExpired):
        tokens(NOW + timedelta(seconds=65)).verify(text)


@pytest.mark.parametrize("expires_in", [0, -1, 86_401])
def test_lifetimes_have_bounds(expires_in: int) -> None:
    with pytest.raises(ValueError, match="86400"):
        tokens().mint(Grant("acme", "ann"), expires_in=expires_in)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"aud": ...},
        {"aud": ["coordinator-upload"]},
        {"exp": ...},
        {"iat": ...},
        {"exp": "soon"},
        {"exp": 10**30},
        {"iat": int(NOW.timestamp()) + 30},
        {"exp": int(NOW.timestamp()) + 86_401},
        {"tenant": ...},
        {"owner": None},
        {"owner": 7},
        {"scopes": ["admin"]},
        {"scopes": ["tokens:mint"]},
        {"scopes": "uploads:read"},
        {"upload_id": "7"},
        {"max_size": "many"},
        {"nbf": int(NOW.timestamp()) + 10**9},
    ],
    ids=str,
)
def test_claims_that_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Unauthenticated):
        tokens().verify(jwt.encode(claims(**changes), SECRET, "HS256"))


def test_the_claims_before_each_change_are_good() -> None:
    assert tokens().verify(jwt.encode(claims(), SECRET, "HS256")).owner == "ann"


def _unsigned() -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims())}."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c",
        "é.é.é",
        "x" * 5000,
        _unsigned(),
        jwt.encode(claims(), "t" * 32, "HS256"),
        jwt.encode(claims(), "s" * 64, "HS512"),
        jwt.encode(claims(), SECRET, "HS256", headers={"kid": "../../dev/null"})[:-2],
    ],
    ids=range(9),
)
def test_signatures_that_are_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens().verify(text)
