"""AWS Signature Version 4 in the query string, for S3.

Promises the bytes that botocore produces with `signature_version="s3v4"`: the same order of parameters, the same
encoding, paths never normalised, the payload unsigned. Everything that stays the same between two URLs is kept as a
hash state that has already absorbed it, and continued by `copy()`: a signature then costs three short updates. Calling
`hmac` per URL costs twice as much, as each call sets up OpenSSL anew.

Source: "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)", Amazon S3 API reference.
"""

import hmac
from hashlib import sha256
from typing import Final, NamedTuple, Protocol, Self
from urllib.parse import quote

from coordinator.signing.credentials import Credentials

__all__ = [
    "UNSIGNED_PAYLOAD",
    "HashState",
    "QuerySigner",
    "SigningKey",
    "encode_path",
    "encode_query_value",
]

UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"
"""Stands for the body's hash, which nobody knows when a URL is signed."""

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_INNER_PAD: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD: Final = bytes(byte ^ 0x5C for byte in range(256))
_HMAC_WIDTH: Final = 64


class HashState(Protocol):
    """What `hashlib.sha256` returns."""

    def copy(self) -> Self: ...

    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...

    def hexdigest(self) -> str: ...


def encode_path(key: str) -> str:
    """Slashes stay, also doubled ones and those around `.` and `..`: S3 signs the path as it is sent."""
    return quote(key, safe="/~")


def encode_query_value(value: str) -> str:
    return quote(value, safe="~")


class SigningKey:
    """One set of credentials for one day and region.

    Holds the HMAC's two halves with their padded key absorbed, and what the credentials add to a query.
    """

    __slots__ = ("credential_query", "inner", "outer", "scope", "token_query")

    def __init__(self, credentials: Credentials, date: str, region: str) -> None:
        """`date` is YYYYMMDD in UTC."""
        key = f"AWS4{credentials.secret_access_key}".encode()
        for step in (date, region, "s3", "aws4_request"):
            key = hmac.digest(key, step.encode(), "sha256")
        padded = key.ljust(_HMAC_WIDTH, b"\0")
        self.inner: HashState = sha256(padded.translate(_INNER_PAD))
        self.outer: HashState = sha256(padded.translate(_OUTER_PAD))
        self.scope = f"{date}/{region}/s3/aws4_request"
        credential = encode_query_value(f"{credentials.access_key_id}/{self.scope}")
        self.credential_query = f"X-Amz-Algorithm={_ALGORITHM}&X-Amz-Credential={credential}"
        token = credentials.session_token
        self.token_query = f"&X-Amz-Security-Token={encode_query_value(token)}" if token else ""


class QuerySigner(NamedTuple):
    """Signs any number of URLs for one instant, one lifetime and one set of credentials."""

    credential_query: str
    token_query: str
    inner: HashState
    """Has absorbed the string to sign up to the hash of the canonical request."""
    outer: HashState

    @classmethod
    def at(cls, timestamp: str, *, key: SigningKey, expires_in: int) -> Self:
        """`timestamp` is YYYYMMDDThhmmssZ, on the day of `key`; `expires_in` is in seconds."""
        inner = key.inner.copy()
        inner.update(f"{_ALGORITHM}\n{timestamp}\n{key.scope}\n".encode())
        query = f"{key.credential_query}&X-Amz-Date={timestamp}&X-Amz-Expires={expires_in}"
        return cls(query, key.token_query, inner, key.outer)

    def url_query(self, signed_headers: str) -> str:
        """The signature's own parameters in the order of a URL, up to the signature."""
        encoded = signed_headers.replace(";", "%3B")
        return f"{self.credential_query}&X-Amz-SignedHeaders={encoded}{self.token_query}&X-Amz-Signature="

    def canonical_query(self, signed_headers: str) -> str:
        """The same parameters sorted. S3's operation parameters, all in lower case, sort after them."""
        encoded = signed_headers.replace(";", "%3B")
        return f"{self.credential_query}{self.token_query}&X-Amz-SignedHeaders={encoded}"

    def signature(self, canonical_request: HashState) -> str:
        inner = self.inner.copy()
        inner.update(canonical_request.hexdigest().encode())
        outer = self.outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()
