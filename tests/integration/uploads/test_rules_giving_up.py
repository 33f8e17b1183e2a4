"""A store that says completed, shows no object and goes on listing the parts: nothing is called lost that still stands."""

import asyncio
from datetime import timedelta

import pytest

from coordinator.storage.faults import FailAfter, FailBefore, Hold, Pretend, Refuse, Twice
from coordinator.uploads.model import Upload
from coordinator.uploads.state import Reason, State
from coordinator.uploads.store import StoreUploadGone
from tests.integration.uploads.house import House, Replica
from tests.integration.uploads.outcomes import ABORT, COMPLETE, rested

DEADLINE = timedelta(minutes=5)
GONE_FOR = timedelta(seconds=336)


async def _promised_in_vain(house: House, replica: Replica) -> Upload:
    """The next drive is the one that gives up."""
    upload = await house.sent(replica)
    house.store.empty_promises = 99
    await rested(house, replica, upload)
    for _ in range(2):
        await house.age(upload, DEADLINE)
        await replica.sweep()
    return await house.age(upload, DEADLINE)


async def _reached(hold: Hold) -> None:
    async with asyncio.timeout(30):
        await hold.reached.wait()


async def test_a_promise_without_an_object_is_not_completed(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    house.store.empty_promises = 1
    row = await rested(house, replica, upload)
    assert (row.state, row.etag) == (State.COMPLETING, None)
    await house.age(upload, DEADLINE)
    await replica.sweep()
    assert (await house.row(upload)).state is State.COMPLETED


async def test_the_parts_are_gone_before_it_is_lost(house: House, replica: Replica) -> None:
    upload = await _promised_in_vain(house, replica)
    assert (await house.row(upload)).state is State.COMPLETING
    assert house.store.names(upload)
    await replica.sweep()
    row = await house.row(upload)
    assert (row.state, row.reason, house.store.names(upload)) == (State.FAILED, Reason.LOST, [])
    assert house.store.calls[-3:] == [ABORT, "list_parts", "head_object"]
    assert house.completes() == 4


async def test_what_the_store_calls_gone_and_goes_on_listing_is_lost(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    house.store.script(COMPLETE, *[Refuse(StoreUploadGone(COMPLETE, "NoSuchUpload"))] * 4)
    await rested(house, replica, upload)
    for _ in range(3):
        assert (await house.row(upload)).state is State.COMPLETING
        await house.age(upload, DEADLINE)
        await replica.sweep()
    row = await house.row(upload)
    assert (row.state, row.reason, house.store.names(upload)) == (State.FAILED, Reason.LOST, [])
    assert house.completes() == 4


@pytest.mark.parametrize("fault", [Pretend(), Refuse(StoreUploadGone(COMPLETE, "NoSuchUpload"))])
async def test_one_such_answer_after_many_that_never_came_is_no_reason(
    house: House, replica: Replica, fault: Pretend | Refuse
) -> None:
    """It was called lost at once, and aborted in the midst of what an attempt without an answer may have begun."""
    upload = await house.sent(replica)
    unanswered = FailBefore("ReadTimeoutError", answered=False)
    house.store.script(COMPLETE, *[unanswered] * 3, fault, unanswered, *[fault] * 3)
    await rested(house, replica, upload)
    for _ in range(6):
        await house.age(upload, DEADLINE)
        await replica.sweep()
        assert (await house.row(upload)).state is State.COMPLETING
    assert ABORT not in house.store.calls
    await house.age(upload, DEADLINE)
    await replica.sweep()
    row = await house.row(upload)
    assert (row.state, row.reason, house.completes()) == (State.FAILED, Reason.LOST, 8)


async def test_what_was_promised_before_says_nothing_of_a_later_attempt(
    house: House, replica: Replica
) -> None:
    """One that is gone and shows no object yet has its own time to do so."""
    upload = await house.sent(replica)
    house.store.script(COMPLETE, Pretend(), Pretend(), FailAfter())
    await rested(house, replica, upload)
    await house.age(upload, DEADLINE)
    await replica.sweep()
    await house.age(upload, DEADLINE)
    unseen = Pretend()
    house.store.script("head_object", unseen, unseen, unseen, unseen)
    await replica.sweep()
    assert house.store.names(upload) == []
    for _ in range(3):
        row = await house.row(upload)
        assert row.state is State.COMPLETING
        await house.due(upload)
        await replica.sweep()
    await house.due(upload)
    await replica.sweep()
    assert (await house.row(upload)).state is State.COMPLETED


@pytest.mark.parametrize("fault", [FailBefore("ReadTimeoutError", answered=False), FailAfter()])
async def test_an_abort_that_is_not_answered_decides_nothing(
    house: House, replica: Replica, other: Replica, fault: FailBefore | FailAfter
) -> None:
    upload = await _promised_in_vain(house, replica)
    house.store.script(ABORT, fault)
    await replica.sweep()
    assert (await house.row(upload)).state is State.COMPLETING
    for _ in range(3):
        await house.age(upload, GONE_FOR)
        await other.sweep()
    row = await house.row(upload)
    assert (row.state, row.reason, house.store.names(upload)) == (State.FAILED, Reason.LOST, [])


async def test_an_object_that_is_there_in_the_end_is_completed(house: House, replica: Replica) -> None:
    upload, hold = await _promised_in_vain(house, replica), Hold()
    house.store.script(ABORT, hold)
    giving_up = asyncio.create_task(replica.sweep())
    await _reached(hold)
    await house.complete_at_store(upload)
    hold.released.set()
    await giving_up
    assert (await house.row(upload)).state is State.COMPLETED


async def test_nobody_sends_complete_while_it_is_given_up(
    house: House, replica: Replica, other: Replica
) -> None:
    """Not even when the last Complete was answered just before its deadline."""
    upload, looking, aborting = await _promised_in_vain(house, replica), Hold(), Hold()
    house.store.script("head_object", Twice(), looking)
    house.store.script(ABORT, aborting)
    giving_up = asyncio.create_task(replica.sweep())
    await _reached(looking)
    await house.age(upload, DEADLINE)
    looking.released.set()
    await _reached(aborting)
    sent = house.completes()
    await house.due(upload)
    await other.sweep()
    aborting.released.set()
    await giving_up
    assert (await house.row(upload)).state is State.COMPLETING
    for _ in range(2):
        await house.age(upload, GONE_FOR)
        await other.sweep()
    row = await house.row(upload)
    assert (row.state, row.reason, house.completes()) == (State.FAILED, Reason.LOST, sent)
