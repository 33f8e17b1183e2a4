"""Starts whose answer is lost, refused or never comes: one multipart upload at the store, or none, and a row that knows."""

import asyncio
from datetime import timedelta

import pytest

from coordinator.errors import StorageMisconfigured, StorageUnavailable
from coordinator.storage.faults import FailAfter, FailBefore, Hold, Refuse
from coordinator.uploads.model import Upload
from coordinator.uploads.state import Reason, State
from coordinator.uploads.store import StoreError, StoreMisconfigured, StoreRefused
from tests.integration.uploads.house import (
    ADA,
    DOWN,
    RULES,
    House,
    Replica,
    a_key,
    a_request,
    started,
    until,
)


async def the_row(house: House) -> tuple[State, Reason | None]:
    [(state, reason)] = await house.sql("SELECT state, reason FROM uploads")
    return State(state), reason and Reason(reason)


async def test_an_upload_whose_creation_was_not_answered_is_found_and_adopted(
    house: House, replica: Replica
) -> None:
    house.store.script("create_multipart_upload", FailAfter())
    upload = await started(replica)
    assert upload.state is State.OPEN
    assert house.store.names(upload) == [upload.multipart_upload_id]
    assert house.store.calls.count("create_multipart_upload") == 1


async def test_a_creation_that_did_not_happen_is_tried_once_more(house: House, replica: Replica) -> None:
    house.store.script("create_multipart_upload", FailBefore())
    upload = await started(replica)
    assert house.store.names(upload) == [upload.multipart_upload_id]


async def test_a_store_that_is_down_leaves_a_row_that_the_same_key_continues(
    house: House, replica: Replica, other: Replica
) -> None:
    house.store.script("create_multipart_upload", FailAfter())
    house.store.script("list_multipart_uploads", Refuse(DOWN))
    with pytest.raises(StorageUnavailable) as refused:
        await replica.service.start("acme", "ada", a_request(), RULES, a_key())
    assert refused.value.retry_after == 5
    assert await the_row(house) == (State.CREATING, None)
    begun, _ = await other.service.start("acme", "ada", a_request(), RULES, a_key())
    assert (begun.kind, begun.upload.state) == ("replayed", State.OPEN)
    assert house.store.names(begun.upload) == [begun.upload.multipart_upload_id]
    assert house.store.calls.count("create_multipart_upload") == 1
    assert await house.events(begun.upload) == ["created", "taken_over", "opened"]


@pytest.mark.parametrize(
    "refusal",
    [
        StoreMisconfigured("create_multipart_upload", "AccessDenied"),
        StoreRefused("create_multipart_upload", "InvalidArgument"),
    ],
)
async def test_a_refused_creation_fails_and_leaves_nothing(
    house: House, replica: Replica, refusal: StoreError
) -> None:
    house.store.script("create_multipart_upload", Refuse(refusal))
    with pytest.raises(StorageMisconfigured):
        await replica.service.start("acme", "ada", a_request(), RULES, a_key())
    assert await the_row(house) == (State.FAILED, Reason.CONFIG)
    assert house.store._multipart_uploads == {}
    assert house.store.calls == ["create_multipart_upload"]


@pytest.mark.parametrize("ended", [Reason.CONFIG, Reason.CREATE_LOST])
async def test_a_key_whose_upload_was_never_open_begins_anew(
    house: House, replica: Replica, other: Replica, ended: Reason
) -> None:
    if ended is Reason.CONFIG:
        house.store.script(
            "create_multipart_upload", Refuse(StoreMisconfigured("create_multipart_upload", "AccessDenied"))
        )
        with pytest.raises(StorageMisconfigured):
            await replica.service.start("acme", "ada", a_request(), RULES, a_key())
    else:
        house.store.script("create_multipart_upload", Refuse(DOWN))
        house.store.script("list_multipart_uploads", Refuse(DOWN))
        with pytest.raises(StorageUnavailable):
            await replica.service.start("acme", "ada", a_request(), RULES, a_key())
        [(upload_id,)] = await house.sql("SELECT id FROM uploads")
        await house.age(await replica.service.get(upload_id, ADA), timedelta(minutes=11))
        await replica.sweep()
    assert await the_row(house) == (State.FAILED, ended)
    starts = [one.service.start("acme", "ada", a_request(sign=1), RULES, a_key()) for one in (replica, other)]
    answers = await asyncio.gather(*starts, return_exceptions=True)
    begun = [answer[0] for answer in answers if not isinstance(answer, BaseException)]
    assert len({started.upload.id for started in begun}) == 1
    again, signed = await other.service.start("acme", "ada", a_request(sign=1), RULES, a_key())
    assert (again.kind, again.upload.id, again.upload.state) == ("replayed", begun[0].upload.id, State.OPEN)
    assert len(signed) == 1


async def test_a_store_that_hangs_is_not_waited_for_and_the_row_is_recovered(
    house: House, other: Replica
) -> None:
    replica, hold = house.replica(create_deadline=timedelta(seconds=0.2)), Hold(after_effect=True)
    house.store.script("create_multipart_upload", hold)
    with pytest.raises(StorageUnavailable) as refused:
        await replica.service.start("acme", "ada", a_request(), RULES, a_key())
    assert refused.value.retry_after == 5
    [(lease, rests)] = await house.sql("SELECT lease_until, wake_at - now() FROM uploads")
    assert lease is None
    assert rests <= timedelta(seconds=5)
    begun, _ = await other.service.start("acme", "ada", a_request(), RULES, a_key())
    assert begun.upload.state is State.OPEN
    assert house.store.names(begun.upload) == [begun.upload.multipart_upload_id]
    assert house.store.calls.count("create_multipart_upload") == 1


@pytest.mark.parametrize("attempts", [0, 1, 3])
async def test_whoever_finds_an_orphaned_intent_opens_it_with_exactly_one_upload(
    house: House, replica: Replica, attempts: int
) -> None:
    upload = await house.intent()
    made = [await house.create_at_store(upload) for _ in range(attempts)]
    assert await replica.sweep() == 0
    await house.due(upload)
    assert await replica.sweep() == 1
    row = await house.row(upload)
    assert row.state is State.OPEN
    assert house.store.names(row) == [row.multipart_upload_id]
    assert not made or row.multipart_upload_id == made[-1]
    assert row.lease_until is None


async def with_another(house: House) -> Upload:
    """Two uploads under one key, and the row opened by somebody who could not abort the other one."""
    upload = await house.due(await house.intent())
    [_, kept] = [await house.create_at_store(upload) for _ in range(2)]
    house.store.script("abort_multipart_upload", FailBefore())
    assert await house.replica().sweep() == 1
    row = await house.row(upload)
    assert (row.state, row.multipart_upload_id, len(house.store.names(row))) == (State.OPEN, kept, 2)
    return row


async def lease_ends(house: House) -> None:
    await house.sql("UPDATE uploads SET lease_until = now(), wake_at = now()")


async def test_the_sweep_comes_back_for_what_the_opener_could_not_abort(
    house: House, replica: Replica
) -> None:
    upload = await with_another(house)
    house.store.script("list_multipart_uploads", Refuse(DOWN))
    for swept in (1, 1, 0):
        await lease_ends(house) if swept else None
        assert await replica.sweep() == swept
    row = await house.row(upload)
    assert (row.state, row.lease_owner) == (State.OPEN, None)
    assert house.store.names(row) == [row.multipart_upload_id]
    assert row.wake_at is not None
    assert row.wake_at >= row.expires_at


async def test_whoever_completes_aborts_first_what_the_opener_could_not(
    house: House, replica: Replica
) -> None:
    upload = await with_another(house)
    house.send(upload)
    house.store.script("list_multipart_uploads", Refuse(DOWN))
    with pytest.raises(StorageUnavailable):
        await replica.service.complete(upload.id, ADA)
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED
    assert house.store.names(upload) == []


async def test_whoever_was_overtaken_aborts_nothing_of_the_upload_that_was_opened_meanwhile(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await house.due(await house.intent())
    looking = Hold()
    house.store.script("list_multipart_uploads", looking)
    slow = asyncio.create_task(replica.sweep())
    await looking.reached.wait()
    await lease_ends(house)
    assert await other.sweep() == 1
    row = await house.row(upload)
    assert row.state is State.OPEN
    await house.create_at_store(row)
    looking.released.set()
    await slow
    assert house.store.names(row) == [row.multipart_upload_id]


async def test_a_create_that_lands_after_the_look_of_whoever_took_over_is_aborted(
    house: House, replica: Replica
) -> None:
    upload = await house.due(await house.intent())
    hold = Hold()
    house.store.script("create_multipart_upload", hold)
    sweep = asyncio.create_task(replica.sweep())
    await hold.reached.wait()
    await house.create_at_store(upload)
    hold.released.set()
    await sweep
    row = await house.row(upload)
    assert row.state is State.OPEN
    assert house.store.names(row) == [row.multipart_upload_id]


async def test_an_intent_that_the_store_never_heard_of_is_given_up(house: House, replica: Replica) -> None:
    upload = await house.intent()
    await house.age(upload, timedelta(minutes=11))
    await replica.sweep()
    row = await house.row(upload)
    assert (row.state, row.reason, house.store._multipart_uploads) == (State.FAILED, Reason.CREATE_LOST, {})


async def test_a_found_upload_is_adopted_however_old_the_intent(house: House, replica: Replica) -> None:
    upload = await house.intent()
    made = await house.create_at_store(upload)
    await house.age(upload, timedelta(minutes=11))
    await replica.sweep()
    assert (await house.row(upload)).multipart_upload_id == made


async def test_a_sweep_that_cannot_ask_the_store_comes_back(house: House, replica: Replica) -> None:
    upload = await house.due(await house.intent())
    house.store.script("list_multipart_uploads", Refuse(DOWN))
    assert await replica.sweep() == 1
    row = await house.row(upload)
    assert (row.state, row.lease_until, row.attempts) == (State.CREATING, None, 1)
    assert row.wake_at is not None
    assert timedelta(seconds=3) < row.wake_at - row.now <= timedelta(seconds=5)
    await house.due(upload)
    await replica.sweep()
    assert (await house.row(upload)).state is State.OPEN


async def test_a_sweep_that_never_gets_an_answer_comes_back_ever_more_seldom(
    house: House, replica: Replica
) -> None:
    upload = await house.intent()
    rests = []
    for _ in range(4):
        await house.due(upload)
        house.store.script("list_multipart_uploads", Refuse(DOWN))
        assert await replica.sweep() == 1
        row = await house.row(upload)
        assert row.wake_at is not None
        rests.append((row.wake_at - row.now).total_seconds())
    # less what has passed since it was said
    assert [wanted - 4 < rest <= wanted for rest, wanted in zip(rests, (5, 30, 300, 900), strict=True)] == [
        True
    ] * 4


@pytest.mark.parametrize(("minutes", "state"), [(9, State.CREATING), (11, State.FAILED)])
async def test_a_store_that_refuses_to_list_is_given_up_when_patience_ends(
    house: House, replica: Replica, minutes: int, state: State
) -> None:
    upload = await house.intent()
    await house.age(upload, timedelta(minutes=minutes))
    house.store.script(
        "list_multipart_uploads", Refuse(StoreRefused("list_multipart_uploads", "NotImplemented"))
    )
    await replica.sweep()
    row = await house.row(upload)
    assert (row.state, row.reason) == (state, Reason.CREATE_LOST if state is State.FAILED else None)


async def test_a_slow_creation_keeps_its_lease(house: House) -> None:
    slow, other = house.replica(lease=timedelta(seconds=3)), house.replica()
    hold = Hold()
    house.store.script("create_multipart_upload", hold)
    starting = asyncio.create_task(slow.service.start("acme", "ada", a_request(), RULES))
    await hold.reached.wait()
    [(first,)] = await house.sql("SELECT lease_until FROM uploads")

    async def outlived() -> bool:
        assert await other.sweep() == 0
        [(over,)] = await house.sql("SELECT lease_until > :first FROM uploads", first=first)
        return bool(over)

    await until(outlived)
    hold.released.set()
    begun, _ = await starting
    assert await house.events(begun.upload) == ["created", "opened"]


async def test_an_upload_that_is_created_after_its_abort_is_aborted_too(
    house: House, replica: Replica
) -> None:
    hold = Hold()
    house.store.script("create_multipart_upload", hold)
    starting = asyncio.create_task(replica.service.start("acme", "ada", a_request(), RULES))
    await hold.reached.wait()
    [(upload_id,)] = await house.sql("SELECT id FROM uploads")
    assert (await replica.service.abort(upload_id, ADA)).state is State.ABORTED
    hold.released.set()
    begun, signed = await starting
    assert (begun.upload.state, signed) == (State.ABORTED, [])
    assert house.store._multipart_uploads == {}
