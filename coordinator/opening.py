"""Opening what the settings name: the database and the bucket, proven to be as the service needs them.

For the service itself and for every command that works beside it. What is wrong is a ConfigurationError that names the
setting, raised before anything is served or changed.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import structlog
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import close_engine, create_engine
from coordinator.database.migrations import configuration, current, head
from coordinator.errors import ConfigurationError, DatabaseUnavailable
from coordinator.settings import Settings, StoreSettings
from coordinator.signing.addressing import Addressing
from coordinator.signing.credentials import (
    Credentials,
    CredentialsError,
    CredentialSource,
    EnvironmentCredentials,
    RefreshingCredentials,
    StaticCredentials,
)
from coordinator.storage.credentials import kept_fresh
from coordinator.storage.options import S3Options
from coordinator.storage.s3 import S3Store, open_s3_store
from coordinator.uploads.driving import Timing
from coordinator.uploads.part_digests import DigestRule, PartDigests
from coordinator.uploads.store import (
    LonePut,
    ObjectStore,
    StoreError,
    StoreMisconfigured,
    StoreOutcomeUnknown,
)

__all__ = [
    "addressing_of",
    "check_store",
    "credentials_of",
    "credentials_ready",
    "lone_put_of",
    "open_database",
    "open_store",
    "part_digests_of",
    "timing_of",
]

log = structlog.stdlib.get_logger()

_STORE_SETTING: Final = re.compile(r"\bstore\.[a-z_]+")
"""The store's refusals name the setting to look at."""


def timing_of(settings: Settings) -> Timing:
    return Timing(
        lease=timedelta(seconds=settings.lease),
        complete_deadline=timedelta(seconds=settings.complete_deadline),
        late_check_after=timedelta(seconds=settings.late_check_after),
    )


def addressing_of(store: StoreSettings) -> Addressing:
    """Where URLs are signed for. Raises ConfigurationError."""
    try:
        return Addressing(store.signing_endpoint_url, store.region, store.bucket, store.addressing_style)
    except ValueError as refused:
        raise ConfigurationError("store", str(refused)) from None


def credentials_of(
    store: StoreSettings, environ: Mapping[str, str], clock: Callable[[], datetime]
) -> CredentialSource:
    """The settings' own; or those of the environment, read again at each use; or what the machine hands out."""
    if store.access_key_id is None or store.secret_access_key is None:
        return (
            EnvironmentCredentials(environ)
            if environ.get("AWS_ACCESS_KEY_ID")
            else RefreshingCredentials(clock)
        )
    session_token = store.session_token.get_secret_value() if store.session_token else None
    try:
        return StaticCredentials(
            Credentials(store.access_key_id, store.secret_access_key.get_secret_value(), session_token)
        )
    except ValueError as refused:
        raise ConfigurationError("store.access_key_id", str(refused)) from None


@asynccontextmanager
async def credentials_ready(source: CredentialSource, clock: Callable[[], datetime]) -> AsyncIterator[None]:
    """Keep credentials that the machine hands out fresh. Raises ConfigurationError when there are none to begin with."""
    async with AsyncExitStack() as ending:
        try:
            if isinstance(source, RefreshingCredentials):
                await ending.enter_async_context(kept_fresh(source, clock=clock))
            source.current()
        except CredentialsError as missing:
            raise ConfigurationError("store.access_key_id", f"it is empty, and {missing}") from None
        yield


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The engine, on a database at this release's schema or a newer one. Raises ConfigurationError."""
    url = settings.database_url.get_secret_value()
    engine = create_engine(
        url, pool_size=settings.database_pool_size, statement_cache=settings.database_statement_cache
    )
    try:
        at = await asyncio.to_thread(current, url)
    except DatabaseUnavailable:
        raise ConfigurationError(
            "database_url", "the database does not answer, or refuses its name, user or password"
        ) from None
    if _is_behind(at):
        raise ConfigurationError(
            "database_url", f"the schema is at {at or 'nothing'}, not {head()}; run `coordinator migrate`"
        )
    try:
        yield engine
    finally:
        await close_engine(engine)


def _is_behind(at: str | None) -> bool:
    """A revision that this release does not know is a newer one: schemas only grow while releases change places."""
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    return at is None or at in known - {head()}


@asynccontextmanager
async def open_store(store: StoreSettings, source: CredentialSource) -> AsyncIterator[S3Store]:
    options = S3Options(
        endpoint_url=store.endpoint_url,
        region=store.region,
        bucket=store.bucket,
        credentials=source,
        addressing_style=store.addressing_style,
    )
    async with open_s3_store(options) as opened:
        yield opened


async def check_store(store: ObjectStore) -> None:
    """Raises ConfigurationError."""
    try:
        await store.check()
    except StoreMisconfigured as refused:
        named = _STORE_SETTING.search(str(refused))
        raise ConfigurationError(named.group() if named else "store.bucket", str(refused)) from None
    except StoreOutcomeUnknown as silent:
        raise ConfigurationError("store.endpoint_url", f"the store does not answer ({silent})") from None
    except StoreError as refused:
        raise ConfigurationError(
            "store.endpoint_url",
            f"the store refuses what recovery stands on, ListMultipartUploads and HeadObject ({refused})",
        ) from None


async def part_digests_of(settings: Settings, store: ObjectStore) -> PartDigests:
    """By policy, and by what the store enforces."""
    rules = {name: DigestRule(policy.digests) for name, policy in settings.policies.items()}
    enforced = settings.store.digests == "sha256"
    if settings.store.digests == "auto":
        try:
            enforced = await store.probe_sha256()
        except StoreError as failed:
            log.warning("digests.md5", store=str(failed))
    return PartDigests(("sha256", "md5") if enforced else ("md5",), rules)


async def lone_put_of(store: ObjectStore) -> LonePut | None:
    """What the bucket lets us do with small files. None, and a word in the log: they go up in parts, like all others."""
    try:
        allowed = await store.probe_lone_put()
    except StoreError as failed:
        log.warning("small_files.multipart", store=str(failed))
        return None
    if allowed is None:
        log.warning("small_files.multipart", reason="store.access_key_id lacks s3:DeleteObject")
    elif not allowed.once:
        log.warning("small_files.md5_needed", reason="the store does not enforce If-None-Match on PutObject")
    return allowed
