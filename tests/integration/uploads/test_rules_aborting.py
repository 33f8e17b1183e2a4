"""Ends without an object: nothing stays at the store, now or after the last URL has died."""

import asyncio
from datetime import timedelta

import pytest

from coordinator.errors import AlreadyCompleted, Completing, PartsMismatch, UploadGone
from coordinator.storage.faults import FailAfter, Hold, Pretend, Refuse
from coordinator.uploads.ledger import Changes
from coordinator.uploads.state import Event, Reason, State
from coordinator.uploads.store import StoreMisconfigured, StoreRefused
from tests.integration.uploads.house import ADA, DEAD, DOWN, House, Replica, started, until
from tests.integration.uploads.outcomes import ABORT, COMPLETE, held, in_state

HOUR = timedelta(hours=1)


async def test_an_aborted_upload_leaves_nothing_and_says_why(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    ended = await replica.service.abort(upload.id, ADA, text="wrong file")
    assert (ended.state, ended.reason, ended.reason_text) == (State.ABORTED, Reason.CLIENT, "wrong file")
    assert house.store.names(upload) == []
    assert await house.events(upload) == ["created", "opened", "aborting", "aborted"]
    assert ended.wake_at is not None
    assert ended.wake_at - ended.updated_at == HOUR
    again = await asyncio.gather(*(replica.service.abort(upload.id, ADA) for _ in range(5)))
    assert {row.epoch for row in again} == {ended.epoch}
    with pytest.raises(UploadGone):
        await replica.service.complete(upload.id, ADA)


async def test_every_upload_under_the_key_goes(house: House, replica: Replica) -> None:
    upload = await started(replica)
    await house.create_at_store(upload)
    await replica.service.abort(upload.id, ADA)
    assert house.store.names(upload) == []


async def test_nobody_aborts_what_is_being_completed(house: House, replica: Replica, other: Replica) -> None:
    upload = await house.sent(replica)
    hold = await held(house, replica, upload)
    for service in (replica.service, other.service):
        with pytest.raises(Completing):
            await service.abort(upload.id, ADA)
    assert ABORT not in house.store.calls
    hold.released.set()
    await until(lambda: in_state(house, upload, State.COMPLETED))


@pytest.mark.parametrize("turn", range(6))
async def test_of_an_abort_and_a_complete_exactly_one_wins(
    house: House, replica: Replica, other: Replica, turn: int
) -> None:
    upload = await house.sent(replica)
    hold = Hold()
    house.store.script("list_parts", hold)
    completing = asyncio.create_task(replica.service.complete(upload.id, ADA))
    await hold.reached.wait()
    hold.released.set()
    for _ in range(turn * 3):
        await asyncio.sleep(0)
    answers = await asyncio.gather(completing, other.service.abort(upload.id, ADA), return_exceptions=True)
    row = await house.row(upload)
    if row.state is State.COMPLETED:
        assert isinstance(answers[1], Completing | AlreadyCompleted)
        assert house.store.stores(upload)
        assert ABORT not in house.store.calls
    else:
        assert row.state is State.ABORTED
        assert isinstance(answers[0], UploadGone)
        assert not house.store.stores(upload)
    assert house.store.names(upload) == []
    ends = [event for event in await house.events(upload) if event in {"completed", "aborted", "failed"}]
    assert ends == [row.state.value]


async def test_an_abort_with_the_store_down_answers_and_is_ended_by_the_sweep(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await house.sent(replica)
    house.store.script("list_multipart_uploads", Refuse(DOWN), Refuse(DOWN))
    resting = await replica.service.abort(upload.id, ADA, wait=HOUR)
    assert (resting.state, resting.reason, resting.lease_until) == (State.ABORTING, Reason.CLIENT, None)
    await house.due(upload)
    await other.sweep()
    row = await house.row(upload)
    assert (row.state, row.attempts) == (State.ABORTING, 2)
    assert row.wake_at is not None
    assert timedelta(seconds=20) < row.wake_at - row.now <= timedelta(seconds=30)
    await house.due(upload)
    await other.sweep()
    row = await house.row(upload)
    assert (row.state, row.reason, house.store.names(upload)) == (State.ABORTED, Reason.CLIENT, [])


async def test_an_abort_whose_answer_was_lost_is_repeated(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await house.sent(replica)
    house.store.script(ABORT, FailAfter())
    assert (await replica.service.abort(upload.id, ADA)).state is State.ABORTING
    await house.due(upload)
    await other.sweep()
    assert (await house.row(upload)).state is State.ABORTED


async def test_an_abort_that_the_store_only_claims_is_driven_again(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await house.sent(replica)
    house.store.script(ABORT, *[Pretend()] * 6)
    assert (await replica.service.abort(upload.id, ADA)).state is State.ABORTING
    assert house.store.calls.count(ABORT) == 3
    for attempts, state in ((2, State.ABORTING), (0, State.ABORTED)):
        await house.due(upload)
        await other.sweep()
        row = await house.row(upload)
        assert (row.state, row.attempts) == (state, attempts)
    assert house.store.names(upload) == []


async def test_a_process_that_died_while_aborting_is_followed(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await house.sent(replica)
    changes = Changes(reason=Reason.CLIENT, lease=DEAD, lease_for=timedelta(seconds=0.1))
    assert await house.uploads.move(upload, Event.ABORTING, changes)

    async def followed() -> bool:
        await other.sweep()
        return await in_state(house, upload, State.ABORTED)

    await until(followed)
    assert await house.events(upload) == ["created", "opened", "aborting", "taken_over", "aborted"]
    assert house.store.names(upload) == []


async def test_a_client_that_hangs_up_on_its_abort_changes_nothing(house: House, replica: Replica) -> None:
    upload, hold = await house.sent(replica), Hold()
    house.store.script(ABORT, hold)
    asked = asyncio.create_task(replica.service.abort(upload.id, ADA))
    await hold.reached.wait()
    asked.cancel()
    hold.released.set()
    await until(lambda: in_state(house, upload, State.ABORTED))


async def test_what_landed_late_is_aborted_when_the_last_url_has_died(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    land = house.store.lose(upload)
    await replica.service.abort(upload.id, ADA)
    land()
    assert await replica.sweep() == 0
    await house.due(upload)
    await replica.sweep()
    row = await house.row(upload)
    assert (row.state, row.wake_at, house.store.names(upload)) == (State.ABORTED, None, [])


async def test_a_late_check_that_the_store_does_not_answer_is_repeated(
    house: House, replica: Replica
) -> None:
    upload = await house.sent(replica)
    await replica.service.abort(upload.id, ADA)
    house.store.script("list_multipart_uploads", Refuse(DOWN))
    await house.due(upload)
    await replica.sweep()
    row = await house.row(upload)
    assert row.wake_at is not None
    assert timedelta(minutes=59) < row.wake_at - row.now <= HOUR
    await house.due(upload)
    await replica.sweep()
    assert (await house.row(upload)).wake_at is None


@pytest.mark.parametrize("trouble", [Refuse(DOWN), Refuse(StoreMisconfigured(ABORT, "AccessDenied"))])
async def test_a_late_check_without_a_pause_is_no_hot_loop(house: House, trouble: Refuse) -> None:
    replica = house.replica(late_check_after=timedelta(0))
    upload = await house.sent(replica)
    await replica.service.abort(upload.id, ADA)
    rests = []
    for _ in range(4):
        await house.due(upload)
        house.store.script("list_multipart_uploads", trouble)
        assert await replica.sweep() == 1
        row = await house.row(upload)
        assert row.wake_at is not None
        rests.append(round((row.wake_at - row.now).total_seconds()))
    assert rests == [5, 30, 300, 900]


async def test_a_late_check_touches_no_object_of_ours(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    land = house.store.lose(upload)
    await replica.service.abort(upload.id, ADA)
    land()
    house.store.put_object(upload.key, b"ours", mark=upload.mark)
    calls = house.store.calls.count(ABORT)
    await house.due(upload)
    await replica.sweep()
    row = await house.row(upload)
    assert (row.state, row.wake_at, house.store.calls.count(ABORT)) == (State.ABORTED, None, calls)
    assert house.store.stores(upload)


async def test_an_abort_after_a_refused_complete_looks_for_the_object_first(
    house: House, replica: Replica
) -> None:
    upload = await house.sent(replica, 10)
    refusal = Refuse(StoreRefused(COMPLETE, "InvalidPart"))
    house.store.script(COMPLETE, refusal, refusal)
    with pytest.raises(PartsMismatch):
        await replica.service.complete(upload.id, ADA)
    house.store.put_object(upload.key, b"ten bytes!", mark=upload.mark)
    with pytest.raises(AlreadyCompleted):
        await replica.service.abort(upload.id, ADA)
    assert (await house.row(upload)).state is State.COMPLETED
    assert ABORT not in house.store.calls


async def test_an_abort_after_a_refused_complete_ends_when_there_is_no_object(
    house: House, replica: Replica
) -> None:
    upload = await house.sent(replica)
    refusal = Refuse(StoreRefused(COMPLETE, "InvalidPart"))
    house.store.script(COMPLETE, refusal, refusal)
    with pytest.raises(PartsMismatch):
        await replica.service.complete(upload.id, ADA)
    assert (await replica.service.abort(upload.id, ADA)).state is State.ABORTED
    assert house.store.names(upload) == []
