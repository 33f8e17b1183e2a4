"""What nobody works on ends; what somebody works on does not, whoever notices."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from coordinator.errors import UploadGone
from coordinator.storage.faults import Hold, Refuse
from coordinator.uploads.model import Upload
from coordinator.uploads.plan import MIB
from coordinator.uploads.requests import WantedPart
from coordinator.uploads.state import Reason, State
from coordinator.uploads.store import StoreUploadGone
from tests.integration.uploads.house import ADA, DOWN, LIFETIME, House, Replica, now, started

GONE = StoreUploadGone("list_parts", "NoSuchUpload")
MINUTE = timedelta(minutes=1)


async def expired(house: House, replica: Replica) -> Upload:
    """Started two lifetimes ago, and not heard of since."""
    return await house.age(await started(replica), 2 * LIFETIME)


def wakes_when_it_expires(row: Upload) -> bool:
    return row.wake_at is not None and abs(row.wake_at - row.expires_at) < timedelta(seconds=1)


async def test_an_idle_upload_is_aborted_as_stale(house: House, replica: Replica) -> None:
    upload = await expired(house, replica)
    house.store.part_is_sent(upload, 1, 8 * MIB, now() - LIFETIME - MINUTE)
    assert await replica.sweep() == 1
    row = await house.row(upload)
    assert (row.state, row.reason, house.store.names(upload)) == (State.ABORTED, Reason.STALE, [])


async def test_nothing_is_looked_at_before_its_time(house: House, replica: Replica) -> None:
    await started(replica)
    assert await replica.sweep() == 0


async def test_a_silent_client_whose_parts_arrive_is_extended(house: House, replica: Replica) -> None:
    upload = await expired(house, replica)
    sent_at = now() - MINUTE
    house.store.part_is_sent(upload, 1, 8 * MIB, sent_at)
    assert await replica.sweep() == 1
    row = await house.row(upload)
    assert (row.state, row.expires_at, row.wake_at) == (State.OPEN, sent_at + LIFETIME, sent_at + LIFETIME)
    assert await replica.sweep() == 0


async def test_a_url_signed_while_the_store_is_asked_puts_the_late_check_off(
    house: House, replica: Replica
) -> None:
    upload, looking = await started(replica), Hold()
    house.store.lose(upload)
    house.store.script("head_object", looking)
    completing = asyncio.create_task(replica.service.complete(upload.id, ADA))
    await looking.reached.wait()
    [signed] = await replica.service.sign(upload.id, ADA, [WantedPart(1)])
    looking.released.set()
    with pytest.raises(UploadGone):
        await completing
    row = await house.row(upload)
    assert row.state is State.FAILED
    assert row.wake_at is not None
    assert row.wake_at >= signed.expires_at + replica.driver.driving.timing.late_check_after


async def test_the_hard_limit_ends_even_what_is_in_use(house: House, replica: Replica) -> None:
    upload = await house.age(await started(replica), timedelta(days=6))
    house.store.part_is_sent(upload, 1, 8 * MIB, now())
    await replica.sweep()
    row = await house.row(upload)
    assert (row.state, row.reason, house.store.names(upload)) == (State.ABORTED, Reason.STALE, [])


async def test_no_extension_reaches_beyond_the_hard_limit(house: House, replica: Replica) -> None:
    upload = await house.age(await started(replica), timedelta(days=6) - MINUTE)
    house.store.part_is_sent(upload, 1, 8 * MIB, now())
    await replica.sweep()
    row = await house.row(upload)
    assert (row.state, row.expires_at, row.wake_at) == (State.OPEN, row.hard_expires_at, row.hard_expires_at)


async def test_an_upload_that_is_signed_while_it_is_looked_at_lives(
    house: House, replica: Replica, other: Replica
) -> None:
    upload, hold = await expired(house, replica), Hold()
    house.store.script("list_parts", hold)
    sweeping = asyncio.create_task(replica.sweep())
    await hold.reached.wait()
    await other.service.sign(upload.id, ADA, [WantedPart(1)])
    hold.released.set()
    await sweeping
    row = await house.row(upload)
    assert (row.state, wakes_when_it_expires(row)) == (State.OPEN, True)
    assert row.expires_at > row.now + LIFETIME - MINUTE
    assert "abort_multipart_upload" not in house.store.calls


async def test_an_upload_that_is_woken_too_early_sleeps_on(house: House, replica: Replica) -> None:
    upload = await expired(house, replica)
    await replica.service.sign(upload.id, ADA, [WantedPart(1)])
    await house.due(upload)
    assert await replica.sweep() == 1
    assert "list_parts" not in house.store.calls
    row = await house.row(upload)
    assert (row.state, wakes_when_it_expires(row)) == (State.OPEN, True)
    assert row.expires_at > row.now + LIFETIME - MINUTE


@pytest.mark.parametrize(
    "faults",
    [
        {"list_parts": [Refuse(DOWN)]},
        {"list_parts": [Refuse(GONE)], "head_object": [Refuse(DOWN)]},
        {"list_parts": [Refuse(GONE), Refuse(DOWN)]},
    ],
)
async def test_a_store_that_does_not_answer_ends_nothing(house: House, replica: Replica, faults: Any) -> None:
    upload = await expired(house, replica)
    for operation, failures in faults.items():
        house.store.script(operation, *failures)
    await replica.sweep()
    row = await house.row(upload)
    assert (row.state, row.attempts) == (State.OPEN, 1)
    assert row.wake_at is not None
    assert row.wake_at <= row.now + timedelta(seconds=5)


async def test_an_upload_that_the_store_aborted_is_lost(house: House, replica: Replica) -> None:
    upload = await expired(house, replica)
    house.store.lose(upload)
    await replica.sweep()
    row = await house.row(upload)
    assert (row.state, row.reason) == (State.FAILED, Reason.LOST)


async def test_an_upload_that_became_our_object_is_completed(house: House, replica: Replica) -> None:
    upload = await expired(house, replica)
    house.send(upload)
    await house.complete_at_store(upload)
    await replica.sweep()
    assert (await house.row(upload)).state is State.COMPLETED


async def test_an_owner_who_acts_while_it_is_looked_at_is_not_disturbed(
    house: House, replica: Replica, other: Replica
) -> None:
    upload, looking, aborting = await expired(house, replica), Hold(), Hold()
    house.store.script("list_parts", looking)
    house.store.script("abort_multipart_upload", aborting)
    sweeping = asyncio.create_task(replica.sweep())
    await looking.reached.wait()
    ending = asyncio.create_task(other.service.abort(upload.id, ADA))
    await aborting.reached.wait()
    looking.released.set()
    await sweeping
    assert house.store.calls.count("abort_multipart_upload") == 1
    aborting.released.set()
    assert (await ending).reason is Reason.CLIENT


async def test_many_sweepers_drive_each_row_once(house: House, replica: Replica) -> None:
    uploads = [await expired(house, replica) for _ in range(6)]
    sweepers = [house.replica() for _ in range(4)]
    assert sum(await asyncio.gather(*(sweeper.sweep() for sweeper in sweepers))) == len(uploads)
    for upload in uploads:
        assert await house.events(upload) == ["created", "opened", "aborting", "aborted"]
