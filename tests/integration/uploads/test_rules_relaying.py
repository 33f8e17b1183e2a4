"""A part that passes through the service counts as a signed URL does, for as long as it is under way."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from coordinator.errors import (
    AlreadyCompleted,
    DatabaseUnavailable,
    PartChanged,
    PartOutsidePlan,
    StorageUnavailable,
    UploadGone,
)
from coordinator.storage.faults import FailAfter, Hold, Refuse
from coordinator.uploads.model import Method, Upload
from coordinator.uploads.plan import MIB
from coordinator.uploads.relaying import LANDS_WITHIN
from coordinator.uploads.requests import WantedPart
from coordinator.uploads.state import State
from coordinator.uploads.store import LonePut, StoreRefused
from tests.integration.uploads.house import ADA, House, Replica, started, until

OFTEN: dict[str, Any] = {"part_noted_every": timedelta(seconds=0.02)}
MD5, OTHER_MD5 = "AAAAAAAAAAAAAAAAAAAAAA==", "BBBBBBBBBBBBBBBBBBBBBA=="


async def bytes_of(size: int) -> AsyncIterator[bytes]:
    yield b"x" * size


async def relay(replica: Replica, upload: Upload, number: int = 3, size: int = 4 * MIB) -> str | None:
    wanted = WantedPart(number, size)
    return (await replica.service.relay(upload.id, ADA, wanted, bytes_of(size))).etag


async def urls_until(house: House, upload: Upload) -> datetime:
    found = (await house.row(upload)).urls_until
    assert found is not None
    return found


def held(house: House, *, after_effect: bool = False) -> Hold:
    hold = Hold(after_effect=after_effect)
    house.store.script("upload_part", hold)
    return hold


async def test_the_ledger_knows_of_a_part_before_the_store_does(house: House, replica: Replica) -> None:
    upload = await started(replica)
    hold = held(house)
    sending = asyncio.create_task(relay(replica, upload))
    await asyncio.wait_for(hold.reached.wait(), 30)
    assert await urls_until(house, upload) >= upload.now + LANDS_WITHIN - timedelta(minutes=1)
    assert (await house.row(upload)).parts_uploaded == 0
    hold.released.set()
    etag = await sending
    [part] = await house.uploads.parts(upload.id)
    assert (part.part_number, part.size, part.etag) == (3, 4 * MIB, etag)


async def test_it_is_told_again_while_the_part_is_under_way(house: House) -> None:
    replica = house.replica(**OFTEN)
    upload = await started(replica)
    hold = held(house)
    sending = asyncio.create_task(relay(replica, upload))
    await asyncio.wait_for(hold.reached.wait(), 30)
    # what was written comes to its end
    await house.sql("UPDATE uploads SET urls_until = now() WHERE id = :id", id=upload.id)

    async def told() -> bool:
        return await urls_until(house, upload) > upload.now + LANDS_WITHIN - timedelta(minutes=1)

    await until(told, 30)
    hold.released.set()
    assert await sending


async def test_an_abort_breaks_off_what_is_under_way(house: House) -> None:
    replica = house.replica(**OFTEN)
    upload = await started(replica)
    held(house)
    sending = asyncio.create_task(relay(replica, upload))
    await until(lambda: _is(house.store.calls.count("upload_part") == 1), 30)
    assert (await replica.service.abort(upload.id, ADA)).state is State.ABORTED
    with pytest.raises(UploadGone):
        await asyncio.wait_for(sending, 30)
    assert [call.operation for call in house.store.adrift] == ["upload_part"]


async def test_a_part_that_lands_after_an_abort_is_found_by_the_late_check(
    house: House, replica: Replica
) -> None:
    upload = await started(replica)
    made = upload.multipart_upload_id
    assert made is not None
    hold = held(house)
    sending = asyncio.create_task(relay(replica, upload))
    await asyncio.wait_for(hold.reached.wait(), 30)
    ended = await replica.service.abort(upload.id, ADA)
    assert ended.wake_at is not None
    assert ended.wake_at >= await urls_until(house, upload)
    hold.released.set()
    with pytest.raises(UploadGone):
        await sending


async def test_a_part_is_given_up_when_the_ledger_is_away_for_long(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = house.replica(**OFTEN)
    upload = await started(replica)
    hold = held(house)
    sending = asyncio.create_task(relay(replica, upload))
    await asyncio.wait_for(hold.reached.wait(), 30)

    async def away(_upload_id: object) -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(house.uploads, "reread", away)
    with pytest.raises(DatabaseUnavailable, match="Send it again"):
        await asyncio.wait_for(sending, 30)


async def test_a_recorded_digest_holds_and_a_part_must_be_in_the_plan(house: House, replica: Replica) -> None:
    upload = await started(replica)
    with pytest.raises(PartOutsidePlan):
        await relay(replica, upload, number=4)
    await house.sql(
        "INSERT INTO parts (upload_id, part_number, size, md5) VALUES (:id, 3, 4194304, :md5)",
        id=upload.id,
        md5=MD5,
    )
    with pytest.raises(PartChanged):
        await replica.service.relay(upload.id, ADA, WantedPart(3, 4 * MIB, md5=OTHER_MD5), bytes_of(4 * MIB))
    assert "upload_part" not in house.store.calls


async def test_a_completed_upload_takes_no_more(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    await replica.service.complete(upload.id, ADA)
    with pytest.raises(AlreadyCompleted):
        await relay(replica, upload)


@pytest.fixture
def lone(house: House) -> Replica:
    """One that sends small files in a single PutObject."""
    return house.replica(lone_put=LonePut(once=True))


async def test_the_one_part_of_a_put_upload_is_the_object(house: House, lone: Replica) -> None:
    upload = await started(lone, 5)
    assert upload.method is Method.PUT
    assert await relay(lone, upload, 1, 5)
    assert (await lone.service.complete(upload.id, ADA)).state is State.COMPLETED
    assert house.store.headers(upload.key).content_type == "application/octet-stream"


async def test_a_put_whose_answer_was_lost_is_not_stored_twice(house: House, lone: Replica) -> None:
    upload = await started(lone, 5)
    house.store.script("put_object", FailAfter())
    with pytest.raises(StorageUnavailable):
        await relay(lone, upload, 1, 5)
    assert await relay(lone, upload, 1, 5) is None, (
        "the store says that there is an object: its ETag proves nothing"
    )
    assert (await lone.service.complete(upload.id, ADA)).state is State.COMPLETED


async def test_a_put_that_collides_with_itself_is_sent_again(house: House, lone: Replica) -> None:
    upload = await started(lone, 5)
    house.store.script("put_object", Refuse(StoreRefused("put_object", "ConditionalRequestConflict")))
    with pytest.raises(StorageUnavailable):
        await relay(lone, upload, 1, 5)
    assert await relay(lone, upload, 1, 5)


async def _is(value: bool) -> bool:  # noqa: FBT001 - a condition for `until`
    return value
