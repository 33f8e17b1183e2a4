"""Completions whose driver is slow, dies or is overtaken: attempts never overlap, and somebody always goes on."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from coordinator.storage.faults import FailAfter, FailBefore, Hold, Refuse
from coordinator.uploads.model import Upload
from coordinator.uploads.state import Reason, State
from coordinator.uploads.store import StoreMisconfigured
from tests.integration.uploads.house import ADA, DOWN, QUICK, House, Replica, until
from tests.integration.uploads.outcomes import COMPLETE, assert_completed_once, held, in_state, let_go, rested

UNANSWERED = FailBefore("ConnectionClosedError", answered=False)
DEADLINE = timedelta(minutes=5)


@pytest.mark.parametrize(
    "fault", [FailBefore(), UNANSWERED, Refuse(StoreMisconfigured(COMPLETE, "AccessDenied"))]
)
async def test_nobody_sends_a_second_complete_before_the_first_must_have_ended(
    house: House, replica: Replica, other: Replica, fault: Any
) -> None:
    upload = await house.sent(replica)
    house.store.script(COMPLETE, fault)
    resting = await rested(house, replica, upload)
    assert resting.state is State.COMPLETING
    assert resting.wake_at is not None
    assert resting.complete_attempted_at is not None
    assert DEADLINE < resting.wake_at - resting.complete_attempted_at < DEADLINE + timedelta(seconds=9)
    for _ in range(2):
        await house.due(upload)
        assert await other.sweep() == 1
        assert house.completes() == 1
    await house.age(upload, DEADLINE)
    assert await other.sweep() == 1
    assert house.completes() == 2
    assert (await house.row(upload)).state is State.COMPLETED
    assert len(set(house.store.manifests)) == 1


async def test_a_foreign_object_ends_nothing_while_our_complete_may_still_land(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await house.sent(replica)
    house.store.script(COMPLETE, UNANSWERED)
    house.store.put_object(upload.key, b"what somebody else put", mark=None)
    resting = await rested(house, replica, upload)
    await house.due(upload)
    assert await other.sweep() == 1
    assert (await house.row(upload)).state is State.COMPLETING
    await house.age(resting, DEADLINE)
    await other.sweep()
    row = await house.row(upload)
    assert (row.state, row.reason) == (State.FAILED, Reason.CONFLICT)


async def test_a_complete_that_never_ends_is_ended_at_its_deadline(house: House) -> None:
    replica = house.replica(complete_deadline=timedelta(seconds=0.3))
    upload, hold = await house.sent(replica), Hold()
    house.store.script(COMPLETE, hold)
    resting = await replica.service.complete(upload.id, ADA, wait=timedelta(seconds=0.1))
    assert resting.state is State.COMPLETING
    await until(lambda: let_go(house, upload))
    row = await house.row(upload)
    assert row.wake_at is not None
    assert row.wake_at - row.now <= timedelta(seconds=1)
    await house.due(upload)
    await replica.sweep()
    await assert_completed_once(house, upload, "completing", "taken_over", "taken_over")


async def test_a_slow_complete_keeps_its_lease(house: House) -> None:
    slow, other = house.replica(lease=timedelta(seconds=3)), house.replica()
    upload = await house.sent(slow)
    hold = await held(house, slow, upload)
    first = (await house.row(upload)).lease_until

    async def outlived() -> bool:
        assert await other.sweep() == 0
        until = (await house.row(upload)).lease_until
        return first is not None and until is not None and until > first

    await until(outlived)
    hold.released.set()
    await until(lambda: in_state(house, upload, State.COMPLETED))
    await assert_completed_once(house, upload, "completing")


async def test_a_driver_that_was_overtaken_between_two_attempts_sends_no_more(house: House) -> None:
    replica, other = house.replica(complete_retries=(0.01,)), house.replica()
    upload, looking = await house.sent(replica), Hold()
    house.store.script(COMPLETE, FailBefore())
    house.store.script("head_object", looking)
    asked = asyncio.create_task(replica.service.complete(upload.id, ADA, wait=QUICK))
    await looking.reached.wait()
    await house.due(upload)
    assert await other.sweep() == 1
    assert (await house.row(upload)).epoch == 4
    looking.released.set()
    await asked
    await replica.driver.close(timedelta(seconds=5))
    assert house.completes() == 1
    assert (await house.row(upload)).epoch == 4


async def test_one_process_drives_an_upload_once_at_a_time(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    hold = await held(house, replica, upload)
    await house.due(upload)
    sweeping = asyncio.create_task(replica.sweep())
    await until(lambda: taken_over(house, upload))
    done, _ = await asyncio.wait({sweeping}, timeout=0.1)
    assert not done
    assert "head_object" not in house.store.calls
    hold.released.set()
    await sweeping
    assert house.completes() == 1
    await assert_completed_once(house, upload, "completing", "taken_over")


async def taken_over(house: House, upload: Upload) -> bool:
    return (await house.events(upload))[-1] == "taken_over"


async def test_a_driver_that_was_overtaken_before_its_attempt_sends_nothing(
    house: House, replica: Replica, other: Replica
) -> None:
    stale = await _committed(house, replica)
    await house.due(stale)
    await other.sweep()
    replica.driver.complete(stale)
    row = await replica.driver.join(stale, timedelta(seconds=5))
    assert (row.state, row.epoch) == (State.COMPLETING, stale.epoch + 1)
    assert house.completes() == 0


async def _committed(house: House, replica: Replica) -> Upload:
    """A row whose completion was committed, and attempted to be, by a process that died right then."""
    upload = await house.sent(replica)
    await held(house, replica, upload)
    await replica.driver.close(timedelta(0))
    house.store.manifests.clear()
    return await house.row(upload)


async def test_a_process_that_died_before_it_sent_is_followed_after_the_deadline(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await _committed(house, replica)
    assert await other.sweep() == 0
    await house.due(upload)
    await other.sweep()
    assert house.completes() == 0
    await house.age(upload, DEADLINE)
    await other.sweep()
    assert house.store.manifests == [upload.manifest]
    assert (await house.row(upload)).state is State.COMPLETED


async def test_a_process_that_died_after_it_sent_is_followed_by_reading(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await _committed(house, replica)
    await house.complete_at_store(upload)
    await house.due(upload)
    await other.sweep()
    assert house.completes() == 0
    await assert_completed_once(house, upload, "completing", "taken_over")


async def test_an_upload_that_is_gone_while_completing_is_lost_only_after_long(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await house.sent(replica)
    hold = await held(house, replica, upload)
    come_back = house.store.lose(upload)
    hold.released.set()
    await until(lambda: let_go(house, upload))
    row = await house.row(upload)
    assert row.state is State.COMPLETING
    assert row.gone_since is not None

    come_back()
    await house.due(upload)
    await other.sweep()
    assert (await house.row(upload)).gone_since is None

    house.store.lose(upload)
    for _ in range(2):
        await house.due(upload)
        await other.sweep()
        assert (await house.row(upload)).state is State.COMPLETING
    await house.age(upload, timedelta(seconds=335))
    await other.sweep()
    row = await house.row(upload)
    assert (row.state, row.reason, house.completes()) == (State.FAILED, Reason.LOST, 1)


async def test_what_cannot_be_read_is_waited_for(house: House, replica: Replica, other: Replica) -> None:
    upload = await house.sent(replica)
    house.store.script(COMPLETE, FailAfter())
    house.store.script("head_object", Refuse(DOWN))
    assert (await rested(house, replica, upload)).state is State.COMPLETING
    assert await other.sweep() == 0
    await house.due(upload)
    await other.sweep()
    await assert_completed_once(house, upload, "completing", "taken_over")


async def test_a_process_that_closes_leaves_its_rows_to_another(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await house.sent(replica)
    await held(house, replica, upload, after_effect=True)
    await replica.driver.close(timedelta(0))
    await house.due(upload)
    await other.sweep()
    await assert_completed_once(house, upload, "completing", "taken_over")


async def test_a_process_that_closes_lets_what_runs_end_first(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    hold = await held(house, replica, upload)
    closing = asyncio.create_task(replica.driver.close(timedelta(seconds=10)))
    hold.released.set()
    await closing
    await assert_completed_once(house, upload, "completing")
