"""The statements that run all day find their index, in a table large enough to tell."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import execute, transaction
from coordinator.database.positional import positional
from coordinator.database.uploads import REREAD
from coordinator.uploads.ledger import Changes, ListFilter
from coordinator.uploads.model import Claim, Identity, Upload
from coordinator.uploads.state import Event, State
from tests.integration.database.ledger import LEASE, ME, OWNER, Ledger, an_upload

# 4,000 ended and 1,000 open uploads of 20 owners in 2 tenants, 5 of them due; 20 parts each for the open ones
_FILL = (
    """
    INSERT INTO uploads (id, tenant, owner, policy, state, filename, content_type, metadata, size, part_size,
        part_count, bucket, key, mark, fingerprint, lifetime, expires_at, hard_expires_at, wake_at, stored_parts)
    SELECT gen_random_uuid(), CASE WHEN n % 2 = 0 THEN 'acme' ELSE 'umbrella' END, 'owner' || n % 20, 'default',
        CASE WHEN n % 5 = 0 THEN 'open' ELSE 'completed' END, 'film.mov', 'video/quicktime', '{}', 10, 10, 1, 'uploads',
        'key' || n, 'mark', 'fingerprint' || n, '1 day', now() + '1 day', now() + '6 days',
        CASE WHEN n % 1000 = 0 THEN now() WHEN n % 5 = 0 THEN now() + '1 day' END,
        CASE WHEN n % 5 = 0 THEN NULL ELSE 1 END
    FROM generate_series(1, 5000) AS n
    """,
    """
    INSERT INTO parts (upload_id, part_number, size)
    SELECT id, n, 10 FROM uploads, generate_series(1, 20) AS n WHERE state = 'open'
    """,
    "ANALYZE uploads, parts",
)


@pytest.fixture
async def full(ledger: Ledger) -> Ledger:
    for statement in _FILL:
        await ledger.sql(statement)
    return ledger


@asynccontextmanager
async def plans(engine: AsyncEngine) -> AsyncIterator[list[str]]:
    """The plans of all statements run within, readable afterwards."""
    run: list[tuple[str, Any]] = []

    def note(logged: Any) -> None:
        if logged.query not in {"BEGIN", "COMMIT"}:
            run.append((logged.query, logged.args))

    def watch(adapted: Any, *_: object) -> None:
        adapted.driver_connection.add_query_logger(note)

    event.listen(engine.sync_engine, "checkout", watch)
    found: list[str] = []
    try:
        yield found
    finally:
        event.remove(engine.sync_engine, "checkout", watch)
    async with transaction(engine) as connection:
        connection.driver.remove_query_logger(note)
        await connection.driver.execute("SET LOCAL enable_seqscan = on")  # to see what is missing
        for statement, parameters in run:
            lines = await connection.driver.fetch(f"EXPLAIN {statement}", *parameters)
            found.append("\n".join(line for (line,) in lines))


Work = Callable[[Ledger, Upload], Coroutine[Any, Any, object]]

_TO_COMPLETING = Changes(lease=ME, lease_for=LEASE, manifest=())

HOT: dict[str, tuple[Work, set[str]]] = {
    "get": (lambda full, row: full.uploads.get(row.id, OWNER), {"pk_parts"}),
    "move": (lambda full, row: full.uploads.move(row, Event.COMPLETING, _TO_COMPLETING), {"pk_uploads"}),
    "end": (lambda full, row: full.uploads.move(row, Event.FAILED, Changes()), {"pk_uploads", "pk_parts"}),
    "record": (lambda full, row: full.uploads.record_parts(row.id, [Claim(1, 10)]), {"pk_uploads"}),
    "parts": (lambda full, row: full.uploads.parts(row.id, after=3, limit=5), {"pk_parts"}),
    "picked parts": (lambda full, row: full.uploads.parts_by_number(row.id, [1, 2]), {"pk_parts"}),
    "due": (lambda full, _: full.uploads.claim_due("uploads", 10, LEASE), {"ix_uploads_due", "pk_uploads"}),
    "renew": (
        lambda full, row: full.uploads.renew_lease(replace(row, lease_owner=ME), LEASE),
        {"pk_uploads"},
    ),
    "postpone": (lambda full, row: full.uploads.postpone(row, timedelta(minutes=1)), {"pk_uploads"}),
    "settle": (lambda full, row: full.uploads.settle(row), {"pk_uploads"}),
    "extend": (lambda full, row: full.uploads.extend(row, urls_until=None, active_at=None), {"pk_uploads"}),
    "old": (lambda full, _: full.uploads.remove_ended(timedelta(days=30), 10), {"ix_uploads_ended"}),
    "own list": (
        lambda full, _: full.uploads.find(ListFilter(Identity("acme", "owner2"), limit=10)),
        {"ix_uploads_own"},
    ),
    "next page": (
        lambda full, row: full.uploads.find(ListFilter(Identity("acme", "owner2"), limit=10, cursor=row.id)),
        {"ix_uploads_own"},
    ),
    "tenant's list": (
        lambda full, _: full.uploads.find(ListFilter(Identity("acme", None), limit=10)),
        {"ix_uploads_tenant"},
    ),
    "resumed": (
        lambda full, _: full.uploads.start(an_upload(fingerprint="f" * 64), None, ME, LEASE),
        {"uq_uploads_live_fingerprint"},
    ),
}


@pytest.mark.parametrize("name", HOT)
async def test_a_hot_statement_finds_its_index(name: str, full: Ledger) -> None:
    work, indexes = HOT[name]
    row = await full.at(State.OPEN, an_upload(fingerprint="f" * 64))
    async with plans(full.engine) as found:
        await work(full, row)
    plan = "\n".join(found)
    assert {index for index in indexes if index in plan} == indexes, plan
    assert "Seq Scan on uploads" not in plan, plan
    assert "Seq Scan on parts" not in plan, plan


async def test_a_kept_plan_never_reads_all_parts(ledger: Ledger) -> None:
    """Few uploads that hold all the parts make the whole table look like the shortest way."""
    row = await ledger.at(State.OPEN)
    await ledger.sql(
        "INSERT INTO parts (upload_id, part_number, size)"
        " SELECT md5(CAST(m AS text))::uuid, n, 10 FROM generate_series(1, 3) AS m, generate_series(1, 3000) AS n"
    )
    await ledger.sql("ANALYZE parts")
    async with transaction(ledger.engine) as connection:
        await connection.driver.execute("SET LOCAL plan_cache_mode = 'force_generic_plan'")
        await connection.driver.execute(f"PREPARE reread AS {positional(REREAD).sql}")
        lines = await connection.driver.fetch(f"EXPLAIN EXECUTE reread ('{row.id}')")
        await connection.driver.execute("DEALLOCATE reread")
    plan = "\n".join(line for (line,) in lines)
    assert "pk_parts" in plan, plan


async def test_the_plans_tell_when_an_index_is_missing(full: Ledger) -> None:
    """The proof that the test above can fail."""
    async with plans(full.engine) as found:
        await execute(full.engine, text("SELECT count(*) FROM uploads WHERE filename = 'x'"), {})
    assert "Seq Scan on uploads" in found[0]
