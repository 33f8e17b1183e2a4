"""Whose uploads one sees, and page by page."""

from datetime import timedelta

import pytest

from coordinator.uploads.ledger import ListFilter
from coordinator.uploads.model import Identity, UploadId
from coordinator.uploads.state import Event, State
from tests.integration.database.ledger import LEASE, ME, OWNER, Ledger, an_upload


async def ids(ledger: Ledger, query: ListFilter) -> list[UploadId]:
    return [row.id for row in (await ledger.uploads.find(query))[0]]


@pytest.mark.parametrize(
    ("identity", "seen"),
    [
        (Identity("acme", "ada"), True),
        (Identity("acme", None), True),
        (Identity("acme", "bob"), False),
        (Identity("umbrella", "ada"), False),
        (Identity("umbrella", None), False),
    ],
)
async def test_only_the_tenant_and_the_owner_see_it(identity: Identity, seen: bool, ledger: Ledger) -> None:  # noqa: FBT001 - a column of the table above
    row = await ledger.at(State.OPEN)
    assert (await ledger.uploads.get(row.id, identity) is not None) is seen
    assert await ids(ledger, ListFilter(identity)) == ([row.id] if seen else [])


async def test_pages_newest_first(ledger: Ledger) -> None:
    made = [(await ledger.at(State.CREATING)).id for _ in range(7)]
    await ledger.uploads.start(an_upload(owner="bob"), None, ME, LEASE)
    pages, cursor = [], None
    while True:
        rows, cursor = await ledger.uploads.find(ListFilter(OWNER, limit=3, cursor=cursor))
        pages.append([row.id for row in rows])
        if cursor is None:
            break
    wanted = sorted(made, reverse=True)
    assert pages == [wanted[:3], wanted[3:6], wanted[6:]]


async def test_a_full_last_page_has_no_next_one(ledger: Ledger) -> None:
    for _ in range(3):
        await ledger.at(State.CREATING)
    rows, cursor = await ledger.uploads.find(ListFilter(OWNER, limit=3))
    assert (len(rows), cursor) == (3, None)


async def test_states(ledger: Ledger) -> None:
    live, ended = await ledger.at(State.OPEN), await ledger.at(State.ABORTED)
    assert await ids(ledger, ListFilter(OWNER, states=frozenset({State.OPEN}))) == [live.id]
    both = ListFilter(OWNER, states=frozenset({State.OPEN, State.ABORTED}))
    assert set(await ids(ledger, both)) == {live.id, ended.id}


async def test_a_prefix_of_the_name_means_only_itself(ledger: Ledger) -> None:
    """`%`, `_` and the backslash are letters here."""
    names = ["100%.mov", "100x.mov", "a_b.mov", "axb.mov", "back\\slash.mov"]
    rows = {name: (await ledger.at(State.OPEN, an_upload(filename=name))).id for name in names}
    for prefix, found in {"100%": "100%.mov", "a_": "a_b.mov", "back\\": "back\\slash.mov"}.items():
        assert await ids(ledger, ListFilter(OWNER, filename_prefix=prefix)) == [rows[found]]


async def test_created_before(ledger: Ledger) -> None:
    old, new = await ledger.at(State.OPEN), await ledger.at(State.OPEN)
    await ledger.sql("UPDATE uploads SET created_at = now() - interval '2 days' WHERE id = :id", id=old.id)
    assert await ids(ledger, ListFilter(OWNER, created_before=new.now - timedelta(days=1))) == [old.id]


async def test_ended_rows_show_the_counts_they_ended_with(ledger: Ledger) -> None:
    row = await ledger.at(State.COMPLETING)
    await ledger.moved(row, Event.COMPLETED)
    [listed], _ = await ledger.uploads.find(ListFilter(OWNER))
    assert (listed.parts_uploaded, listed.bytes_uploaded) == (2, row.size)
