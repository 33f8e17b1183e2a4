"""Claims come in batches, repeat and contradict each other; the ledger keeps what still holds."""

import asyncio

import pytest

from coordinator.database.engine import StatementRefused
from coordinator.uploads.model import Claim, Method, new_upload_id
from coordinator.uploads.state import Event, State
from tests.integration.database.ledger import Ledger


async def recorded(
    ledger: Ledger, *batches: list[Claim]
) -> list[tuple[int, int, str | None, str | None, str | None]]:
    row = await ledger.at(State.OPEN)
    for batch in batches:
        assert await ledger.uploads.record_parts(row.id, batch)
    return [
        (part.part_number, part.size, part.etag, part.md5, part.sha256)
        for part in await ledger.uploads.parts(row.id)
    ]


async def test_a_batch_is_read_back_in_order(ledger: Ledger) -> None:
    batch = [Claim(3, 30, "cc"), Claim(1, 10, "aa", "md5=", "sha="), Claim(2, 20)]
    assert await recorded(ledger, batch) == [
        (1, 10, "aa", "md5=", "sha="),
        (2, 20, None, None, None),
        (3, 30, "cc", None, None),
    ]


async def test_the_last_claim_of_a_batch_counts(ledger: Ledger) -> None:
    assert await recorded(ledger, [Claim(1, 10, "aa"), Claim(1, 10, "bb")]) == [(1, 10, "bb", None, None)]


@pytest.mark.parametrize(
    ("second", "kept"),
    [
        (Claim(1, 10), (1, 10, "aa", "m=", "s=")),
        (Claim(1, 10, "aa"), (1, 10, "aa", "m=", "s=")),
        (Claim(1, 10, None, "m="), (1, 10, "aa", "m=", "s=")),
        (Claim(1, 11), (1, 11, None, None, None)),
        (Claim(1, 10, "bb"), (1, 10, "bb", None, None)),
        (Claim(1, 10, None, "other="), (1, 10, None, "other=", None)),
        (Claim(1, 10, None, None, "other="), (1, 10, None, None, "other=")),
        (Claim(1, 10, "bb", "n=", "t="), (1, 10, "bb", "n=", "t=")),
    ],
)
async def test_silence_keeps_what_nothing_contradicts(
    second: Claim, kept: tuple[int, int, str | None, str | None, str | None], ledger: Ledger
) -> None:
    assert await recorded(ledger, [Claim(1, 10, "aa", "m=", "s=")], [second]) == [kept]


async def test_an_empty_batch_only_asks_whether_the_upload_is_open(ledger: Ledger) -> None:
    assert await ledger.uploads.record_parts((await ledger.at(State.OPEN)).id, [])
    assert not await ledger.uploads.record_parts(new_upload_id(), [])


@pytest.mark.parametrize("state", [state for state in State if state is not State.OPEN])
async def test_only_an_open_upload_takes_parts(state: State, ledger: Ledger) -> None:
    row = await ledger.at(state)
    assert not await ledger.uploads.record_parts(row.id, [Claim(1, 10, "aa")])
    assert await ledger.sql("SELECT count(*) FROM parts") == [(0,)]


@pytest.mark.parametrize("method", Method)
async def test_a_record_waits_for_a_move_and_then_writes_nothing(method: Method, ledger: Ledger) -> None:
    row = await ledger.open(method)
    async with ledger.engine.begin() as moving:
        await moving.exec_driver_sql(
            f"UPDATE uploads SET state = 'aborting', epoch = 3 WHERE id = '{row.id}'"
        )
        record = asyncio.create_task(ledger.uploads.record_parts(row.id, [Claim(1, 10, "aa")]))
        async with asyncio.timeout(30):
            while not await ledger.sql("SELECT 1 FROM pg_locks WHERE NOT granted"):
                assert not record.done()
    assert not await record
    assert await ledger.uploads.parts(row.id) == []


async def test_writers_of_the_same_parts_in_any_order_never_deadlock(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    forwards = [Claim(number, 10, "aa") for number in range(1, 201)]
    batches = [forwards, forwards[::-1]] * 10
    assert all(await asyncio.gather(*(ledger.uploads.record_parts(row.id, batch) for batch in batches)))
    assert len(await ledger.uploads.parts(row.id)) == 200


async def test_counts_are_of_the_rows_while_they_are_there(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    await ledger.uploads.record_parts(row.id, [Claim(1, 10, "aa")])
    await ledger.uploads.record_parts(row.id, [Claim(2, 5, "bb")])
    now = await ledger.read(row)
    assert (now.parts_uploaded, now.bytes_uploaded) == (2, 15)
    assert now.first_part_at is not None
    assert now.last_part_at is not None
    assert now.first_part_at < now.last_part_at <= now.now


async def test_pages_and_picks(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    await ledger.uploads.record_parts(row.id, [Claim(number, number, "aa") for number in range(1, 11)])
    page = await ledger.uploads.parts(row.id, after=3, limit=4)
    assert [part.part_number for part in page] == [4, 5, 6, 7]
    picked = await ledger.uploads.parts_by_number(row.id, [2, 9, 11])
    assert {number: part.size for number, part in picked.items()} == {2: 2, 9: 9}


async def test_a_claim_whose_size_nobody_filled_in_is_a_defect(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    with pytest.raises(StatementRefused):
        await ledger.uploads.record_parts(row.id, [Claim(1)])


async def test_the_end_of_a_stream_is_fixed_once(ledger: Ledger) -> None:
    row = await ledger.at(State.OPEN)
    await ledger.sql("UPDATE uploads SET size = NULL, part_count = NULL WHERE id = :id", id=row.id)
    ends = await asyncio.gather(*(ledger.uploads.fix_stream_end(row.id, count) for count in range(1, 11)))
    counts = {end.part_count for end in ends if end is not None}
    assert len(counts) == 1
    assert (await ledger.read(row)).part_count in counts
    aborting = await ledger.moved(row, Event.ABORTING)
    assert await ledger.uploads.fix_stream_end(aborting.id, 1) is None
