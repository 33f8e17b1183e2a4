"""The keys that sign, and where they come from.

A source is asked anew for every upload or batch, so keys that rotate are picked up without a restart. A presigned URL
dies with the credentials that signed it, whatever `X-Amz-Expires` says; that is why `expires_at` travels with them.
The secret and the session token are kept out of `repr`, and no message here repeats a value it read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

__all__ = [
    "CredentialSource",
    "Credentials",
    "CredentialsError",
    "CredentialsExpired",
    "CredentialsUnavailable",
    "EnvironmentCredentials",
    "RefreshingCredentials",
    "StaticCredentials",
]


class CredentialsError(Exception):
    """Nothing can be signed now.

    CredentialsError
      CredentialsUnavailable   none were found, or what was found cannot be used
      CredentialsExpired       they end too soon for a URL to be of use
    """


class CredentialsUnavailable(CredentialsError): ...


class CredentialsExpired(CredentialsError): ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key. `session_token` and `expires_at` (with a time zone) belong to temporary ones.

    Raises ValueError for an empty key, secret or token, or an `expires_at` without a time zone.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.access_key_id or not self.secret_access_key or self.session_token == "":
            raise ValueError("access key id, secret and session token must not be empty")
        if self.expires_at is not None and self.expires_at.utcoffset() is None:
            raise ValueError("expires_at must have a time zone")


class CredentialSource(Protocol):
    """Answers at once and without I/O, as it is asked while a request waits: refresh elsewhere, ahead of time."""

    def current(self) -> Credentials:
        """The credentials to sign with now. Raises CredentialsError when there are none."""
        ...


class StaticCredentials:
    """The same credentials for ever."""

    __slots__ = ("_credentials",)

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def current(self) -> Credentials:
        return self._credentials


class EnvironmentCredentials:
    """AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_CREDENTIAL_EXPIRATION of a mapping.

    The mapping is read at every call. The expiration is ISO 8601 with a time zone, as the AWS command line writes it
    (`aws configure export-credentials --format env`). Empty variables count as unset.
    """

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def current(self) -> Credentials:
        return Credentials(
            access_key_id=self._required("AWS_ACCESS_KEY_ID"),
            secret_access_key=self._required("AWS_SECRET_ACCESS_KEY"),
            session_token=self._environ.get("AWS_SESSION_TOKEN") or None,
            expires_at=self._expiration(),
        )

    def _required(self, name: str) -> str:
        value = self._environ.get(name)
        if not value:
            raise CredentialsUnavailable(f"{name} is not set")
        return value

    def _expiration(self) -> datetime | None:
        value = self._environ.get("AWS_CREDENTIAL_EXPIRATION")
        if not value:
            return None
        try:
            expires_at = datetime.fromisoformat(value)
        except ValueError:
            expires_at = None
        if expires_at is None or expires_at.utcoffset() is None:
            raise CredentialsUnavailable("AWS_CREDENTIAL_EXPIRATION is not an ISO 8601 time with a time zone")
        return expires_at


class RefreshingCredentials:
    """Temporary credentials that somebody else renews ahead of time (`storage.credentials`): kept here, never fetched.

    While they cannot be renewed the last ones serve, and serve to their end. `clock` tells the time with a time zone.
    Safe to share between threads: the only change is one reference, replaced whole.
    """

    __slots__ = ("_clock", "_latest")

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._latest: Credentials | None = None

    def current(self) -> Credentials:
        """Raises CredentialsUnavailable before the first renewal, CredentialsExpired after the end of the last."""
        latest = self._latest
        if latest is None:
            raise CredentialsUnavailable("no credentials have been found yet")
        if latest.expires_at is not None and latest.expires_at <= self._clock():
            raise CredentialsExpired("the store's credentials have ended, and no new ones were found")
        return latest

    def renew(self, credentials: Credentials) -> None:
        """Sign with these from now on."""
        self._latest = credentials
