"""The composition root: from settings to objects to one Starlette application. Nothing else wires.

What cannot work is refused before a port is opened, as ConfigurationError naming the setting: no secret for tokens, a
database that is away or behind, a bucket that is not there. What starts in the lifespan ends in reverse: the sweep,
then the drives under way (for `drain` seconds), then the connections.
"""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any, Final

from prometheus_client import CollectorRegistry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from coordinator.access.api_keys import ApiKeys
from coordinator.access.authentication import Authenticator
from coordinator.access.policies import Policies
from coordinator.access.tokens import UploadTokens
from coordinator.api.declaration import Declaration, routes_of
from coordinator.api.openapi import openapi_bytes
from coordinator.api.pages import page_routes, static_folder
from coordinator.api.readiness import Readiness
from coordinator.api.routes import declarations
from coordinator.api.state import ApiState
from coordinator.database.api_keys import ApiKeys as ApiKeyTable
from coordinator.database.engine import execute
from coordinator.database.uploads import Uploads
from coordinator.errors import ConfigurationError
from coordinator.http.guard import check_declared
from coordinator.http.middleware import middleware
from coordinator.http.problems import http_exception
from coordinator.metrics import Metrics
from coordinator.opening import (
    addressing_of,
    check_store,
    credentials_of,
    credentials_ready,
    lone_put_of,
    open_database,
    open_store,
    part_digests_of,
    timing_of,
)
from coordinator.relay.relay import Relay, RelayLimits
from coordinator.settings import Settings
from coordinator.signing.addressing import locate
from coordinator.signing.credentials import (
    CredentialSource,
)
from coordinator.signing.presigner import Presigner
from coordinator.storage.clock_skew import ClockSkew
from coordinator.storage.s3 import S3Store
from coordinator.uploads.driver import Driver
from coordinator.uploads.driving import Driving
from coordinator.uploads.ledger import UploadRepository
from coordinator.uploads.model import LeaseOwner, Quota
from coordinator.uploads.service import Lifetimes, UploadService
from coordinator.uploads.store import ObjectStore
from coordinator.workers.retention import Retention
from coordinator.workers.sweeper import Sweeper

__all__ = ["Around", "create_app"]

_READY_WITHIN: Final = 2.0


Around = Callable[[UploadRepository, ObjectStore], tuple[UploadRepository, ObjectStore]]
"""Where failpoints go: what drives uploads sees the ledger and the store through it."""


def _now() -> datetime:
    return datetime.now(UTC)


def _as_they_are(ledger: UploadRepository, store: ObjectStore) -> tuple[UploadRepository, ObjectStore]:
    return ledger, store


def create_app(
    settings: Settings,
    *,
    store: ObjectStore | None = None,
    environ: Mapping[str, str] = os.environ,
    clock: Callable[[], datetime] = _now,
    around: Around = _as_they_are,
) -> Starlette:
    """The service. `store` stands in for the bucket that the settings name; `environ` may hold its credentials.

    `around` is called once, at the start of the lifespan, and costs a call nothing when it is left out.

    Raises ConfigurationError here for what the settings alone show, and on entering the lifespan for the rest.
    """
    wiring = _Wiring(settings, store, credentials_of(settings.store, environ, clock), clock, around)
    metrics = Metrics(CollectorRegistry())
    declared = declarations(metrics=settings.metrics)
    tokens = UploadTokens(_token_secret(settings), clock=clock)
    openapi = openapi_bytes(declared, version("coordinator"))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[Mapping[str, object]]:
        async with wiring.compose() as wired:
            metrics.follow_clock(lambda: wired.clock_skew.ahead)
            yield ApiState(
                authenticator=Authenticator(wired.api_keys, tokens, anonymous=settings.anonymous),
                service=wired.service,
                policies=Policies(settings.policies),
                tokens=tokens,
                readiness=Readiness(
                    wired.checks,
                    within=_READY_WITHIN,
                    monotonic=time.monotonic,
                    warning=lambda: wired.clock_skew.warning,
                ),
                relay=Relay(wired.service, _relay_limits(settings), metrics, time.monotonic),
                metrics=metrics,
                openapi=openapi,
                public_url=settings.public_url or "",
                clock=clock,
                new_owner=lambda: secrets.token_hex(16),
            )

    app = Starlette(
        routes=_routes(settings, declared),
        middleware=middleware(
            metrics=metrics,
            allowed_origins=settings.allowed_origins,
            allowed_hosts=settings.allowed_hosts,
            anonymous=settings.anonymous,
        ),
        exception_handlers={HTTPException: http_exception},
        lifespan=lifespan,
    )
    # its redirects would be built from the Host header
    app.router.redirect_slashes = False
    return app


def _routes(settings: Settings, declared: Iterable[Declaration[Any, Any]]) -> list[BaseRoute]:
    routes: list[BaseRoute] = [*routes_of(declared)]
    if settings.page:
        origin = locate(addressing_of(settings.store)).origin
        routes += page_routes(static_folder(), store_origin=origin)
    check_declared(routes)
    return routes


@dataclass(frozen=True, slots=True)
class _Wired:
    """What the lifespan brings to life."""

    service: UploadService
    api_keys: ApiKeys
    checks: Mapping[str, Callable[[], Awaitable[object]]]
    clock_skew: ClockSkew


@dataclass(frozen=True, slots=True)
class _Wiring:
    """What the lifespan is brought to life from."""

    settings: Settings
    store: ObjectStore | None
    credentials: CredentialSource
    clock: Callable[[], datetime]
    around: Around

    @asynccontextmanager
    async def compose(self) -> AsyncIterator[_Wired]:
        """Raises ConfigurationError when the database or the bucket is not as the settings say."""
        settings = self.settings
        async with AsyncExitStack() as ending:
            engine = await ending.enter_async_context(open_database(settings))
            await ending.enter_async_context(credentials_ready(self.credentials, self.clock))
            store = self.store
            if store is None:
                store = await ending.enter_async_context(open_store(settings.store, self.credentials))
            await check_store(store)
            lone_put = await lone_put_of(store)
            part_digests = await part_digests_of(settings, store)
            uploads = Uploads(engine)
            ledger, reached = self.around(uploads, store)
            driver = Driver(Driving(ledger, reached, LeaseOwner(secrets.token_hex(8)), timing_of(settings)))
            ending.push_async_callback(driver.close, timedelta(seconds=settings.drain))
            if settings.sweep:
                sweeper = Sweeper(driver, timedelta(seconds=settings.sweep_interval))
                await ending.enter_async_context(_running(sweeper.run(), "sweeper"))
                forgetting = Retention(uploads, timedelta(days=settings.retention) or None)
                await ending.enter_async_context(_running(forgetting.run(), "retention"))
            presigner = Presigner(
                addressing=addressing_of(settings.store), credentials=self.credentials, clock=self.clock
            )
            yield _Wired(
                UploadService(
                    driver,
                    presigner,
                    lifetimes=_lifetimes(settings),
                    quota=_quota(settings),
                    lone_put=lone_put,
                    part_digests=part_digests,
                ),
                ApiKeys(ApiKeyTable(engine), clock=self.clock),
                {"database": lambda: _ask(engine), "store": store.check},
                store.clock_skew if isinstance(store, S3Store) else ClockSkew(),
            )


def _lifetimes(settings: Settings) -> Lifetimes:
    return Lifetimes(
        settings.url_expires, settings.download_expires, timedelta(seconds=settings.hard_lifetime)
    )


def _quota(settings: Settings) -> Quota | None:
    """None when nothing is limited: then nothing is counted, and nothing is paid for it."""
    quota = Quota(settings.quota_tenant_bytes, settings.quota_owner_bytes, settings.max_open_uploads_owner)
    return None if quota == Quota() else quota


def _relay_limits(settings: Settings) -> RelayLimits:
    return RelayLimits(
        settings.relay_at_once if settings.relay else 0, settings.relay_min_rate, settings.relay_patience
    )


def _token_secret(settings: Settings) -> str:
    if settings.token_secret is None:
        raise ConfigurationError("token_secret", "it is not set; `openssl rand -hex 32` makes one")
    return settings.token_secret.get_secret_value()


async def _ask(engine: AsyncEngine) -> None:
    await execute(engine, text("SELECT 1"), {})


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
