"""Method `put`: aborted, in conflict or stale, and nothing of ours is left under the key; nothing else is touched."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from coordinator.errors import AlreadyCompleted, UploadGone
from coordinator.storage.faults import FailAfter, Hold, Refuse
from coordinator.uploads.state import Reason, State
from tests.integration.uploads.house import ADA, DOWN, LIFETIME, QUICK, House, Replica
from tests.integration.uploads.lone_files import CONTENT, ONCE, OTHER, begun, send


@pytest.fixture
def replica(house: House) -> Replica:
    return house.replica(ONCE)


@pytest.fixture
def other(house: House, replica: Replica) -> Replica:
    return house.replica(ONCE)


async def test_a_strangers_object_under_the_key_is_a_conflict_and_stays(
    house: House, replica: Replica
) -> None:
    upload, _ = await begun(replica)
    house.store.put_object(upload.key, CONTENT)
    with pytest.raises(UploadGone):
        await replica.service.complete(upload.id, ADA)
    row = await house.row(upload)
    assert (row.state, row.reason) == (State.FAILED, Reason.CONFLICT)
    await house.age(row, timedelta(days=1))
    await replica.sweep()
    assert house.store.stores(upload)
    assert (await house.row(upload)).wake_at is None


async def test_an_object_of_another_size_that_bears_our_mark_fails_and_goes(
    house: House, replica: Replica
) -> None:
    upload, _ = await begun(replica)
    house.store.put_object(upload.key, b"short", mark=upload.mark)
    with pytest.raises(UploadGone):
        await replica.service.complete(upload.id, ADA)
    row = await house.row(upload)
    assert (row.state, row.reason) == (State.FAILED, Reason.SIZE)
    await house.age(row, timedelta(days=1))
    await replica.sweep()
    assert not house.store.stores(upload)


async def test_an_abort_deletes_the_object(house: House, replica: Replica) -> None:
    upload, signed = await begun(replica)
    send(house, upload, signed)
    ended = await replica.service.abort(upload.id, ADA)
    assert (ended.state, ended.reason) == (State.ABORTED, Reason.CLIENT)
    assert not house.store.stores(upload)
    assert "list_multipart_uploads" not in house.store.calls
    with pytest.raises(UploadGone):
        await replica.service.complete(upload.id, ADA)


async def test_a_put_that_lands_after_the_abort_is_deleted_by_the_late_check(
    house: House, replica: Replica
) -> None:
    upload, signed = await begun(replica)
    ended = await replica.service.abort(upload.id, ADA)
    assert ended.wake_at is not None
    assert upload.urls_until is not None
    assert ended.wake_at >= upload.urls_until + timedelta(hours=1)
    send(house, upload, signed)
    await house.due(ended)
    await replica.sweep()
    assert not house.store.stores(upload)
    assert (await house.row(upload)).wake_at is None


async def test_a_strangers_object_is_not_deleted_by_an_abort(house: House, replica: Replica) -> None:
    upload, _ = await begun(replica)
    house.store.put_object(upload.key, OTHER)
    assert (await replica.service.abort(upload.id, ADA)).state is State.ABORTED
    assert house.store.stores(upload)
    assert "delete_object" not in house.store.calls


async def test_what_is_completed_is_never_aborted(house: House, replica: Replica, other: Replica) -> None:
    upload, signed = await begun(replica)
    send(house, upload, signed)
    await replica.service.complete(upload.id, ADA)
    with pytest.raises(AlreadyCompleted):
        await other.service.abort(upload.id, ADA)
    assert house.store.stores(upload)
    assert "delete_object" not in house.store.calls


async def test_an_abort_between_the_look_and_the_move_wins(
    house: House, replica: Replica, other: Replica
) -> None:
    upload, signed = await begun(replica)
    send(house, upload, signed)
    looked = Hold(after_effect=True)
    house.store.script("head_object", looked)
    asked = asyncio.create_task(replica.service.complete(upload.id, ADA))
    await looked.reached.wait()
    assert (await other.service.abort(upload.id, ADA)).state is State.ABORTED
    looked.released.set()
    with pytest.raises(UploadGone):
        await asked
    assert not house.store.stores(upload)
    assert await house.events(upload) == ["created", "aborting", "aborted"]


async def test_an_abort_goes_on_until_the_object_is_gone(
    house: House, replica: Replica, other: Replica
) -> None:
    upload, signed = await begun(replica)
    send(house, upload, signed)
    house.store.script("delete_object", Refuse(DOWN))
    ended = await replica.service.abort(upload.id, ADA, wait=QUICK)
    assert ended.state is State.ABORTING
    await house.due(upload)
    await other.sweep()
    assert (await house.row(upload)).state is State.ABORTED
    assert not house.store.stores(upload)


async def test_a_delete_whose_answer_was_lost_is_seen_to_have_happened(
    house: House, replica: Replica
) -> None:
    upload, signed = await begun(replica)
    send(house, upload, signed)
    house.store.script("delete_object", FailAfter())
    await replica.service.abort(upload.id, ADA, wait=QUICK)
    await house.due(upload)
    await replica.sweep()
    assert (await house.row(upload)).state is State.ABORTED


async def test_what_nobody_sent_is_stale_after_its_lifetime(house: House, replica: Replica) -> None:
    upload, _ = await begun(replica)
    assert upload.wake_at == upload.expires_at
    await house.age(upload, LIFETIME + timedelta(minutes=1))
    await replica.sweep()
    row = await house.row(upload)
    assert (row.state, row.reason) == (State.ABORTED, Reason.STALE)


async def test_what_was_sent_lately_and_not_completed_is_not_stale(house: House, replica: Replica) -> None:
    upload, signed = await begun(replica)
    await house.age(upload, LIFETIME + timedelta(minutes=1))
    send(house, upload, signed)
    await replica.sweep()
    row = await house.row(upload)
    assert row.state is State.OPEN
    assert row.expires_at > datetime.now(UTC) + LIFETIME - timedelta(minutes=5)
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED
