"""Ledger and store for a command that works beside the service, opened as the service opens them, by its own wiring."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.app import _check_store, _credentials, _database, _timing
from coordinator.database.uploads import Uploads
from coordinator.errors import ConfigurationError
from coordinator.settings import Settings
from coordinator.signing.credentials import CredentialsError, RefreshingCredentials
from coordinator.storage.credentials import kept_fresh
from coordinator.storage.options import S3Options
from coordinator.storage.s3 import S3Store, open_s3_store
from coordinator.uploads.driving import Driving
from coordinator.uploads.model import LeaseOwner

__all__ = ["Operating", "opened_ledger", "operating"]

opened_ledger = _database
"""The engine, on a database at this release's schema. Raises ConfigurationError."""


@dataclass(frozen=True, slots=True)
class Operating:
    engine: AsyncEngine
    store: S3Store
    driving: Driving


@asynccontextmanager
async def operating(settings: Settings) -> AsyncIterator[Operating]:
    """Raises ConfigurationError when the database or the bucket is not as the settings say."""
    async with AsyncExitStack() as ending:
        engine = await ending.enter_async_context(opened_ledger(settings))
        store = await _opened_store(settings, ending)
        me = LeaseOwner(secrets.token_hex(8))
        yield Operating(engine, store, Driving(Uploads(engine), store, me, _timing(settings)))


async def _opened_store(settings: Settings, ending: AsyncExitStack) -> S3Store:
    named = settings.store
    source = _credentials(named, os.environ, _now)
    try:
        if isinstance(source, RefreshingCredentials):
            await ending.enter_async_context(kept_fresh(source, clock=_now))
        source.current()
    except CredentialsError as missing:
        raise ConfigurationError("store.access_key_id", f"it is empty, and {missing}") from None
    options = S3Options(
        endpoint_url=named.endpoint_url,
        region=named.region,
        bucket=named.bucket,
        credentials=source,
        addressing_style=named.addressing_style,
    )
    store = await ending.enter_async_context(open_s3_store(options))
    await _check_store(store)
    return store


def _now() -> datetime:
    return datetime.now(UTC)
