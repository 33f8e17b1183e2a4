"""What the ledger breaks by itself: each invariant that a statement can check, broken by hand and found by its name."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.audit.finding import Name
from coordinator.database.engine import create_engine
from coordinator.uploads.model import Claim, Upload
from coordinator.uploads.state import State
from tests.integration.audit.hands import FakeHands
from tests.integration.audit.scene import Scene, found
from tests.postgres import new_database

CONSTRAINTS = ("ck_uploads_wakes", "ck_uploads_manifest", "ck_uploads_lease")

BROKEN = [
    (Name.LEDGER_EVENTS, State.OPEN, "DELETE FROM events WHERE upload_id = :id"),
    (Name.LEDGER_EVENTS, State.OPEN, "DELETE FROM events WHERE upload_id = :id AND epoch = 1"),
    (Name.LEDGER_EVENTS, State.OPEN, "UPDATE uploads SET epoch = epoch + 1 WHERE id = :id"),
    (
        Name.LEDGER_END,
        State.COMPLETED,
        "UPDATE events SET type = 'upload.aborted' WHERE upload_id = :id AND type = 'upload.completed'",
    ),
    (
        Name.LEDGER_END,
        State.COMPLETED,
        "UPDATE events SET type = 'upload.reopened' WHERE upload_id = :id AND type = 'upload.completed'",
    ),
    (
        Name.LEDGER_END,
        State.OPEN,
        "UPDATE events SET type = 'upload.failed' WHERE upload_id = :id AND type = 'upload.opened'",
    ),
    (
        Name.LEDGER_PARTS_LEFT,
        State.ABORTED,
        "INSERT INTO parts (upload_id, part_number, size) VALUES (:id, 1, 1)",
    ),
    (
        Name.LEDGER_OUTSIDE_PLAN,
        State.OPEN,
        "INSERT INTO parts (upload_id, part_number, size) VALUES (:id, 2, 1)",
    ),
    (Name.LEDGER_ASLEEP, State.OPEN, "UPDATE uploads SET wake_at = NULL WHERE id = :id"),
    (Name.LEDGER_UNPROVEN, State.COMPLETED, "UPDATE uploads SET etag = NULL WHERE id = :id"),
    (Name.LEDGER_MANIFEST, State.COMPLETING, "UPDATE uploads SET manifest = NULL WHERE id = :id"),
    (
        Name.LEDGER_MANIFEST,
        State.COMPLETING,
        "UPDATE uploads SET complete_attempted_at = NULL WHERE id = :id",
    ),
    (
        Name.LEDGER_MANIFEST,
        State.COMPLETING,
        """UPDATE uploads SET manifest = '[[2,"x",18]]' WHERE id = :id""",
    ),
    (
        Name.LEDGER_MANIFEST,
        State.COMPLETING,
        """UPDATE uploads SET manifest = '[[1,"x",17]]' WHERE id = :id""",
    ),
    (
        Name.LEDGER_LEASE,
        State.ABORTED,
        "UPDATE uploads SET lease_owner = 'a', lease_until = now() WHERE id = :id",
    ),
]


@pytest.fixture(scope="session")
async def lawless_engine(postgres_url: str, migrated_template: str) -> AsyncIterator[AsyncEngine]:
    """A database that holds what ours refuses."""
    async with new_database(postgres_url, template=migrated_template) as url:
        engine = create_engine(url, pool_size=5)
        async with engine.begin() as connection:
            for name in CONSTRAINTS:
                await connection.execute(text(f"ALTER TABLE uploads DROP CONSTRAINT {name}"))
        yield engine
        await engine.dispose()


@pytest.fixture
async def lawless(lawless_engine: AsyncEngine, fake_hands: FakeHands) -> Scene:
    scene = Scene(lawless_engine, fake_hands)
    await scene.sql("TRUNCATE uploads, parts, events, idempotency_keys, quotas")
    return scene


async def at(scene: Scene, state: State) -> Upload:
    return next(row for row in await scene.house() if row.state is state)


@pytest.mark.parametrize(("name", "state", "statement"), BROKEN)
async def test_what_is_broken_is_named(name: Name, state: State, statement: str, lawless: Scene) -> None:
    row = await at(lawless, state)
    await lawless.uploads.record_parts((await at(lawless, State.OPEN)).id, [Claim(1, 18, "etag")])
    assert (await lawless.audited()).clean
    await lawless.sql(statement, id=row.id)
    [finding] = (await lawless.audited()).findings
    assert (finding.name, finding.upload_id, finding.key) == (name, row.id, row.key)
    assert finding.detail == f"the ledger contradicts itself about this {state} upload"


async def test_an_open_row_without_the_store_s_id(lawless: Scene) -> None:
    row = await lawless.open()
    await lawless.sql("UPDATE uploads SET multipart_upload_id = NULL")
    names = {name for name, key, _ in found(await lawless.audited()) if key == row.key}
    assert names == {Name.LEDGER_UNKNOWN_TO_STORE, Name.MULTIPART_EXTRA, Name.ROW_LOST}


async def test_parts_and_events_of_no_upload_by_pages(fake_scene: Scene) -> None:
    await fake_scene.house()
    strays = [UUID(int=number << 64) for number in range(1, 6)]
    for stray in strays:
        await fake_scene.sql("INSERT INTO parts SELECT :id, n, 1 FROM generate_series(1, 3) AS n", id=stray)
        await fake_scene.sql(
            "INSERT INTO events (upload_id, tenant, owner, type, epoch, payload)"
            " VALUES (:id, 'acme', 'ada', 'upload.created', 1, '{}')",
            id=stray,
        )
    report = await fake_scene.audited(rows_per_page=2)
    told = {(finding.name, finding.upload_id) for finding in report.findings}
    names = (Name.LEDGER_STRAY_PARTS, Name.LEDGER_STRAY_EVENTS)
    assert told == {(name, stray) for name in names for stray in strays}
    assert report.counts == dict.fromkeys(names, 5)


async def test_quotas_that_do_not_add_up(fake_scene: Scene) -> None:
    await fake_scene.open()
    await fake_scene.sql("UPDATE uploads SET quota_reserved = 18, quota_owner = true")
    await fake_scene.sql(
        "INSERT INTO quotas (tenant, owner, reserved, live) VALUES ('acme', '', 18, 1), ('acme', 'ada', 18, 1)"
    )
    assert (await fake_scene.audited()).clean
    await fake_scene.sql("UPDATE quotas SET reserved = 20, live = 2, bytes_limit = 99 WHERE owner = 'ada'")
    [finding] = (await fake_scene.audited()).findings
    assert finding.name is Name.LEDGER_QUOTA
    assert finding.detail == (
        "owner ada of tenant acme: 20 bytes of 2 uploads are reserved, "
        "and 18 bytes of 1 uploads are under way; 0 are used, of 99"
    )
