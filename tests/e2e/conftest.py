"""A server for tests that kill nothing, shared; and one behind a gate for those that do."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from coordinator.local.bucket import LocalStore
from tests.e2e.audit import Audit
from tests.e2e.client_site import Site, new_file, new_site
from tests.e2e.device import Device, device
from tests.e2e.gate import Gate, gate_to
from tests.e2e.server import IMPATIENT, Server, new_key, new_server, settings_for
from tests.postgres import new_database

PLAIN = {
    "COORDINATOR_POLICIES__plain__CONTENT_ENCODINGS": "[]",
    "COORDINATOR_POLICIES__small__MAX_SIZE": "1000",
}
"""Policies that take nothing that is compressed on its way: one says so, and one wants to know sizes."""

BRIEF = {
    # longer than anybody's next request takes, whatever else the machine does
    "COORDINATOR_POLICIES__brief__LIFETIME": "4",
    "COORDINATOR_POLICIES__steady__LIFETIME": "4",
    # its client sends one small part again and again
    "COORDINATOR_POLICIES__steady__SMALL_FILES": "multipart",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A server, and everything around it."""

    server: Server
    key: str
    """Its API key."""
    audit: Audit
    folder: Path
    """Of what its programs say."""


@dataclass(frozen=True, slots=True)
class Gated(Place):
    gate: Gate


@pytest.fixture(scope="module")
async def ledger(postgres_url: str, migrated_template: str) -> AsyncIterator[str]:
    """A migrated database for one file of tests."""
    async with new_database(postgres_url, template=migrated_template) as url:
        yield url


@pytest.fixture(scope="session")
async def place(
    postgres_url: str,
    migrated_template: str,
    seaweedfs: LocalStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Place]:
    """A server that says all it can; shared, never killed."""
    folder = tmp_path_factory.mktemp("place")
    async with new_database(postgres_url, template=migrated_template) as url:
        debug = {"COORDINATOR_LOG_LEVEL": "debug"}
        settings = settings_for(url, seaweedfs, **IMPATIENT, **BRIEF, **PLAIN, **debug)
        async with new_server(folder, settings) as server:
            yield Place(server, await new_key(folder, url), Audit(url, seaweedfs), folder)
            stopped = await server.stop()
            assert stopped.code == 0, stopped.stderr


@pytest.fixture
async def person(place: Place) -> AsyncIterator[Device]:
    """Somebody with the API key of `place`."""
    async with device(place.server.url, place.key) as user:
        yield user


@pytest.fixture(scope="module")
async def gated(
    ledger: str, seaweedfs: LocalStore, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gated]:
    """A server that reaches its store through a gate, while clients go straight there."""
    folder = tmp_path_factory.mktemp("gated")
    async with gate_to(seaweedfs.endpoint_url) as gate:
        addresses = {
            "COORDINATOR_STORE__ENDPOINT_URL": gate.endpoint_url,
            "COORDINATOR_STORE__PUBLIC_ENDPOINT_URL": seaweedfs.endpoint_url,
        }
        settings = settings_for(ledger, seaweedfs, **IMPATIENT, **addresses)
        key = await new_key(folder, ledger)
        async with new_server(folder, settings) as server:
            yield Gated(server, key, Audit(ledger, seaweedfs), folder, gate)


@pytest.fixture
def content() -> bytes:
    """Three parts, the last one shorter."""
    return secrets.token_bytes(12_000_000)


@pytest.fixture
def long_content() -> bytes:
    """Eight parts: sent `SLOWLY`, its end is seconds away from whatever part has just arrived."""
    return secrets.token_bytes(40_000_000)


@pytest.fixture(scope="session")
async def running_site(
    postgres_url: str,
    migrated_template: str,
    seaweedfs: LocalStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    async with new_site(folder, postgres_url, migrated_template, seaweedfs) as site:
        yield site


@pytest.fixture
def site(running_site: Site) -> Site:
    """A service for the Python client, shared; its cable is sound when a test begins, and who kills it starts it again."""
    running_site.cable.mend()
    running_site.cable.share = 0.0
    return running_site


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a file for the Python client."""
    return new_file(tmp_path)
