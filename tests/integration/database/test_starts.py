"""However often one start is asked for, and by however many at once, one row comes of it."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from coordinator.database.engine import transaction
from coordinator.database.starts import StartAsked, start
from coordinator.errors import IdempotencyKeyReuse
from coordinator.uploads.ledger import IdempotencyKey, Started
from coordinator.uploads.plan import plan_stream
from coordinator.uploads.state import Event, State
from tests.integration.database.ledger import LEASE, ME, Ledger, an_upload, without_now

KEY = IdempotencyKey("acme", "key-1", "retry-me", hashlib.sha256(b"body").digest())


async def starts(
    ledger: Ledger, count: int, *, key: IdempotencyKey | None, fingerprint: str | None
) -> list[Started]:
    wanted = [an_upload(fingerprint=fingerprint) for _ in range(count)]
    return await asyncio.gather(*(ledger.uploads.start(new, key, ME, LEASE) for new in wanted))


async def test_a_row_is_what_was_asked_for(ledger: Ledger) -> None:
    new = an_upload(fingerprint="f" * 64, content_encoding="gzip")
    started = await ledger.uploads.start(new, KEY, ME, LEASE)
    row = started.upload
    assert started.kind == "created"
    assert (row.state, row.epoch, row.lease_owner) == (State.CREATING, 1, ME)
    for name in (
        "id",
        "tenant",
        "owner",
        "policy",
        "filename",
        "content_type",
        "content_encoding",
        "metadata",
        "plan",
        "bucket",
        "key",
        "mark",
        "fingerprint",
        "lifetime",
    ):
        assert getattr(row, name) == getattr(new, name)
    assert row.expires_at == row.created_at + new.lifetime
    assert row.hard_expires_at == row.created_at + new.hard_lifetime
    assert (row.parts_uploaded, row.bytes_uploaded, row.first_part_at, row.last_part_at) == (0, 0, None, None)
    assert without_now(row) == without_now(await ledger.read(row))
    assert await ledger.sql("SELECT type, epoch FROM events") == [(Event.CREATED.value, 1)]


async def test_a_stream_has_neither_size_nor_part_count(ledger: Ledger) -> None:
    row = await ledger.at(State.CREATING, an_upload(plan=plan_stream()))
    assert (row.size, row.part_count, row.part_size) == (None, None, plan_stream().part_size)


async def test_expiry_never_lies_past_the_hard_limit(ledger: Ledger) -> None:
    short = an_upload(lifetime=timedelta(days=2), hard_lifetime=timedelta(days=1))
    row = await ledger.at(State.OPEN, short)
    assert row.expires_at == row.hard_expires_at


async def test_fifty_starts_with_one_key_make_one_row(ledger: Ledger) -> None:
    started = await starts(ledger, 50, key=KEY, fingerprint=None)
    assert len({one.upload.id for one in started}) == 1
    assert sorted(one.kind for one in started) == ["created"] + ["replayed"] * 49
    assert await ledger.sql("SELECT count(*) FROM uploads") == [(1,)]
    assert await ledger.sql("SELECT count(*) FROM events") == [(1,)]


async def test_a_key_is_bound_to_its_body(ledger: Ledger) -> None:
    await ledger.uploads.start(an_upload(), KEY, ME, LEASE)
    other = replace(KEY, request_hash=hashlib.sha256(b"other body").digest())
    with pytest.raises(IdempotencyKeyReuse):
        await ledger.uploads.start(an_upload(), other, ME, LEASE)
    assert await ledger.sql("SELECT count(*) FROM uploads") == [(1,)]


@pytest.mark.parametrize("change", [{"tenant": "umbrella"}, {"principal": "key-2"}, {"key": "another"}])
async def test_keys_of_others_do_not_meet(change: dict[str, str], ledger: Ledger) -> None:
    first = await ledger.uploads.start(an_upload(), KEY, ME, LEASE)
    second = await ledger.uploads.start(an_upload(), replace(KEY, **change), ME, LEASE)  # type: ignore[arg-type]  # names of fields
    assert (second.kind, second.upload.id != first.upload.id) == ("created", True)


@pytest.mark.parametrize(
    ("age", "kind"), [("23 hours 59 minutes", "replayed"), ("24 hours 1 minute", "created")]
)
async def test_a_key_lasts_a_day(age: str, kind: str, ledger: Ledger) -> None:
    await ledger.uploads.start(an_upload(), KEY, ME, LEASE)
    await ledger.sql(
        "UPDATE idempotency_keys SET created_at = now() - CAST(CAST(:age AS text) AS interval)", age=age
    )
    again = await ledger.uploads.start(an_upload(), KEY, ME, LEASE)
    assert again.kind == kind
    if kind == "created":
        assert (await ledger.uploads.start(an_upload(), KEY, ME, LEASE)).upload.id == again.upload.id


async def test_a_replay_finds_the_row_whatever_became_of_it(ledger: Ledger) -> None:
    first = await ledger.uploads.start(an_upload(), KEY, ME, LEASE)
    await ledger.moved(first.upload, Event.FAILED)
    again = await ledger.uploads.start(an_upload(), KEY, ME, LEASE)
    assert (again.kind, again.upload.id, again.upload.state) == ("replayed", first.upload.id, State.FAILED)


async def test_a_removed_upload_takes_its_key_along(ledger: Ledger) -> None:
    first = await ledger.uploads.start(an_upload(), KEY, ME, LEASE)
    await ledger.sql("DELETE FROM uploads WHERE id = :id", id=first.upload.id)
    assert (await ledger.uploads.start(an_upload(), KEY, ME, LEASE)).kind == "created"


async def test_parallel_starts_of_one_file_make_one_row(ledger: Ledger) -> None:
    started = await starts(ledger, 20, key=None, fingerprint="f" * 64)
    assert len({one.upload.id for one in started}) == 1
    assert sorted(one.kind for one in started) == ["created"] + ["resumed"] * 19
    assert await ledger.sql("SELECT count(*) FROM uploads") == [(1,)]


async def test_a_file_that_another_is_just_starting_is_resumed_by_its_own_key_too(ledger: Ledger) -> None:
    first, second = an_upload(fingerprint="f" * 64), an_upload(fingerprint="f" * 64)
    async with transaction(ledger.engine) as connection:
        await start(connection, StartAsked(first, None, ME, LEASE))
        starting = asyncio.create_task(ledger.uploads.start(second, KEY, ME, LEASE))
        async with asyncio.timeout(30):
            while not await ledger.sql(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ):
                assert not starting.done()
    assert ((await starting).kind, (await starting).upload.id) == ("resumed", first.id)
    replay = await ledger.uploads.start(second, KEY, ME, LEASE)
    assert (replay.kind, replay.upload.id) == ("replayed", first.id)
    assert await ledger.sql("SELECT count(*) FROM events") == [(1,)]


@pytest.mark.parametrize("state", [State.CREATING, State.OPEN, State.COMPLETING])
async def test_a_live_file_is_resumed(state: State, ledger: Ledger) -> None:
    live = await ledger.at(state, an_upload(fingerprint="f" * 64))
    again = await ledger.uploads.start(an_upload(fingerprint="f" * 64), KEY, ME, LEASE)
    assert (again.kind, again.upload.id, again.upload.epoch) == ("resumed", live.id, live.epoch)
    replay = await ledger.uploads.start(an_upload(fingerprint="f" * 64), KEY, ME, LEASE)
    assert (replay.kind, replay.upload.id) == ("replayed", live.id)


@pytest.mark.parametrize("state", [State.ABORTING, State.ABORTED, State.COMPLETED, State.FAILED])
async def test_a_file_that_ended_starts_anew(state: State, ledger: Ledger) -> None:
    await ledger.at(state, an_upload(fingerprint="f" * 64))
    assert (await ledger.uploads.start(an_upload(fingerprint="f" * 64), None, ME, LEASE)).kind == "created"


@pytest.mark.parametrize("change", [{"tenant": "umbrella"}, {"owner": "bob"}, {"policy": "video"}])
async def test_files_of_others_do_not_meet(change: dict[str, str], ledger: Ledger) -> None:
    await ledger.at(State.OPEN, an_upload(fingerprint="f" * 64))
    started = await ledger.uploads.start(an_upload(fingerprint="f" * 64, **change), None, ME, LEASE)
    assert started.kind == "created"
