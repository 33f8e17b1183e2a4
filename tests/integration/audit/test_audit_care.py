"""What an audit must not do: accuse what has moved on, mend what has changed, trust a store that does not answer."""

from datetime import UTC, datetime, timedelta

import pytest

from coordinator.audit.audit import audit
from coordinator.audit.finding import Name, Remedy, Report
from coordinator.errors import DatabaseUnavailable
from coordinator.storage.fake import Call, FakeStore, Moment
from coordinator.storage.fake_profiles import PROFILES
from coordinator.storage.faults import FailBefore, Refuse
from coordinator.uploads.model import Upload, new_mark
from coordinator.uploads.state import Event, Reason
from coordinator.uploads.store import StoreMisconfigured
from coordinator.uploads.whole_bucket import KeyedMultipartUpload, Marker, Page
from tests.integration.audit.hands import FakeHands
from tests.integration.audit.scene import CONTENT, Scene, a_key, found

ABORT = Remedy.ABORT.value


def names(report: Report) -> list[Name]:
    return sorted(finding.name for finding in report.findings)


def with_store(scene: Scene, store: FakeStore) -> Scene:
    return Scene(scene.engine, FakeHands(store))


async def test_a_row_that_moves_while_the_store_is_asked_is_not_accused(fake_scene: Scene) -> None:
    rows: list[Upload] = []

    async def move_meanwhile(call: Call, moment: Moment) -> None:
        if rows and call.operation == "head_object" and moment == "sent":
            await scene.moved(rows.pop(), Event.ABORTING, reason=Reason.CLIENT)

    scene = with_store(fake_scene, FakeStore(clock=lambda: datetime.now(UTC), pause=move_meanwhile))
    row = await scene.open()
    await scene.abort_at_store(row)
    rows.append(row)
    assert names(await scene.audited()) == []
    assert rows == [], "it did move"


async def test_an_orphan_that_ends_between_two_looks_is_not_told(fake_scene: Scene) -> None:
    key = a_key()

    async def end_meanwhile(call: Call, moment: Moment) -> None:
        if call.operation == "list_multipart_uploads" and call.key == key and moment == "sent":
            for made in store.standing(key):
                store.expire_upload(made)

    store = FakeStore(clock=lambda: datetime.now(UTC), pause=end_meanwhile)
    scene = with_store(fake_scene, store)
    await scene.create_at_store(key, new_mark())
    report = await scene.audited()
    assert (names(report), report.multipart_uploads) == ([], 1)


async def test_a_leftover_that_ends_between_two_looks_is_not_told(fake_scene: Scene) -> None:
    ended: list[str] = []

    async def end_meanwhile(call: Call, moment: Moment) -> None:
        if call.operation == "list_multipart_uploads" and call.key and moment == "sent":
            ended.extend(store.standing(call.key))
            for made in store.standing(call.key):
                store.expire_upload(made)

    store = FakeStore(clock=lambda: datetime.now(UTC), pause=end_meanwhile)
    scene = with_store(fake_scene, store)
    row = await scene.completed()
    made = await scene.create_at_store(row.key, row.mark)
    assert (names(await scene.audited()), ended) == ([], [made])


async def test_an_object_is_no_intruder_once_its_row_has_moved(fake_scene: Scene) -> None:
    rows: list[Upload] = []

    async def move_meanwhile(call: Call, moment: Moment) -> None:
        if rows and call.operation == "head_object" and moment == "sent":
            await scene.moved(rows.pop(), Event.ABORTING, reason=Reason.CLIENT)

    scene = with_store(fake_scene, FakeStore(clock=lambda: datetime.now(UTC), pause=move_meanwhile))
    row = await scene.open()
    await scene.hands.put_object(row.key, CONTENT, None)
    rows.append(row)
    assert names(await scene.audited()) == []
    assert names(await scene.audited()) == [Name.OBJECT_INTRUDER], "of the row as it then is"


async def test_what_stands_unlisted_is_found_by_its_own_id(fake_scene: Scene) -> None:
    """A part that landed after the abort brings the upload back on some stores, and no listing shows it."""
    store = FakeStore(clock=lambda: datetime.now(UTC), profile=PROFILES["resurrecting"])
    scene = with_store(fake_scene, store)
    row = await scene.aborted()
    assert row.multipart_upload_id is not None
    store.put_part_late(row.key, row.multipart_upload_id, 1, CONTENT)
    auditor = scene.auditor()
    report = await audit(auditor)
    assert found(report) == {(Name.MULTIPART_LEFT, row.key, ABORT)}
    assert [finding.outcome for finding in await scene.mended(auditor, report)] == ["aborted"]
    assert store.standing(row.key) == []


async def test_a_young_orphan_is_told_and_left_alone(fake_scene: Scene) -> None:
    key = a_key()
    await fake_scene.create_at_store(key, new_mark())
    report = await fake_scene.audited(clock=lambda: datetime.now(UTC) + timedelta(days=6, hours=23))
    assert found(report) == {(Name.MULTIPART_ORPHAN, key, Remedy.NOTHING.value)}


@pytest.mark.parametrize(
    ("retention", "forgotten", "told"),
    [(None, 0, 1), (timedelta(days=9), 0, 1), (timedelta(days=7), 1, 0)],
)
async def test_objects_older_than_the_memory_of_the_ledger_are_counted(
    retention: timedelta | None, forgotten: int, told: int, fake_scene: Scene
) -> None:
    await fake_scene.hands.put_object(a_key(), CONTENT, new_mark())
    report = await fake_scene.audited(retention=retention)
    assert (report.objects_forgotten, report.counts[Name.OBJECT_ORPHAN]) == (forgotten, told)


async def test_only_what_lies_under_the_prefix(fake_scene: Scene) -> None:
    within, without = await fake_scene.completed(), await fake_scene.open(tenant="other")
    await fake_scene.hands.delete_object(within.key)
    await fake_scene.abort_at_store(without)
    everywhere = await fake_scene.audited()
    assert (names(everywhere), everywhere.rows) == ([Name.OBJECT_MISSING, Name.ROW_LOST], 2)
    report = await fake_scene.audited(prefix="other/")
    assert (names(report), report.rows) == ([Name.ROW_LOST], 1)


async def test_rows_of_another_bucket_are_not_held_against_this_one(fake_scene: Scene) -> None:
    await fake_scene.completed()
    await fake_scene.sql("UPDATE uploads SET bucket = 'before-the-move'")
    report = await fake_scene.audited()
    assert (names(report), report.rows_elsewhere, report.foreign) == ([Name.STORE_ELSEWHERE], 1, 1)
    assert not report.clean


async def test_pages_of_one_find_the_same(fake_scene: Scene, fake_hands: FakeHands) -> None:
    for _ in range(3):
        row = await fake_scene.completed()
        await fake_scene.create_at_store(row.key, row.mark)
        await fake_scene.create_at_store(a_key(), new_mark())
        await fake_scene.hands.put_object(a_key(), CONTENT, new_mark())
    whole = await fake_scene.audited()
    fake_hands.store.rows_per_page = 1
    page_by_page = await fake_scene.audited(rows_per_page=1)
    assert len(found(whole)) == 9
    assert found(page_by_page) == found(whole)


async def test_no_more_is_asked_at_once_than_allowed(fake_scene: Scene, fake_hands: FakeHands) -> None:
    for _ in range(8):
        await fake_scene.completed()
    fake_hands.store.most_at_once.clear()
    await fake_scene.audited(at_once=3)
    assert fake_hands.store.most_at_once["head_object"] == 3


async def test_progress_is_told_of_each_stage(fake_scene: Scene) -> None:
    await fake_scene.house()
    told: dict[str, int] = {}

    def count(stage: str, more: int) -> None:
        told[stage] = told.get(stage, 0) + more

    report = await fake_scene.audited(progress=count)
    assert told == {"rows": 9, "multipart uploads": report.multipart_uploads, "objects": report.objects}


async def test_a_read_without_an_answer_is_sent_again(fake_scene: Scene, fake_hands: FakeHands) -> None:
    await fake_scene.completed()
    fake_hands.store.script("head_object", FailBefore(), FailBefore())
    assert (await fake_scene.audited()).clean


async def test_what_the_store_does_not_answer_is_told_as_such(
    fake_scene: Scene, fake_hands: FakeHands
) -> None:
    row = await fake_scene.completed()
    fake_hands.store.script("head_object", FailBefore(), FailBefore(), FailBefore())
    [finding] = (await fake_scene.audited()).findings
    assert (finding.name, finding.upload_id) == (Name.STORE_UNANSWERED, row.id)
    assert finding.detail == "not judged: head_object: InternalError"


async def test_a_listing_that_is_refused_ends_its_stage_alone(
    fake_scene: Scene, fake_hands: FakeHands
) -> None:
    await fake_scene.hands.put_object(a_key(), CONTENT, new_mark())
    refused = StoreMisconfigured("list_multipart_uploads", "AccessDenied")
    fake_hands.store.script("list_multipart_uploads", Refuse(refused))
    assert names(await fake_scene.audited()) == [Name.OBJECT_ORPHAN, Name.STORE_UNANSWERED]


FOR_EVER = ("for", "ever")


class Endless(FakeStore):
    async def page_of_multipart_uploads(
        self, prefix: str, after: Marker | None
    ) -> Page[KeyedMultipartUpload]:
        page = await super().page_of_multipart_uploads(prefix, None if after == FOR_EVER else after)
        return Page(page.rows, FOR_EVER)


async def test_a_listing_that_does_not_end_is_ended(fake_scene: Scene) -> None:
    scene = with_store(fake_scene, Endless(clock=lambda: datetime.now(UTC)))
    assert names(await scene.audited()) == [Name.STORE_UNANSWERED]


class Secretive(FakeStore):
    """Lists multipart uploads by their exact key alone, as MinIO does."""

    async def page_of_multipart_uploads(
        self, prefix: str, after: Marker | None
    ) -> Page[KeyedMultipartUpload]:
        page = await super().page_of_multipart_uploads(prefix, after)
        return Page([], page.following)


async def test_a_store_that_cannot_be_searched_is_told(fake_scene: Scene) -> None:
    scene = with_store(fake_scene, Secretive(clock=lambda: datetime.now(UTC)))
    row = await scene.aborted()
    await scene.create_at_store(row.key, row.mark)
    assert names(await scene.audited()) == [Name.MULTIPART_LEFT], "found by its own key all the same"
    await scene.open()
    await scene.open()
    assert names(await scene.audited()) == [Name.MULTIPART_LEFT, Name.STORE_LISTING]


async def test_in_a_strange_store_nothing_is_mended(fake_scene: Scene) -> None:
    scene = with_store(fake_scene, FakeStore(clock=lambda: datetime.now(UTC)))
    rows = [await fake_scene.open() for _ in range(10)]
    auditor = scene.auditor()
    report = await audit(auditor)
    assert report.counts == {Name.ROW_LOST: 10, Name.STORE_STRANGE: 1}
    outcomes = {finding.outcome for finding in await scene.mended(auditor, report)}
    assert outcomes == {"left alone: is it the right store?"}
    assert await scene.states() == {(row.key, "open") for row in rows}


async def test_a_row_that_moved_after_the_audit_is_not_mended(fake_scene: Scene) -> None:
    row = await fake_scene.open()
    await fake_scene.abort_at_store(row)
    auditor = fake_scene.auditor()
    report = await audit(auditor)
    await fake_scene.moved(row, Event.ABORTING, reason=Reason.CLIENT)
    [finding] = await fake_scene.mended(auditor, report)
    assert finding.outcome == "left alone: the row has moved on"
    assert report.findings == [finding]


async def test_an_orphan_that_found_its_row_is_not_aborted(fake_scene: Scene, fake_hands: FakeHands) -> None:
    """As when the ledger is restored to a later point between the audit and its remedies."""
    row = await fake_scene.open()
    kept = await fake_scene.sql(
        "DELETE FROM uploads WHERE id = :id RETURNING to_jsonb(uploads)::text", id=row.id
    )
    await fake_scene.sql("DELETE FROM events")
    auditor = fake_scene.auditor()
    report = await audit(auditor)
    assert found(report) == {(Name.MULTIPART_ORPHAN, row.key, ABORT)}
    await fake_scene.sql(
        "INSERT INTO uploads SELECT * FROM jsonb_populate_record(NULL::uploads, CAST(CAST(:row AS text) AS jsonb))",
        row=kept[0][0],
    )
    [finding] = await fake_scene.mended(auditor, report)
    assert finding.outcome == "left alone: the row has moved on"
    assert fake_hands.store.standing(row.key) == [row.multipart_upload_id]


async def test_what_ended_by_itself_and_what_the_store_refuses(
    fake_scene: Scene, fake_hands: FakeHands
) -> None:
    keys = [a_key(), a_key()]
    made = [await fake_scene.create_at_store(key, new_mark()) for key in keys]
    auditor = fake_scene.auditor()
    report = await audit(auditor)
    fake_hands.store.expire_upload(made[0])
    refused = StoreMisconfigured("abort_multipart_upload", "AccessDenied")
    fake_hands.store.script("abort_multipart_upload", Refuse(refused))
    outcomes = {finding.key: finding.outcome for finding in await fake_scene.mended(auditor, report)}
    assert outcomes == {
        keys[0]: "left alone: it is gone already",
        keys[1]: "failed: abort_multipart_upload: AccessDenied",
    }


async def test_an_open_row_that_the_store_shows_again_stays_open(
    fake_scene: Scene, fake_hands: FakeHands
) -> None:
    row = await fake_scene.open()
    assert row.multipart_upload_id is not None
    kept = fake_hands.store._multipart_uploads.pop(row.multipart_upload_id)
    auditor = fake_scene.auditor()
    report = await audit(auditor)
    fake_hands.store._multipart_uploads[row.multipart_upload_id] = kept
    [finding] = await fake_scene.mended(auditor, report)
    assert (finding.name, finding.outcome) == (Name.ROW_LOST, "left alone: the store shows it again")


async def test_the_database_s_trouble_ends_it_as_one_plain_error(fake_scene: Scene) -> None:
    row = await fake_scene.completed()
    await fake_scene.hands.delete_object(row.key)
    await fake_scene.completed()

    def away(_stage: str, _count: int) -> None:
        raise DatabaseUnavailable("away")

    with pytest.raises(DatabaseUnavailable):
        await fake_scene.audited(progress=away)
