"""An open upload that the store no longer lists: completed behind our back, lost, or only listed wrongly for once."""

from datetime import timedelta
from typing import Any

import pytest

from coordinator.errors import AlreadyCompleted, StorageUnavailable, UploadGone, ValidationFailed
from coordinator.storage.faults import Refuse
from coordinator.uploads.model import Upload
from coordinator.uploads.state import State
from coordinator.uploads.store import StoreUploadGone
from tests.integration.uploads.house import ADA, DOWN, House, Replica, started
from tests.integration.uploads.outcomes import assert_completed_once

GONE = StoreUploadGone("list_parts", "NoSuchUpload")


async def test_an_open_upload_that_the_store_lost_has_failed(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    house.store.lose(upload)
    with pytest.raises(UploadGone) as refused:
        await replica.service.complete(upload.id, ADA)
    assert refused.value.members == {"state": "failed", "reason": "lost", "restart": True}
    assert house.completes() == 0


async def test_an_open_upload_that_became_our_object_behind_our_back_is_completed(
    house: House, replica: Replica
) -> None:
    upload = await house.sent(replica)
    await house.complete_at_store(upload)
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED
    await assert_completed_once(house, upload)


async def _stream_completed_behind_our_back(house: House, replica: Replica) -> Upload:
    """As after a restore of the database: its Complete was long before."""
    upload = await started(replica, None)
    assert upload.multipart_upload_id is not None
    house.store.put_part(upload.key, upload.multipart_upload_id, 1, b"nine byte")
    await house.complete_at_store(upload)
    return upload


@pytest.mark.parametrize("how", ["complete", "refresh", "sweep"])
async def test_a_stream_that_became_our_object_behind_our_back_is_completed(
    house: House, replica: Replica, how: str
) -> None:
    upload = await _stream_completed_behind_our_back(house, replica)
    if how == "complete":
        await replica.service.complete(upload.id, ADA, size=9)
    elif how == "refresh":
        with pytest.raises(AlreadyCompleted):
            await replica.service.parts(upload.id, ADA, refresh=True)
    else:
        await house.age(upload, timedelta(hours=2))
        await replica.sweep()
    row = await house.row(upload)
    assert (row.size, row.part_count, row.bytes_uploaded) == (9, 1, 9)
    await assert_completed_once(house, upload)


async def test_a_stream_s_object_of_another_size_than_its_client_says_is_not_handed_to_it(
    house: House, replica: Replica
) -> None:
    upload = await _stream_completed_behind_our_back(house, replica)
    for _ in range(2):
        with pytest.raises(ValidationFailed, match="9 bytes"):
            await replica.service.complete(upload.id, ADA, size=10)
        assert (await house.row(upload)).state is State.OPEN
    assert (await replica.service.complete(upload.id, ADA, size=9)).state is State.COMPLETED


async def test_an_open_upload_in_whose_place_a_foreign_object_stands_is_lost(
    house: House, replica: Replica
) -> None:
    upload = await house.sent(replica)
    house.store.lose(upload)
    house.store.put_object(upload.key, b"x" * 20)
    with pytest.raises(UploadGone) as refused:
        await replica.service.complete(upload.id, ADA)
    assert refused.value.members["reason"] == "lost"
    assert house.store.stores(upload)


@pytest.mark.parametrize("operation", ["head_object", "list_parts"])
async def test_a_store_that_fails_while_it_is_asked_again_has_lost_nothing(
    house: House, replica: Replica, operation: Any
) -> None:
    upload = await house.sent(replica)
    house.store.script("list_parts", Refuse(GONE))
    house.store.script(operation, *[Refuse(DOWN)] * 3)
    with pytest.raises(StorageUnavailable):
        await replica.service.complete(upload.id, ADA)
    assert (await house.row(upload)).state is State.OPEN
    house.store._script.clear()
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED


async def test_a_listing_that_was_wrong_once_is_not_believed(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    house.store.script("list_parts", Refuse(GONE), Refuse(GONE))
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED
