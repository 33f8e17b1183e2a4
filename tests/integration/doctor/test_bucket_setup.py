"""`coordinator bucket setup`: shown, asked, merged, read back."""

import io
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import pytest

from coordinator.cli.bucket import _setup, run_setup
from coordinator.doctor.bucket import Bucket, BucketRefused
from coordinator.doctor.bucket_setup import Change, planned_changes
from coordinator.errors import ConfigurationError
from coordinator.local.bucket import LocalStore, store_client
from tests.integration.doctor.command import coordinator, environment
from tests.integration.doctor.patients import PAGE, Healthy

FOREIGN = {
    "AllowedOrigins": ["https://other.example"],
    "AllowedMethods": ["GET"],
    "AllowedHeaders": ["*"],
    "ExposeHeaders": [],
}


@pytest.fixture
async def fresh(own_bucket: LocalStore, examined_database: str) -> AsyncIterator[Healthy]:
    """A bucket without rules."""
    store = replace(own_bucket, bucket=f"{own_bucket.bucket}-{os.urandom(3).hex()}")
    async with store_client(store) as client:
        await client.create_bucket(Bucket=store.bucket)
    yield Healthy(asdict(store), examined_database)
    async with store_client(store) as client:
        await client.delete_bucket(Bucket=store.bucket)


async def planned_again(store: LocalStore) -> list[Change]:
    async with store_client(store) as client:
        return await planned_changes(Bucket(store.bucket, client), origins=[PAGE], days=7)


async def test_a_bucket_set_up_is_one_the_doctor_passes(fresh: Healthy) -> None:
    store = LocalStore(**fresh.store)
    async with store_client(store) as client:
        await client.put_bucket_cors(Bucket=store.bucket, CORSConfiguration={"CORSRules": [FOREIGN]})
    ended = await coordinator("bucket", "setup", "--origin", PAGE, "--yes", settings=environment(fresh))
    assert (ended.code, ended.stderr) == (0, "")
    assert "+ all keys: abort unfinished uploads after 7 days" in ended.stdout
    assert f"+ {PAGE} may PUT, GET, HEAD" in ended.stdout
    assert "    https://other.example may GET" in ended.stdout
    async with store_client(store) as client:
        rules = (await client.get_bucket_cors(Bucket=store.bucket))["CORSRules"]
    assert [rule["AllowedOrigins"] for rule in rules] == [[PAGE], ["https://other.example"]]
    again = await planned_again(store)
    assert [change.needed for change in again] == [False, False]
    report = await fresh.examined()
    assert report.failed | report.warned <= {"database.durability"}


@pytest.fixture
def set_up(fresh: Healthy, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What the command calls, with this bucket's settings; good for what is refused before anything is sent."""
    for name, value in environment(fresh).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    return run_setup


async def test_without_a_terminal_and_without_yes_nothing_happens(
    fresh: Healthy, set_up: Callable[..., None]
) -> None:
    with pytest.raises(ConfigurationError, match="--yes"):
        set_up([PAGE], None, yes=False)
    async with store_client(LocalStore(**fresh.store)) as client:
        assert await Bucket(fresh.store["bucket"], client).cors_rules() == []


async def test_days_that_would_end_living_uploads_are_refused(set_up: Callable[..., None]) -> None:
    with pytest.raises(ConfigurationError, match="7 or more"):
        set_up([PAGE], 6, yes=True)


@pytest.mark.parametrize(("typed", "kept"), [("n", False), ("y", True)])
async def test_on_a_terminal_it_asks(
    fresh: Healthy,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    *,
    kept: bool,
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: typed)
    assert await _setup(fresh.settings(), 7, yes=False) is kept
    assert ("nothing was changed" in capsys.readouterr().out) is not kept
    async with store_client(LocalStore(**fresh.store)) as client:
        assert bool(await Bucket(fresh.store["bucket"], client).lifecycle_rules()) is kept


Rules = Sequence[Mapping[str, Any]]


class Forgetful(Bucket):
    """Takes rules and forgets them, as MinIO does."""

    def __init__(self) -> None:
        self.name = "forgetful"

    async def cors_rules(self) -> list[Mapping[str, Any]]:
        return []

    async def put_cors_rules(self, rules: Rules) -> None:
        assert rules

    async def lifecycle_rules(self) -> list[Mapping[str, Any]]:
        raise BucketRefused("NotImplemented", 501)


async def test_a_store_that_forgets_is_found_out_and_what_cannot_be_read_is_not_written() -> None:
    cors, lifecycle = await planned_changes(Forgetful(), origins=[PAGE], days=7)
    assert cors.needed
    assert "did not keep them" in (await cors.carried_out() or "")
    assert not lifecycle.needed
    assert lifecycle.shown() == ["cannot be read (NotImplemented), so nothing will be written"]
