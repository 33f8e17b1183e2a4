"""Ledger and store for a command that works beside the service, opened as the service opens them, by its own wiring."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.uploads import Uploads
from coordinator.opening import (
    check_store,
    credentials_of,
    credentials_ready,
    open_database,
    open_store,
    timing_of,
)
from coordinator.settings import Settings
from coordinator.storage.s3 import S3Store
from coordinator.uploads.driving import Driving
from coordinator.uploads.model import LeaseOwner

__all__ = ["Operating", "operating"]


@dataclass(frozen=True, slots=True)
class Operating:
    engine: AsyncEngine
    store: S3Store
    driving: Driving


@asynccontextmanager
async def operating(settings: Settings) -> AsyncIterator[Operating]:
    """Raises ConfigurationError when the database or the bucket is not as the settings say."""
    async with AsyncExitStack() as ending:
        engine = await ending.enter_async_context(open_database(settings))
        source = credentials_of(settings.store, os.environ, _now)
        await ending.enter_async_context(credentials_ready(source, _now))
        store = await ending.enter_async_context(open_store(settings.store, source))
        await check_store(store)
        me = LeaseOwner(secrets.token_hex(8))
        yield Operating(engine, store, Driving(Uploads(engine), store, me, timing_of(settings)))


def _now() -> datetime:
    return datetime.now(UTC)
