"""A statement over many rows does for each of them what one over that row alone does, or leaves it as it is."""

import asyncio
import hashlib
from typing import Any

import pytest

from coordinator.database.engine import transaction
from coordinator.database.moves import _COMPLETE_UNTOUCHED, Completion, complete_untouched  # what is planned
from coordinator.database.positional import positional
from coordinator.database.starts import _INSERT_WITH_KEYS
from coordinator.database.uploads import _GET_MANY
from coordinator.uploads.ledger import Changes, IdempotencyKey
from coordinator.uploads.model import Claim, Digest, Identity, Method, NewUpload, Quota, Upload
from coordinator.uploads.plan import plan_parts
from coordinator.uploads.state import Event, State
from tests.integration.database.ledger import LEASE, ME, OWNER, Ledger, an_upload, without_now

MANY = 30
SIZE = 5


def small(number: int, **changes: object) -> NewUpload:
    known = {"method": Method.PUT, "plan": plan_parts(SIZE), "fingerprint": f"{number:064x}"}
    return an_upload(**{**known, **changes})


def key(name: object, body: str = "body") -> IdempotencyKey:
    return IdempotencyKey("acme", "key-1", str(name), hashlib.sha256(body.encode()).digest())


async def opened(ledger: Ledger, count: int, **changes: object) -> list[Upload]:
    begun = (
        ledger.uploads.start(small(number, **changes), key(number), ME, LEASE) for number in range(count)
    )
    return [started.upload for started in await asyncio.gather(*begun)]


def found(upload: Upload) -> Changes:
    """What a look at its object showed."""
    name = upload.id.hex
    return Changes(etag=name, version_id=f"v-{name}", digest=Digest("md5", name, verified=True))


def same(upload: Upload, other: Upload) -> dict[str, Any]:
    """What tells one row from another although the same happened to both; nothing else may differ."""
    return {
        name: getattr(upload, name)
        for name in Upload.__dataclass_fields__
        if getattr(upload, name) != getattr(other, name)
    }


async def test_many_starts_are_as_many_lone_ones(ledger: Ledger) -> None:
    wanted = [small(number, metadata={"n": str(number)}) for number in range(MANY)]
    asked = (ledger.uploads.start(new, key(number), ME, LEASE) for number, new in enumerate(wanted))
    many = await asyncio.gather(*asked)
    lone = await ledger.uploads.start(small(MANY), key(MANY), ME, LEASE)
    assert {started.kind for started in many} == {"created"}
    for new, started in zip(wanted, many, strict=True):
        row = started.upload
        for name in ("id", "key", "mark", "fingerprint", "metadata", "plan", "method", "lifetime"):
            assert getattr(row, name) == getattr(new, name)
        assert without_now(row) == without_now(await ledger.read(row))
        times = {"created_at", "updated_at", "expires_at", "hard_expires_at", "wake_at", "now"}
        own = {"id", "key", "mark", "fingerprint", "metadata"}
        assert same(row, lone.upload).keys() <= times | own
        assert (row.expires_at - row.created_at, row.state) == (new.lifetime, State.OPEN)
    assert await ledger.sql("SELECT count(*), count(DISTINCT upload_id) FROM events") == [
        (MANY + 1, MANY + 1)
    ]
    again = await asyncio.gather(
        *(ledger.uploads.start(small(number), key(number), ME, LEASE) for number in range(MANY))
    )
    assert [(one.kind, one.upload.id) for one in again] == [("replayed", new.id) for new in wanted]


async def test_what_is_known_among_many_is_found_and_the_others_begin(ledger: Ledger) -> None:
    live, kept = await opened(ledger, 2)
    asked = [
        (small(0), key("new key for a live file")),
        (small(9), key(1)),
        (small(5), key("one")),
        (small(5), key("other key, same file")),
        (small(6), key("twice")),
        (small(7), key("twice")),
        (small(8, fingerprint=None), key("of no file")),
        (small(10, method=Method.MULTIPART), key("in parts")),
    ]
    many = await asyncio.gather(*(ledger.uploads.start(new, name, ME, LEASE) for new, name in asked))
    kinds = [started.kind for started in many]
    assert kinds[:4] == ["resumed", "replayed", "created", "resumed"]
    # of two that come with one key, either is the first
    assert (sorted(kinds[4:6]), kinds[6:]) == (["created", "replayed"], ["created", "created"])
    assert [many[0].upload.id, many[1].upload.id] == [live.id, kept.id]
    assert many[2].upload.id == many[3].upload.id
    assert many[4].upload.id == many[5].upload.id
    assert (many[7].upload.state, many[7].upload.lease_owner) == (State.CREATING, ME)
    assert await ledger.sql("SELECT count(*) FROM uploads") == [(6,)]
    assert await ledger.sql("SELECT count(*) FROM events") == [(6,)]


async def test_many_completions_are_as_many_lone_ones(ledger: Ledger) -> None:
    rows = await opened(ledger, MANY + 1)
    lone = await ledger.uploads.move(rows[-1], Event.COMPLETED, found(rows[-1]))
    assert lone is not None
    many = await asyncio.gather(*(ledger.uploads.move(row, Event.COMPLETED, found(row)) for row in rows[:-1]))
    for row, moved in zip(rows, many, strict=False):
        assert moved is not None
        assert (moved.id, moved.state, moved.epoch) == (row.id, State.COMPLETED, 2)
        assert (moved.etag, moved.version_id, moved.digest) == (
            row.id.hex,
            f"v-{row.id.hex}",
            Digest("md5", row.id.hex, verified=True),
        )
        assert (moved.parts_uploaded, moved.bytes_uploaded) == (1, SIZE)
        assert without_now(moved) == without_now(await ledger.read(row))
        times = {"created_at", "updated_at", "expires_at", "hard_expires_at", "completed_at", "now"}
        own = {"id", "key", "mark", "fingerprint", "etag", "version_id", "digest"}
        assert same(moved, lone).keys() <= times | own
    assert await ledger.sql("SELECT type, count(*) FROM events GROUP BY type ORDER BY type") == [
        (Event.COMPLETED.value, MANY + 1),
        (Event.CREATED.value, MANY + 1),
    ]
    again = [ledger.uploads.move(row, Event.COMPLETED, found(row)) for row in rows]
    assert await asyncio.gather(*again) == [None] * len(rows)


async def test_one_of_two_that_complete_the_same_wins(ledger: Ledger) -> None:
    rows = await opened(ledger, 3)
    moved = await asyncio.gather(*(ledger.uploads.move(row, Event.COMPLETED, found(row)) for row in rows * 2))
    assert [one is not None for one in moved] == [True] * 3 + [False] * 3


async def test_a_row_that_another_holds_is_left_and_nobody_waits(ledger: Ledger) -> None:
    held, *others = rows = await opened(ledger, 4)
    async with transaction(ledger.engine) as connection:
        await connection.driver.execute("SELECT FROM uploads WHERE id = $1 FOR UPDATE", held.id)
        asked = [Completion(row, found(row)) for row in rows]
        moved = await complete_untouched(ledger.engine, asked)
    assert [row and row.id for row in moved] == [None, *(row.id for row in others)]
    assert await ledger.uploads.move(held, Event.COMPLETED, found(held)) is not None


async def test_what_was_reported_meanwhile_is_counted(ledger: Ledger) -> None:
    reported, other = await opened(ledger, 2)
    assert await ledger.uploads.record_parts(reported.id, [Claim(1, SIZE, "etag")])
    stale = [Completion(reported, found(reported))]
    assert await complete_untouched(ledger.engine, stale) == [None], "a row that is not as it was seen"
    moved = await asyncio.gather(
        *(ledger.uploads.move(row, Event.COMPLETED, found(row)) for row in (reported, other))
    )
    assert [one is not None and one.parts_uploaded for one in moved] == [1, 1]
    assert await ledger.sql("SELECT count(*) FROM parts") == [(0,)]


async def test_those_with_a_quota_are_each_counted(ledger: Ledger) -> None:
    rows = await opened(ledger, 4, quota=Quota(tenant_bytes=100, owner_bytes=100, owner_uploads=50))
    moved = await asyncio.gather(*(ledger.uploads.move(row, Event.COMPLETED, found(row)) for row in rows))
    assert all(moved)
    counted = await ledger.sql("SELECT owner, reserved, used, live FROM quotas ORDER BY owner")
    assert counted == [("", 0, 4 * SIZE, 0), ("ada", 0, 4 * SIZE, 0)]


async def test_each_is_shown_what_is_in_reach(ledger: Ledger) -> None:
    first, second = await opened(ledger, 2)
    [foreign] = [(await ledger.uploads.start(small(9, tenant="umbrella"), None, ME, LEASE)).upload]
    bob, anybody = Identity("acme", "bob"), Identity("acme", None)
    asked = [
        (first.id, OWNER), (second.id, OWNER), (foreign.id, OWNER), (foreign.id, Identity("umbrella", None)),
        (first.id, bob), (first.id, anybody), (first.id, OWNER), (small(0).id, OWNER),
    ]  # fmt: skip
    shown = await asyncio.gather(*(ledger.uploads.get(*one) for one in asked))
    assert [row and row.id for row in shown] == [
        first.id, second.id, None, foreign.id, None, first.id, first.id, None
    ]  # fmt: skip


@pytest.mark.parametrize("statement", [_GET_MANY, _INSERT_WITH_KEYS, _COMPLETE_UNTOUCHED])
async def test_a_kept_plan_finds_its_index(ledger: Ledger, statement: Any) -> None:
    placed = positional(statement)
    async with transaction(ledger.engine) as connection:
        await connection.driver.execute("SET LOCAL plan_cache_mode = 'force_generic_plan'")
        await connection.driver.execute(f"PREPARE many AS {placed.sql}")
        nothing = ", ".join(["NULL"] * len(placed.names))
        lines = await connection.driver.fetch(f"EXPLAIN EXECUTE many ({nothing})")
        await connection.driver.execute("DEALLOCATE many")
    plan = "\n".join(line for (line,) in lines)
    assert "Seq Scan" not in plan, plan
