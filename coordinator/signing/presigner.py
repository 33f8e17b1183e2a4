"""The door of this room: presigned URLs for one bucket.

What is computed once: at start the location, per day and credentials the signing key, per upload or batch everything
but part number, length and digests (`MultipartPresigner`). Lifetimes are checked here: 1 second to 7 days, which is
SigV4's limit for query signatures, and never past the credentials that sign.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

from coordinator.signing.addressing import Addressing, locate
from coordinator.signing.credentials import Credentials, CredentialsExpired, CredentialSource
from coordinator.signing.lone_put import canonical_put, checked_headers
from coordinator.signing.multipart import MultipartPresigner, PresignedRequest
from coordinator.signing.sigv4 import (
    UNSIGNED_PAYLOAD,
    QuerySigner,
    SigningKey,
    encode_path,
    encode_query_value,
)

__all__ = ["MAX_EXPIRES_IN", "Addressing", "MultipartPresigner", "PresignedRequest", "Presigner"]

MAX_EXPIRES_IN: Final = 604_800
"""Seconds (7 days): the limit of `X-Amz-Expires`, Amazon S3 API reference."""

_CREDENTIALS_MARGIN: Final = timedelta(seconds=60)
"""A URL ends this long before its credentials: a request under way, and clocks that differ, need the time."""

_SHORTEST_LIFE: Final = 30
"""Seconds. With less than this left under the credentials, a client could not start before the URL ends."""


class _KeyInUse(NamedTuple):
    credentials: Credentials
    date: str
    key: SigningKey


class Presigner:
    """Signs for one bucket. Safe to share between threads: the only thing it changes is a cached key, replaced whole."""

    __slots__ = ("_addressing", "_clock", "_credentials", "_key_in_use", "_location")

    def __init__(
        self, *, addressing: Addressing, credentials: CredentialSource, clock: Callable[[], datetime]
    ) -> None:
        """`clock` tells the time with a time zone, any one."""
        self._addressing = addressing
        self._credentials = credentials
        self._clock = clock
        self._location = locate(addressing)
        self._key_in_use: _KeyInUse | None = None

    def multipart(self, key: str, multipart_upload_id: str, *, expires_in: int) -> MultipartPresigner:
        """Everything the part URLs of one upload share, as of now. `expires_in` in seconds, 1 to 604,800.

        The life is shorter where the credentials end sooner. Raises ValueError for an empty key or upload id or another
        `expires_in`, CredentialsExpired when fewer than 30 seconds would be left, CredentialsUnavailable without any.
        """
        path = self._path(key)
        signer, expires_at = self._signer(expires_in)
        return MultipartPresigner(
            signer=signer,
            location=self._location,
            path=path,
            multipart_upload_id=multipart_upload_id,
            expires_at=expires_at,
        )

    def put_object(
        self, key: str, size: int, *, headers: Mapping[str, str], expires_in: int
    ) -> PresignedRequest:
        """A PUT of exactly `size` bytes (0 to 5 GiB) as the whole object, with exactly these headers.

        `headers` have lower-case names; each is signed. Bounds and errors as for `multipart`, and ValueError for
        another size, and for a header that would not arrive as it was signed.
        """
        path = self._path(key)
        checked = checked_headers(headers, size)
        signer, expires_at = self._signer(expires_in)
        signed, canonical = canonical_put(signer, path, self._location.host, checked, size)
        url = f"{self._location.origin}{path}?{signer.url_query(signed)}{signer.signature(canonical)}"
        return PresignedRequest("PUT", url, checked, expires_at)

    def get_object(
        self,
        key: str,
        *,
        expires_in: int,
        version_id: str | None = None,
        response_content_disposition: str | None = None,
        response_content_type: str | None = None,
    ) -> PresignedRequest:
        """A GET of the object; the `response_*` values become headers of the store's answer.

        Bounds and errors as for `multipart`.
        """
        signer, expires_at = self._signer(expires_in)
        parameters = {
            "response-content-disposition": response_content_disposition,
            "response-content-type": response_content_type,
            "versionId": version_id,
        }  # in the order of their names, which is the canonical one and that of the URL
        query = "".join(f"{n}={encode_query_value(v)}&" for n, v in parameters.items() if v is not None)
        return PresignedRequest("GET", self._url("GET", key, query, signer), {}, expires_at)

    def head_object(self, key: str, *, expires_in: int) -> PresignedRequest:
        """A HEAD of the object, for whoever asks at once: however soon the credentials end, they sign it.

        Raises ValueError for an empty key or another `expires_in` than `multipart` takes, and what the source of the
        credentials does.
        """
        signer, expires_at = self._signer(expires_in, at_once=True)
        return PresignedRequest("HEAD", self._url("HEAD", key, "", signer), {}, expires_at)

    def _url(self, method: str, key: str, query: str, signer: QuerySigner) -> str:
        """Of a request without a body; `query` ends with `&` unless it is empty."""
        path = self._path(key)
        canonical_query = f"{signer.canonical_query('host')}&{query}".removesuffix("&")
        canonical = sha256(
            f"{method}\n{path}\n{canonical_query}\nhost:{self._location.host}\n\nhost\n{UNSIGNED_PAYLOAD}".encode()
        )
        return f"{self._location.origin}{path}?{query}{signer.url_query('host')}{signer.signature(canonical)}"

    def _path(self, key: str) -> str:
        if not key:
            raise ValueError("key must not be empty")
        return self._location.path_prefix + encode_path(key)

    def _signer(self, expires_in: int, *, at_once: bool = False) -> tuple[QuerySigner, datetime]:
        if type(expires_in) is not int or not 1 <= expires_in <= MAX_EXPIRES_IN:
            raise ValueError(f"expires_in must be a whole number of seconds from 1 to {MAX_EXPIRES_IN}")
        now = self._now()
        credentials = self._credentials.current()
        life = expires_in if at_once else _life(credentials, now, expires_in)
        timestamp = now.strftime("%Y%m%dT%H%M%SZ")
        signer = QuerySigner.at(timestamp, key=self._key(credentials, timestamp[:8]), expires_in=life)
        return signer, now + timedelta(seconds=life)

    def _now(self) -> datetime:
        now = self._clock()
        if now.utcoffset() is None:
            raise ValueError("the clock must tell a time with a time zone")
        return now.astimezone(UTC).replace(microsecond=0)  # X-Amz-Date knows no fractions

    def _key(self, credentials: Credentials, date: str) -> SigningKey:
        in_use = self._key_in_use
        if in_use is None or in_use.date != date or in_use.credentials != credentials:
            key = SigningKey(credentials, date, self._addressing.region)
            in_use = self._key_in_use = _KeyInUse(credentials, date, key)
        return in_use.key


def _life(credentials: Credentials, now: datetime, expires_in: int) -> int:
    if credentials.expires_at is None:
        return expires_in
    left = (credentials.expires_at - _CREDENTIALS_MARGIN - now) // timedelta(seconds=1)
    if left < _SHORTEST_LIFE:
        raise CredentialsExpired("the store's credentials end too soon to sign a URL with them")
    return min(expires_in, left)
