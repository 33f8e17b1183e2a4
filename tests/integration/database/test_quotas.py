"""What is reserved and used never exceeds the limit, and whatever becomes of an upload gives back what it took."""

import asyncio
import random

import pytest
from sqlalchemy import text

from coordinator.database.engine import StatementRefused, execute
from coordinator.errors import QuotaExceeded, SizeNotAllowed
from coordinator.uploads.ledger import Changes
from coordinator.uploads.model import NewUpload, Quota, Upload
from coordinator.uploads.plan import MIB, plan_stream
from coordinator.uploads.state import TERMINAL, Event, Reason, State
from tests.integration.database.ledger import CHANGES, LEASE, ME, WAY, Ledger, an_upload

TEN = Quota(tenant_bytes=100 * MIB)
"""Room for ten uploads of 10 MiB."""


def counted(quota: Quota, **changes: object) -> NewUpload:
    return an_upload(quota=quota, **changes)


async def start(ledger: Ledger, new: NewUpload) -> Upload:
    return (await ledger.uploads.start(new, None, ME, LEASE)).upload


async def standing(ledger: Ledger, owner: str = "") -> tuple[object, ...]:
    """In MiB: reserved, used; and how many are under way."""
    [row] = await ledger.sql(
        "SELECT CAST(reserved / 1048576 AS int), CAST(used / 1048576 AS int), live FROM quotas"
        " WHERE tenant = 'acme' AND owner = :owner",
        owner=owner,
    )
    return row


async def test_nothing_is_counted_where_nothing_is_limited(ledger: Ledger) -> None:
    await ledger.at(State.COMPLETED)
    assert await ledger.sql("SELECT count(*) FROM quotas") == [(0,)]


@pytest.mark.parametrize("state", State)
async def test_what_each_state_holds(state: State, ledger: Ledger) -> None:
    await ledger.at(state, counted(Quota(tenant_bytes=10 * MIB, owner_bytes=10 * MIB)))
    used = 10 if state is State.COMPLETED else 0
    expected = (0, used, 0) if state in TERMINAL else (10, 0, 1)
    assert await standing(ledger) == expected
    assert await standing(ledger, "ada") == expected


async def test_two_hundred_at_once_never_exceed_it(ledger: Ledger) -> None:
    outcomes = await asyncio.gather(
        *(start(ledger, counted(TEN, owner=f"owner{n % 3}")) for n in range(200)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Upload)]
    assert {type(refusal) for refusal in refused} == {QuotaExceeded}
    assert len(refused) == 190
    assert await standing(ledger) == (100, 0, 10)
    assert await ledger.sql("SELECT count(*), (SELECT count(*) FROM events) FROM uploads") == [(10, 10)]


async def test_starts_and_ends_of_the_same_files_never_deadlock(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ends hold the upload and want the quota; starts of the same file wait for that end: hence the one order."""
    monkeypatch.setattr("coordinator.database.engine.ATTEMPTS", 1)  # a deadlock is not made good, but raised
    quota = Quota(tenant_bytes=200 * MIB, owner_bytes=60 * MIB, owner_uploads=5)
    chance = random.Random(7)  # reproducible

    async def live(number: int) -> None:
        for turn in range(6):
            owner, file = f"owner{number % 4}", f"{(number + turn) % 8}" * 64
            try:
                started = await ledger.uploads.start(
                    counted(quota, owner=owner, fingerprint=file), None, ME, LEASE
                )
            except QuotaExceeded:
                continue
            row: Upload | None = started.upload
            for event in WAY[chance.choice(sorted(TERMINAL))]:
                row = row and await ledger.uploads.move(row, event, CHANGES[event])

    outcomes = await asyncio.gather(*(live(number) for number in range(20)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {type(None), ValueError}, outcomes
    await agrees(ledger)


async def agrees(ledger: Ledger) -> None:
    """The counters are what the uploads add up to."""
    wrong = await ledger.sql("""
        SELECT * FROM quotas AS q CROSS JOIN LATERAL (
            SELECT COALESCE(sum(quota_reserved) FILTER (WHERE stored_parts IS NULL), 0) AS reserved,
                   COALESCE(sum(stored_bytes) FILTER (WHERE state = 'completed'), 0) AS used,
                   count(*) FILTER (WHERE stored_parts IS NULL) AS live
            FROM uploads WHERE tenant = q.tenant AND q.owner IN ('', owner)
        ) AS sums
        WHERE (q.reserved, q.used, q.live) IS DISTINCT FROM (sums.reserved, sums.used, sums.live)
    """)
    assert wrong == []
    [[rows, counted_uploads]] = await ledger.sql(
        "SELECT (SELECT count(*) FROM quotas), (SELECT count(*) FROM uploads WHERE quota_owner)"
    )
    assert rows == 5
    assert isinstance(counted_uploads, int)
    assert counted_uploads > 10


async def test_a_refusal_says_how_it_stands_and_leaves_nothing(ledger: Ledger) -> None:
    await ledger.at(State.COMPLETED, counted(Quota(tenant_bytes=25 * MIB)))
    await start(ledger, counted(Quota(tenant_bytes=25 * MIB)))
    with pytest.raises(QuotaExceeded) as refused:
        await start(ledger, counted(Quota(tenant_bytes=25 * MIB)))
    assert refused.value.members == {"limit": 25 * MIB, "used": 10 * MIB, "reserved": 10 * MIB}
    assert await ledger.sql("SELECT count(*) FROM uploads") == [(2,)]
    assert await standing(ledger) == (10, 10, 1)


async def test_an_upload_exactly_as_large_as_what_is_left_fits(ledger: Ledger) -> None:
    await start(ledger, counted(Quota(tenant_bytes=10 * MIB)))
    with pytest.raises(QuotaExceeded):
        await start(ledger, counted(Quota(tenant_bytes=20 * MIB - 1)))
    await start(ledger, counted(Quota(tenant_bytes=20 * MIB)))


async def test_owners_have_their_own_and_tenants_do_not_meet(ledger: Ledger) -> None:
    quota = Quota(owner_bytes=10 * MIB)
    await start(ledger, counted(quota))
    with pytest.raises(QuotaExceeded):
        await start(ledger, counted(quota))
    await start(ledger, counted(quota, owner="bob"))
    await start(ledger, counted(quota, tenant="umbrella"))
    assert (await standing(ledger), await standing(ledger, "ada")) == ((20, 0, 2), (10, 0, 1))


async def test_so_many_under_way_and_no_more(ledger: Ledger) -> None:
    quota = Quota(owner_uploads=2)
    first, _ = [await start(ledger, counted(quota)) for _ in range(2)]
    with pytest.raises(QuotaExceeded) as refused:
        await start(ledger, counted(quota))
    assert refused.value.members == {"limit": 2, "used": 0, "reserved": 2}
    await ledger.moved(first, Event.FAILED)
    await start(ledger, counted(quota))


async def test_a_limit_of_ones_own_goes_before_the_settings(ledger: Ledger) -> None:
    await ledger.sql("INSERT INTO quotas (tenant, owner, bytes_limit) VALUES ('acme', '', 20971520)")
    for _ in range(2):
        await start(ledger, counted(Quota(tenant_bytes=10 * MIB)))
    with pytest.raises(QuotaExceeded):
        await start(ledger, counted(Quota(tenant_bytes=1000 * MIB)))
    with pytest.raises(StatementRefused, match="ck_quotas_bytes"):
        await execute(ledger.engine, text("UPDATE quotas SET used = used + 1"), {})


async def test_a_stream_is_refused_where_bytes_are_limited(ledger: Ledger) -> None:
    with pytest.raises(SizeNotAllowed):
        await start(ledger, counted(TEN, plan=plan_stream()))
    row = await start(ledger, counted(Quota(owner_uploads=2), plan=plan_stream()))
    assert await standing(ledger) == (0, 0, 1)
    await ledger.sql("UPDATE quotas SET bytes_limit = 1048576")
    row = await ledger.moved(row, Event.OPENED)
    row = await ledger.moved(row, Event.COMPLETING)
    await ledger.moved(row, Event.COMPLETED, Changes(size=10 * MIB))
    assert await standing(ledger) == (0, 1, 0)  # counted up to a limit that came later


async def test_a_resumed_upload_is_reserved_once(ledger: Ledger) -> None:
    quota = Quota(tenant_bytes=10 * MIB)
    for _ in range(3):
        await start(ledger, counted(quota, fingerprint="f" * 64))
    assert await standing(ledger) == (10, 0, 1)


async def test_what_began_uncounted_ends_uncounted_and_a_row_taken_away_stops_nobody(ledger: Ledger) -> None:
    uncounted = await ledger.at(State.OPEN)
    taken_away = await ledger.at(State.OPEN, counted(TEN))
    await ledger.moved(uncounted, Event.FAILED)
    assert await standing(ledger) == (10, 0, 1)
    await ledger.sql("DELETE FROM quotas")
    await ledger.moved(taken_away, Event.FAILED)
    begun_anew = await ledger.at(State.OPEN, counted(TEN))
    await ledger.sql("UPDATE quotas SET reserved = 0, live = 0")
    await ledger.moved(begun_anew, Event.COMPLETED)
    assert await standing(ledger) == (0, 10, 0)


async def test_what_counts_nothing_is_forgotten_unless_an_admin_put_it_there(ledger: Ledger) -> None:
    both = Quota(tenant_bytes=100 * MIB, owner_bytes=100 * MIB)
    for number in range(3):
        await ledger.at(State.ABORTED, counted(both, owner=f"token-{number}"))
    await ledger.at(State.OPEN, counted(both, owner="busy"))
    await ledger.at(State.COMPLETED, counted(both, owner="done"))
    await ledger.sql("INSERT INTO quotas (tenant, owner, bytes_limit) VALUES ('acme', 'limited', 5)")
    assert await ledger.uploads.remove_empty_quotas(2) == 2
    assert await ledger.uploads.remove_empty_quotas(10) == 1
    left = {owner for (owner,) in await ledger.sql("SELECT owner FROM quotas")}
    assert left == {"", "busy", "done", "limited"}


async def test_starts_and_the_forgetting_of_their_quotas_never_meet(ledger: Ledger) -> None:
    quota = Quota(tenant_bytes=100 * MIB, owner_uploads=2)

    async def live(number: int) -> None:
        for _ in range(5):
            upload = await start(ledger, counted(quota, owner=f"token-{number % 3}"))
            await ledger.moved(upload, Event.FAILED, Changes(reason=Reason.CONFIG))

    async def forget() -> None:
        while not done.is_set():
            await ledger.uploads.remove_empty_quotas(10)

    done = asyncio.Event()
    forgetting = asyncio.create_task(forget())
    await asyncio.gather(*(live(number) for number in range(6)))
    done.set()
    await forgetting
    assert await ledger.sql("SELECT owner FROM quotas WHERE reserved + used + live > 0") == []
    assert await ledger.sql("SELECT count(*) FROM uploads WHERE state = 'failed'") == [(30,)]
