"""What is examined: the settings, and what follows from them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from coordinator.settings import Settings, StoreSettings
from coordinator.signing.addressing import Addressing
from coordinator.signing.credentials import (
    Credentials,
    CredentialSource,
    EnvironmentCredentials,
    StaticCredentials,
)
from coordinator.storage.options import S3Options

__all__ = ["Patient"]


@dataclass(frozen=True, slots=True)
class Patient:
    settings: Settings
    origins: tuple[str, ...]
    """Of the pages that will send files."""
    environ: Mapping[str, str]
    """May hold the store's credentials."""
    clock: Callable[[], datetime]
    """This machine's time, with a time zone."""
    new_name: Callable[[], str]
    """Something random for the probes' keys."""
    found: Credentials | None = None
    """What profile, container or instance offer, where neither settings nor `environ` hold a key."""

    @property
    def store(self) -> StoreSettings:
        return self.settings.store

    @property
    def internal(self) -> Addressing:
        """Where the service reaches the bucket. Raises ValueError as Addressing does."""
        store = self.store
        endpoint = store.endpoint_url or f"https://s3.{store.region}.amazonaws.com"
        return Addressing(endpoint, store.region, store.bucket, store.addressing_style)

    @property
    def public(self) -> Addressing:
        """Where clients reach the bucket, and what URLs are signed for. Raises ValueError as Addressing does."""
        store = self.store
        return Addressing(store.signing_endpoint_url, store.region, store.bucket, store.addressing_style)

    def credentials(self) -> Credentials:
        """Raises CredentialsError when there are none, ValueError when they are empty."""
        return self.source().current()

    def options(self, *, patience: float) -> S3Options:
        """How the service reaches the bucket; `patience` in seconds between two bytes. Raises ValueError as `source`."""
        store = self.store
        return S3Options(
            endpoint_url=store.endpoint_url,
            region=store.region,
            bucket=store.bucket,
            credentials=self.source(),
            addressing_style=store.addressing_style,
            read_timeout=patience,
            complete_read_timeout=patience,
        )

    def source(self) -> CredentialSource:
        """As the service takes them: the settings', the environment's, the machine's. Raises ValueError when the
        settings' are empty.
        """
        store = self.store
        if self.found is not None:
            return StaticCredentials(self.found)
        if store.access_key_id is None or store.secret_access_key is None:
            return EnvironmentCredentials(self.environ)
        session_token = store.session_token.get_secret_value() if store.session_token else None
        secret = store.secret_access_key.get_secret_value()
        return StaticCredentials(Credentials(store.access_key_id, secret, session_token))
