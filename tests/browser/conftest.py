"""The upload page, a service process, Postgres, SeaweedFS and Chromium, all real; an observer between browser and store."""

import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser

from coordinator.access.principals import Scope
from coordinator.cli.keys import create_key
from coordinator.local.bucket import LocalStore
from coordinator.local.ports import is_free
from tests.browser.bucket import Bucket, open_bucket
from tests.browser.chromium import chromium
from tests.browser.files import MIB, Sample, write_sample
from tests.browser.foreign import ForeignSite
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder, Service, serve_settings
from tests.browser.visitor import Row, Visitor, visiting
from tests.e2e.cable import Cable, cable_to
from tests.ports import OwnPorts
from tests.postgres import new_database
from tests.seaweedfs import new_seaweedfs

Visiting = Callable[..., AbstractAsyncContextManager[Visitor]]
MakeSample = Callable[..., Sample]
IsWhole = Callable[[Row, Sample], Awaitable[dict[str, Any]]]

# below those from which SeaweedFS's are chosen and those that are lent to connections; browsers refuse none of them
PORTS = range(10_100, 12_000)


def free_ports() -> tuple[int, int, int]:
    """A service's, an observer's and a foreign site's: all must be known before any starts."""
    free = filter(is_free, OwnPorts().sample(PORTS, len(PORTS)))
    return next(free), next(free), next(free)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def ports(clean_environment: None) -> tuple[int, int, int]:
    return free_ports()


@pytest.fixture(scope="session")
async def page_store(
    ports: tuple[int, int, int], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LocalStore]:
    """A store that takes writes from the pages of `service` and of the foreign site."""
    origins = [f"http://127.0.0.1:{port}" for port in (ports[0], ports[2])]
    async with new_seaweedfs(tmp_path_factory.mktemp("page-store"), origins=origins) as store:
        yield store


@pytest.fixture(scope="session")
async def shared_observer(ports: tuple[int, int, int], page_store: LocalStore) -> AsyncIterator[Observer]:
    observer = Observer(ports[1])
    observer.store = page_store.endpoint_url
    async with observer.running():
        yield observer


@pytest.fixture
def observer(shared_observer: Observer) -> Iterator[Observer]:
    shared_observer.forget()
    yield shared_observer
    shared_observer.release()


@pytest.fixture(scope="session")
async def page_database(postgres_url: str, migrated_template: str) -> AsyncIterator[str]:
    async with new_database(postgres_url, template=migrated_template) as url:
        yield url


@pytest.fixture(scope="session")
async def service_cable(page_store: LocalStore) -> AsyncIterator[Cable]:
    """The way of `service` itself to the store, apart from that of pages."""
    async with cable_to(page_store.endpoint_url) as cable:
        yield cable


@pytest.fixture(scope="session")
async def service(
    *,
    ports: tuple[int, int, int],
    page_store: LocalStore,
    service_cable: Cable,
    page_database: str,
    shared_observer: Observer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Service]:
    settings = serve_settings(
        database_url=page_database,
        store=replace(page_store, endpoint_url=service_cable.endpoint_url),
        public=shared_observer.url,
        port=ports[0],
    )
    settings["COORDINATOR_ALLOWED_ORIGINS"] = json.dumps([f"http://127.0.0.1:{ports[2]}"])
    log = tmp_path_factory.mktemp("service") / "log"
    service = Service(("serve",), url=f"http://127.0.0.1:{ports[0]}", environment=settings, log=log)
    try:
        await service.start()
        yield service
    finally:
        await service.kill()


@pytest.fixture(scope="session")
async def key_holder(service: Service, page_database: str) -> AsyncIterator[KeyHolder]:
    made = await create_key(page_database, tenant="default", owner=None, name="test", scopes=frozenset(Scope))
    async with httpx2.AsyncClient(base_url=service.url, timeout=60) as client:
        yield KeyHolder(client, made.text)


@pytest.fixture(scope="session")
async def bucket(page_store: LocalStore) -> AsyncIterator[Bucket]:
    async with open_bucket(page_store) as opened:
        yield opened


@pytest.fixture
def is_whole(key_holder: KeyHolder, bucket: Bucket) -> IsWhole:
    """Waits until the row's upload is complete; its object has the file's bytes. Returns the upload."""

    async def check(row: Row, file: Sample) -> dict[str, Any]:
        await row.reaches("completed")
        upload = await key_holder.upload(await row.upload_id())
        assert (upload["state"], upload["filename"], upload["size"]) == ("completed", file.name, file.size)
        assert await bucket.sha256(upload["key"]) == file.sha256, "the object is not the file"
        return upload

    return check


@pytest.fixture
async def visit(browser: Browser, service: Service, key_holder: KeyHolder) -> Visiting:
    """Opens the page for somebody with uploads of their own; takes the options of a browser context."""
    return partial(visiting, browser, service.url, await key_holder.token())


@pytest.fixture
async def visitor(visit: Visiting, observer: Observer) -> AsyncIterator[Visitor]:
    async with visit() as visitor:
        yield visitor


@pytest.fixture
async def site(
    ports: tuple[int, int, int], service: Service, shared_observer: Observer, key_holder: KeyHolder
) -> AsyncIterator[ForeignSite]:
    site = ForeignSite(ports[2], coordinator=service.url, store=shared_observer.url, token=key_holder.token)
    async with site.running():
        yield site


@pytest.fixture
def sample(tmp_path: Path) -> MakeSample:
    """Writes a file of `size` bytes, `name` or a fresh one; none is like another."""

    def write(size: int = 40 * MIB, name: str | None = None) -> Sample:
        path = tmp_path / (name or f"{secrets.token_hex(4)}.bin")
        return write_sample(path, size, seed=secrets.randbits(64))

    return write
