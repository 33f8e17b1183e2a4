"""Every kind of trouble between ledger and bucket is found, once and by its name; and only what is named is mended."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from coordinator.audit.audit import audit
from coordinator.audit.finding import Name, Remedy
from coordinator.uploads.model import new_mark
from tests.integration.audit.scene import CONTENT, Found, Scene, a_key, found

NOTHING, ABORT, SETTLE = Remedy.NOTHING.value, Remedy.ABORT.value, Remedy.SETTLE.value
OTHER_CONTENT = CONTENT[::-1]

Trouble = Callable[[Scene], Awaitable[Found]]


async def object_missing(scene: Scene) -> Found:
    row = await scene.completed()
    await scene.hands.delete_object(row.key)
    return {(Name.OBJECT_MISSING, row.key, NOTHING)}


async def object_with_another_mark(scene: Scene) -> Found:
    row = await scene.completed()
    await scene.hands.put_object(row.key, CONTENT, new_mark())
    return {(Name.OBJECT_OTHER_MARK, row.key, NOTHING)}


async def object_of_another_size(scene: Scene) -> Found:
    row = await scene.completed()
    await scene.hands.put_object(row.key, CONTENT[:-1], row.mark)
    return {(Name.OBJECT_OTHER_SIZE, row.key, NOTHING)}


async def object_with_another_etag(scene: Scene) -> Found:
    row = await scene.completed()
    await scene.hands.put_object(row.key, OTHER_CONTENT, row.mark)
    return {(Name.OBJECT_OTHER_ETAG, row.key, NOTHING)}


async def open_and_lost(scene: Scene) -> Found:
    row = await scene.open()
    await scene.abort_at_store(row)
    return {(Name.ROW_LOST, row.key, SETTLE)}


async def open_and_completed_at_the_store(scene: Scene) -> Found:
    row = await scene.open()
    await scene.complete_at_store(row)
    return {(Name.ROW_COMPLETED_AT_STORE, row.key, SETTLE)}


async def left_after_an_abort(scene: Scene) -> Found:
    row = await scene.aborted()
    await scene.create_at_store(row.key, row.mark)
    return {(Name.MULTIPART_LEFT, row.key, ABORT)}


async def left_of_a_row_given_up(scene: Scene) -> Found:
    row = await scene.unresolved()
    return {(Name.MULTIPART_LEFT, row.key, NOTHING)}


async def left_over_after_a_complete(scene: Scene) -> Found:
    row = await scene.completed()
    await scene.create_at_store(row.key, row.mark)
    return {(Name.MULTIPART_LEFTOVER, row.key, NOTHING)}


async def a_second_one_under_way(scene: Scene) -> Found:
    row = await scene.open()
    await scene.create_at_store(row.key, row.mark)
    return {(Name.MULTIPART_EXTRA, row.key, NOTHING)}


async def a_multipart_upload_without_row(scene: Scene) -> Found:
    key = a_key()
    await scene.create_at_store(key, new_mark())
    return {(Name.MULTIPART_ORPHAN, key, ABORT)}


async def a_multipart_upload_that_did_not_begin_when_its_key_says(scene: Scene) -> Found:
    key = a_key(ago=timedelta(hours=2))
    await scene.create_at_store(key, new_mark())
    return {(Name.MULTIPART_ORPHAN, key, NOTHING)}


async def an_object_without_row(scene: Scene) -> Found:
    key = a_key()
    await scene.hands.put_object(key, CONTENT, new_mark())
    return {(Name.OBJECT_ORPHAN, key, NOTHING)}


async def an_intruder(scene: Scene) -> Found:
    row = await scene.open()
    await scene.hands.put_object(row.key, CONTENT, None)
    return {(Name.OBJECT_INTRUDER, row.key, NOTHING)}


async def an_object_after_the_end(scene: Scene) -> Found:
    row = await scene.aborted()
    await scene.hands.put_object(row.key, CONTENT, row.mark)
    return {(Name.OBJECT_AFTER_END, row.key, NOTHING)}


async def overdue(scene: Scene) -> Found:
    row = await scene.open()
    await scene.sql("UPDATE uploads SET wake_at = now() - interval '2 hours' WHERE id = :id", id=row.id)
    return {(Name.ROW_OVERDUE, row.key, NOTHING)}


async def stuck(scene: Scene) -> Found:
    row = await scene.aborting()
    await scene.sql("UPDATE uploads SET attempts = 10 WHERE id = :id", id=row.id)
    return {(Name.ROW_STUCK, row.key, NOTHING)}


async def an_object_beside_the_orphan(scene: Scene) -> Found:
    """The object may share its bytes: both are told, and --apply will leave the upload alone."""
    key = a_key()
    await scene.create_at_store(key, new_mark())
    await scene.hands.put_object(key, CONTENT, new_mark())
    return {(Name.MULTIPART_ORPHAN, key, ABORT), (Name.OBJECT_ORPHAN, key, NOTHING)}


TROUBLES: list[Trouble] = [
    object_missing,
    object_with_another_mark,
    object_of_another_size,
    object_with_another_etag,
    open_and_lost,
    open_and_completed_at_the_store,
    left_after_an_abort,
    left_of_a_row_given_up,
    left_over_after_a_complete,
    a_second_one_under_way,
    a_multipart_upload_without_row,
    a_multipart_upload_that_did_not_begin_when_its_key_says,
    an_object_without_row,
    an_intruder,
    an_object_after_the_end,
    overdue,
    stuck,
    an_object_beside_the_orphan,
]


async def strangers(scene: Scene) -> int:
    """What is none of ours; how many that is."""
    await scene.hands.put_object("backups/monday.tar", CONTENT, None)
    await scene.hands.put_object(
        "acme/ada/0190d5a4-0000-4000-8000-000000000000/film.mov", CONTENT, new_mark()
    )
    await scene.hands.put_object(a_key().replace("film", "fi lm"), CONTENT, new_mark())
    await scene.hands.put_object(a_key(), CONTENT, None)
    await scene.create_at_store("backups/tuesday.tar", "a mark of theirs")
    return 5


async def test_a_house_in_order_is_clean_and_strangers_are_only_counted(scene: Scene) -> None:
    rows = await scene.house()
    counted = await strangers(scene)
    before = await scene.everything()
    auditor = scene.auditor()
    report = await scene.audited()
    assert (found(report), report.clean) == (set(), True)
    assert (report.rows, report.foreign) == (len(rows), counted)
    assert await scene.mended(auditor, report) == []
    assert await scene.everything() == before


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_each_trouble_is_found_once_among_what_is_in_order(trouble: Trouble, fake_scene: Scene) -> None:
    await fake_scene.house()
    await strangers(fake_scene)
    expected = await trouble(fake_scene)
    before = await fake_scene.everything()
    assert found(await fake_scene.audited()) == expected
    assert await fake_scene.everything() == before


async def test_all_troubles_at_once_and_only_those_named_are_mended(scene: Scene) -> None:
    await scene.house()
    await strangers(scene)
    expected: Found = set()
    seeded: dict[str, str] = {}
    for trouble in TROUBLES:
        told = await trouble(scene)
        expected |= told
        seeded |= {str(key): trouble.__name__ for _, key, _ in told}

    before = await scene.everything()
    states = await scene.states()
    auditor = scene.auditor(rows_per_page=3)
    report = await audit(auditor)
    assert found(report) == expected
    assert await scene.everything() == before, "an audit changes nothing"

    outcomes = {
        (finding.name, seeded[str(finding.key)]): finding.outcome
        for finding in await scene.mended(auditor, report)
    }
    assert outcomes == {
        (Name.ROW_LOST, "open_and_lost"): "failed (lost)",
        (Name.ROW_COMPLETED_AT_STORE, "open_and_completed_at_the_store"): "completed",
        (Name.MULTIPART_LEFT, "left_after_an_abort"): "aborted",
        (Name.MULTIPART_ORPHAN, "a_multipart_upload_without_row"): "aborted",
        (
            Name.MULTIPART_ORPHAN,
            "an_object_beside_the_orphan",
        ): "left alone: there is an object under the key",
    }
    ((uploads, objects), rows), ((uploads_after, objects_after), rows_after) = (
        before,
        await scene.everything(),
    )
    aborted = {"left_after_an_abort", "a_multipart_upload_without_row"}
    assert {seeded.get(key, key) for key, _ in set(uploads) - set(uploads_after)} == aborted
    assert set(uploads_after) < set(uploads)
    assert objects_after == objects
    changed = {(seeded.get(key, key), state) for key, state in await scene.states() - states}
    assert changed == {("open_and_lost", "failed"), ("open_and_completed_at_the_store", "completed")}
    assert len(rows_after) == len(rows) + len(changed), "an event for each, and nothing else"

    mended = {key for key, trouble in seeded.items() if trouble in aborted | {name for name, _ in changed}}
    assert found(await scene.audited()) == {told for told in expected if told[1] not in mended}
