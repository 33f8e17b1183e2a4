"""What tests ask for by name: `database_url` (a migrated database of one's own) and `seaweedfs` (a real store)."""

import asyncio
import gc
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings

from coordinator.local.bucket import LocalStore
from tests.postgres import any_postgres, new_database
from tests.seaweedfs import PAGE_ORIGIN, new_seaweedfs

TESTS = Path(__file__).parent
SECONDS = {
    "model/test_model.py": 120,
    "browser": 5,
    "races": 5,
    "e2e": 3,
    "kills": 0.6,
    "model": 0.5,
    "faults": 0.5,
    "contract": 0.3,
    "integration": 0.3,
    "api": 0.15,
    "unit": 0.05,
}
"""What a test takes, about."""


def pytest_configure() -> None:
    """Whoever runs the tests in the background has had signals ignored, and every program they start would inherit that."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)
    # how long an example takes says more about the machine than about what is tested
    settings.register_profile(
        "tests", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, or one worker has half a suite's worth of browsers left when the other has nothing."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        tests = Counter(item.path for item in items)
        items.sort(key=lambda item: -tests[item.path] * seconds_of(item.path))


def seconds_of(file: Path) -> float:
    place = file.relative_to(TESTS)
    return next((taken for name, taken in SECONDS.items() if place.is_relative_to(name)), 1)


def pytest_collection_finish() -> None:
    """All that is imported by now stays: looking through it again and again stops every test for half a second."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> Iterator[None]:
    """Whatever lies around in the shell or in ~/.aws decides no test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            ours = name.startswith(("COORDINATOR_", "AWS_")) or name == "DATABASE_URL"
            # what a program of the tests finds its terminal to be; pytest's own workers have them set
            terminal = name in {"COLUMNS", "LINES"}
            if ours or terminal or name.lower().endswith("_proxy"):
                patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="module", autouse=True)
def nothing_left_open() -> Iterator[None]:
    """What a file's tests forgot to close fails its last one, and not a test of another file later on."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
async def postgres_url(clean_environment: None) -> AsyncIterator[str]:
    """A Postgres server, by the URL of a database from which others may be made."""
    async with any_postgres() as url:
        yield url


@pytest.fixture(scope="session")
async def migrated_template(postgres_url: str) -> AsyncIterator[str]:
    """The name of a database that has all migrations and no rows."""
    from coordinator.database.migrations import upgrade  # noqa: PLC0415 - most tests need no database

    async with new_database(postgres_url) as url:
        await asyncio.to_thread(upgrade, url)
        yield urlsplit(url).path.removeprefix("/")


@pytest.fixture
async def database_url(postgres_url: str, migrated_template: str) -> AsyncIterator[str]:
    """A migrated, empty database for this test alone, as `postgresql://...`."""
    async with new_database(postgres_url, template=migrated_template) as url:
        yield url


@pytest.fixture(scope="session")
async def seaweedfs(
    clean_environment: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LocalStore]:
    """A running store whose bucket takes writes from pages at `tests.seaweedfs.PAGE_ORIGIN`; shared by all tests."""
    async with new_seaweedfs(tmp_path_factory.mktemp("store"), origins=[PAGE_ORIGIN]) as store:
        yield store
