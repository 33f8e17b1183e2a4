"""Complete, however slow, refused, repeated or lost its answer: one object of ours and one end, or none."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from coordinator.errors import PartsMismatch, StorageUnavailable, UploadGone
from coordinator.storage.faults import FailAfter, FailBefore, Hold, Refuse
from coordinator.uploads import service
from coordinator.uploads.model import Upload
from coordinator.uploads.state import Reason, State
from coordinator.uploads.store import (
    StoreError,
    StoreMisconfigured,
    StoreOutcomeUnknown,
    StoreRefused,
    StoreUploadGone,
)
from tests.integration.uploads.house import ADA, House, Replica, until
from tests.integration.uploads.outcomes import COMPLETE, assert_completed_once, held, in_state, let_go

INVALID = StoreRefused("complete_multipart_upload", "InvalidPart")
DEADLINE = timedelta(minutes=5)


async def test_a_slow_complete_is_answered_as_completing_and_joined(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await house.sent(replica)
    hold = await held(house, replica, upload)
    here = asyncio.create_task(replica.service.complete(upload.id, ADA))
    elsewhere = asyncio.create_task(other.service.complete(upload.id, ADA))
    done, _ = await asyncio.wait({here, elsewhere}, timeout=0.1)
    assert not done
    hold.released.set()
    assert [(await joined).state for joined in (here, elsewhere)] == [State.COMPLETED] * 2
    assert house.completes() == 1
    await assert_completed_once(house, upload, "completing")


async def test_a_list_that_takes_long_is_answered_in_time_and_read_once(
    house: House, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ANSWER_WITHIN", timedelta(seconds=0.2))
    upload, listing = await house.sent(replica), Hold()
    house.store.script("list_parts", listing)
    for _ in range(2):
        with pytest.raises(StorageUnavailable) as refused:
            await replica.service.complete(upload.id, ADA)
        assert refused.value.retry_after == 2
    assert house.store.calls.count("list_parts") == 1
    joined = asyncio.create_task(replica.service.complete(upload.id, ADA))
    listing.released.set()
    with suppress(StorageUnavailable):
        await joined
    await until(lambda: in_state(house, upload, State.COMPLETED))
    await assert_completed_once(house, upload, "completing")


async def test_the_time_that_the_list_took_is_not_waited_for_again(
    house: House, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, listing, completing = await house.sent(replica), Hold(), Hold()
    house.store.script("list_parts", listing)
    house.store.script(COMPLETE, completing)
    waits = []
    join = replica.driver.join

    async def joined(row: Upload, wait: timedelta) -> Upload:
        waits.append(wait)
        return await join(row, wait)

    monkeypatch.setattr(replica.driver, "join", joined)
    asked = asyncio.create_task(replica.service.complete(upload.id, ADA, wait=timedelta(seconds=3)))
    await listing.reached.wait()
    began = asyncio.get_running_loop().time()
    await until(lambda: passed(began + 1.5))
    listing.released.set()
    await completing.reached.wait()
    assert (await asked).state is State.COMPLETING
    assert all(wait <= timedelta(seconds=1.5) for wait in waits)
    completing.released.set()


async def passed(moment: float) -> bool:
    return asyncio.get_running_loop().time() >= moment


async def test_many_completes_at_once_are_one(house: House, replica: Replica, other: Replica) -> None:
    upload = await house.sent(replica)
    services = [replica.service, other.service] * 4
    done = await asyncio.gather(*(service.complete(upload.id, ADA) for service in services))
    assert {(row.state, row.etag) for row in done} == {(State.COMPLETED, done[0].etag)}
    assert house.completes() == 1
    await assert_completed_once(house, upload, "completing")


async def test_a_complete_that_asks_the_store_after_another_has_finished_is_answered_alike(
    house: House, replica: Replica, other: Replica
) -> None:
    upload, hold = await house.sent(replica), Hold()
    house.store.script("list_parts", hold)
    late = asyncio.create_task(other.service.complete(upload.id, ADA))
    await hold.reached.wait()
    await replica.service.complete(upload.id, ADA)
    hold.released.set()
    assert (await late).state is State.COMPLETED
    await assert_completed_once(house, upload, "completing")


async def lists_are_answered(house: House) -> bool:
    return all(call.ended for call in house.store.log if call.operation == "list_parts")


async def test_a_list_that_another_complete_has_emptied_is_no_verdict(
    house: House, replica: Replica, other: Replica
) -> None:
    upload, reading = await house.sent(replica), Hold()
    house.store.script("list_parts", reading)
    late = asyncio.create_task(other.service.complete(upload.id, ADA))
    await reading.reached.wait()
    completing = await held(house, replica, upload)
    show = house.store.hide_parts(upload)
    reading.released.set()
    await until(lambda: lists_are_answered(house))
    show()
    completing.released.set()
    assert (await late).state is State.COMPLETED
    await assert_completed_once(house, upload, "completing")


async def test_a_client_that_hangs_up_changes_nothing(house: House, replica: Replica) -> None:
    upload, hold = await house.sent(replica), Hold()
    house.store.script(COMPLETE, hold)
    asked = asyncio.create_task(replica.service.complete(upload.id, ADA))
    await hold.reached.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    hold.released.set()
    await until(lambda: in_state(house, upload, State.COMPLETED))
    assert house.completes() == 1
    await assert_completed_once(house, upload, "completing")


@pytest.mark.parametrize(
    "error",
    [
        StoreUploadGone(COMPLETE, "NoSuchUpload"),
        StoreOutcomeUnknown(COMPLETE, "InternalError", answered=True),
        StoreOutcomeUnknown(COMPLETE, "PreconditionFailed"),
        StoreMisconfigured(COMPLETE, "AccessDenied"),
        StoreRefused(COMPLETE, "InvalidPart"),
    ],
    ids=lambda error: error.code,
)
async def test_a_complete_that_happened_is_believed_whatever_it_answered(
    house: House, replica: Replica, error: StoreError
) -> None:
    upload = await house.sent(replica)
    house.store.errors_after_complete.append(error)
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED
    assert house.completes() == 1
    await assert_completed_once(house, upload, "completing")


async def test_a_complete_whose_answer_was_lost_is_completed_once(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    house.store.script(COMPLETE, FailAfter())
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED
    assert house.completes() == 1
    await assert_completed_once(house, upload, "completing")


async def test_a_failure_of_the_store_s_own_is_followed_by_the_same_manifest(house: House) -> None:
    replica = house.replica(complete_retries=(0.01, 0.01))
    upload = await house.sent(replica)
    house.store.script(COMPLETE, FailBefore(), FailBefore())
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED
    assert house.completes() == 3
    await assert_completed_once(house, upload, "completing", "taken_over", "taken_over")


async def test_a_part_that_is_sent_again_while_it_is_completed_is_listed_anew(
    house: House, replica: Replica
) -> None:
    upload, hold = await house.sent(replica), Hold()
    house.store.script(COMPLETE, hold)
    asked = asyncio.create_task(replica.service.complete(upload.id, ADA))
    await hold.reached.wait()
    house.store.put_part(upload.key, upload.multipart_upload_id, 3, b"n" * (4 << 20))  # type: ignore[arg-type]  # an open upload has it
    hold.released.set()
    assert (await asked).state is State.COMPLETED
    assert house.completes() == 2
    assert "reopened" in await house.events(upload)


async def test_what_another_driver_was_refused_is_not_held_against_who_waited_for_it(
    house: House, replica: Replica, other: Replica
) -> None:
    """Who waits sees one drive end without a decision, and the next one be refused; it has asked for nothing yet."""
    upload, hold = await house.sent(replica), Hold()
    house.store.script(COMPLETE, FailBefore("ConnectionClosedError", answered=False))
    house.store.script("head_object", hold)
    first = asyncio.create_task(replica.service.complete(upload.id, ADA, wait=timedelta(0)))
    await hold.reached.wait()
    assert (await first).state is State.COMPLETING
    waiting = asyncio.create_task(replica.service.complete(upload.id, ADA))
    done, _ = await asyncio.wait({waiting}, timeout=0.1)
    assert not done
    hold.released.set()
    await until(lambda: let_go(house, upload))
    await house.age(upload, DEADLINE + timedelta(seconds=1))
    house.store.script(COMPLETE, Refuse(INVALID))
    await other.sweep()
    assert (await waiting).state is State.COMPLETED
    assert house.completes() == 3


async def test_a_manifest_that_is_refused_opens_the_upload_again(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    house.store.script(COMPLETE, Refuse(INVALID), Refuse(INVALID))
    with pytest.raises(PartsMismatch):
        await replica.service.complete(upload.id, ADA)
    row = await house.row(upload)
    assert (row.state, row.manifest, row.lease_until, row.wake_at) == (State.OPEN, None, None, row.expires_at)
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED


@pytest.mark.parametrize(("ours", "reason"), [(False, Reason.CONFLICT), (True, Reason.SIZE)])
async def test_another_object_under_the_key_is_never_called_ours_nor_touched(
    house: House, replica: Replica, other: Replica, *, ours: bool, reason: Reason
) -> None:
    upload = await house.sent(replica)
    house.store.script(COMPLETE, FailBefore())
    house.store.put_object(upload.key, b"what somebody else put", mark=upload.mark if ours else None)
    with pytest.raises(UploadGone) as refused:
        await replica.service.complete(upload.id, ADA)
    assert refused.value.members["reason"] == reason.value
    await house.due(upload)
    await other.sweep()
    assert house.store.stores(upload)
    assert (await house.row(upload)).wake_at is None
    # beside an object with our mark nothing is aborted: on some stores that would destroy it
    assert bool(house.store.names(upload)) is ours
