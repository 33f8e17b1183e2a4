"""`coordinator bucket setup`: shown, asked, merged, read back."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import pytest

from coordinator.doctor.bucket import Bucket, BucketRefused
from coordinator.doctor.bucket_setup import planned_changes
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
    report = await fresh.examined()
    assert report.failed | report.warned <= {"database.durability"}


async def test_a_second_time_there_is_nothing_to_do(fresh: Healthy) -> None:
    first = await coordinator("bucket", "setup", "--origin", PAGE, "--yes", settings=environment(fresh))
    assert first.code == 0
    again = await coordinator("bucket", "setup", "--origin", PAGE, "--yes", settings=environment(fresh))
    assert (again.code, again.stderr) == (0, "")
    assert "nothing to do" in again.stdout


async def test_without_a_terminal_and_without_yes_nothing_happens(fresh: Healthy) -> None:
    ended = await coordinator("bucket", "setup", "--origin", PAGE, settings=environment(fresh), typed=b"y\n")
    assert ended.code == 2
    assert "--yes" in ended.stderr
    async with store_client(LocalStore(**fresh.store)) as client:
        assert await Bucket(fresh.store["bucket"], client).cors_rules() == []


async def test_days_that_would_end_living_uploads_are_refused(fresh: Healthy) -> None:
    ended = await coordinator("bucket", "setup", "--abort-days", "6", "--yes", settings=environment(fresh))
    assert ended.code == 2
    assert "7 or more" in ended.stderr


@pytest.mark.parametrize(("typed", "kept"), [("n", False), ("y", True)])
async def test_on_a_terminal_it_asks(
    fresh: Healthy,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    *,
    kept: bool,
) -> None:
    from coordinator.cli.bucket import _setup  # noqa: PLC0415 - imports the server's packages

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
