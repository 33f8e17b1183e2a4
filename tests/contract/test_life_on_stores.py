"""Whatever a store's own ways, an upload ends as it should: completed with its object, or not at all."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from coordinator.errors import AlreadyCompleted, StorageUnavailable, UploadGone
from coordinator.storage.s3 import open_s3_store
from coordinator.uploads.model import Manifest, MultipartUploadId
from coordinator.uploads.plan import AWS_LIMITS
from coordinator.uploads.recovery import GONE_LONG_ENOUGH
from coordinator.uploads.requests import WantedPart
from coordinator.uploads.state import Reason, State
from coordinator.uploads.store import CompletedObject, ObjectStore
from tests.contract.bench import create, options_of
from tests.contract.life import ADA, SMALL, Life
from tests.contract.wire import Wire, wire_to
from tests.stores.known import REAL

pytestmark = pytest.mark.parametrize("store_name", REAL, indirect=True, scope="session")

Complete = Callable[[str, MultipartUploadId, Manifest], Awaitable[CompletedObject]]

LONG = timedelta(minutes=6)
"""Past the deadline of a Complete, and past the time until a lost upload is called so."""
assert LONG > GONE_LONG_ENOUGH


@pytest.fixture
async def wire(life: Life) -> AsyncIterator[Wire]:
    endpoint_url = life.real.running.address.endpoint_url
    if not endpoint_url.startswith("http://"):
        pytest.skip("answers can be lost on plain HTTP only")
    async with wire_to(endpoint_url) as wire:
        yield wire


@pytest.fixture
async def over_wire(life: Life, wire: Wire) -> AsyncIterator[ObjectStore]:
    options = replace(options_of(life.real.running), endpoint_url=wire.endpoint_url)
    async with open_s3_store(options) as store:
        yield store


class Completing:
    """Completes in its own way, and sees the bucket straight."""

    def __init__(self, straight: ObjectStore, complete: Complete) -> None:
        self._straight = straight
        self._complete = complete

    def __getattr__(self, name: str) -> Any:
        return getattr(self._straight, name)

    async def complete_multipart_upload(
        self, key: str, multipart_upload_id: MultipartUploadId, manifest: Manifest
    ) -> CompletedObject:
        return await self._complete(key, multipart_upload_id, manifest)


def spoiling_once(store: ObjectStore) -> Complete:
    """The first manifest is wrong, as when a part is sent again behind the list it was made from."""
    manifests: list[Manifest] = []

    async def complete(
        key: str, multipart_upload_id: MultipartUploadId, manifest: Manifest
    ) -> CompletedObject:
        manifests.append(manifest)
        if len(manifests) == 1:
            manifest = (*manifest[:-1], replace(manifest[-1], etag="0" * 32))
        return await store.complete_multipart_upload(key, multipart_upload_id, manifest)

    return complete


async def test_from_start_to_download(life: Life) -> None:
    content = os.urandom(2 * AWS_LIMITS.min_part_size + 7)
    replica = life.replica()
    upload = await replica.start(len(content), part_size=AWS_LIMITS.min_part_size)
    assert upload.part_count == 3
    await life.send(replica, upload, content)
    await replica.service.complete(upload.id, ADA)
    await life.require_completed(upload, content)


async def test_parts_that_nobody_reported_are_found(life: Life) -> None:
    replica = life.replica()
    upload = await replica.start(len(SMALL))
    [part] = await replica.service.sign(upload.id, ADA, [WantedPart(1)])
    etag = await life.put(part, SMALL)
    [found], _ = await replica.service.parts(upload.id, ADA, refresh=True)
    assert (found.part_number, found.etag) == (1, etag)
    await replica.service.complete(upload.id, ADA)
    await life.require_completed(upload)


async def test_a_file_of_no_bytes(life: Life) -> None:
    replica = life.replica()
    upload = await life.sent(replica, b"")
    await replica.service.complete(upload.id, ADA)
    await life.require_completed(upload, b"")


async def test_complete_may_be_asked_for_again_after_a_restart(life: Life) -> None:
    replica = life.replica()
    upload = await life.sent(replica)
    await replica.service.complete(upload.id, ADA)
    again = await life.replica().service.complete(upload.id, ADA)
    assert again.state is State.COMPLETED
    await life.require_completed(upload)


async def test_an_abort_leaves_nothing(life: Life) -> None:
    replica = life.replica()
    upload = await life.sent(replica)
    aborted = await replica.service.abort(upload.id, ADA)
    assert aborted.state is State.ABORTED
    assert await life.at_the_store(upload) == []
    assert await life.real.store.head_object(upload.key) is None

    settled = await life.sweep(upload, LONG)
    assert (settled.state, settled.wake_at) == (State.ABORTED, None)
    assert await life.ends(upload) == ["upload.aborted"]


async def test_what_is_completed_cannot_be_aborted(life: Life) -> None:
    replica = life.replica()
    upload = await life.sent(replica)
    await replica.service.complete(upload.id, ADA)
    with pytest.raises(AlreadyCompleted):
        await life.replica().service.abort(upload.id, ADA)
    await life.require_completed(upload)


async def test_a_url_that_outlives_an_abort_brings_nothing_back(life: Life) -> None:
    replica = life.replica()
    upload = await replica.start(len(SMALL))
    [part] = await replica.service.sign(upload.id, ADA, [WantedPart(1)])
    await replica.service.abort(upload.id, ADA)

    answer = await life.real.http.put(part.url, content=SMALL)
    assert answer.status_code == life.real.profile.part_of_a_gone_upload
    assert (await life.sweep(upload, LONG)).wake_at is None
    assert await life.at_the_store(upload) == []


async def test_a_lost_answer_to_create_ends_in_one_upload(
    life: Life, over_wire: ObjectStore, wire: Wire
) -> None:
    wire.cut_after = 0
    with pytest.raises(StorageUnavailable):
        await life.replica(over_wire).start(len(SMALL))
    upload = await life.newest()
    assert upload.state is State.CREATING
    [made] = await life.at_the_store(upload)

    found = await life.sweep(upload)
    assert (found.state, found.multipart_upload_id) == (State.OPEN, made.multipart_upload_id)
    replica = life.replica()
    await life.send(replica, found, SMALL)
    await replica.service.complete(upload.id, ADA)
    await life.require_completed(upload)


async def test_of_two_uploads_under_a_key_one_stays(life: Life, over_wire: ObjectStore, wire: Wire) -> None:
    wire.cut_after = 0
    with pytest.raises(StorageUnavailable):
        await life.replica(over_wire).start(len(SMALL))
    upload = await life.newest()
    await create(life.real.store, upload.key, upload.mark)
    assert len(await life.at_the_store(upload)) == 2

    found = await life.sweep(upload)
    assert found.state is State.OPEN
    [left] = await life.at_the_store(upload)
    assert left.multipart_upload_id == found.multipart_upload_id


async def test_a_lost_answer_to_complete_is_found_out_by_reading(
    life: Life, over_wire: ObjectStore, wire: Wire
) -> None:
    upload = await life.sent(life.replica())
    wire.cut_after = 0
    losing = Completing(life.real.store, over_wire.complete_multipart_upload)
    await life.replica(losing).service.complete(upload.id, ADA)
    assert wire.answers_cut == 1
    await life.require_completed(upload)


async def test_who_dies_after_complete_leaves_it_to_be_read(life: Life) -> None:
    upload = await life.begin_to_complete(await life.sent(life.replica()))
    await life.complete_at_the_store(upload)
    await life.sweep(upload)
    await life.require_completed(upload)


async def test_who_dies_before_complete_is_stood_in_for_once_its_time_is_over(life: Life) -> None:
    upload = await life.begin_to_complete(await life.sent(life.replica()))
    assert (await life.sweep(upload)).state is State.COMPLETING
    assert await life.real.store.head_object(upload.key) is None
    await life.sweep(upload, LONG)
    await life.require_completed(upload)


async def test_a_refused_complete_is_repeated_where_the_upload_lives_and_is_lost_where_it_does_not(
    life: Life,
) -> None:
    upload = await life.sent(life.replica())
    spoiling = Completing(life.real.store, spoiling_once(life.real.store))
    replica = life.replica(spoiling)
    if life.real.profile.refusal_of_complete == "keeps the upload":
        await replica.service.complete(upload.id, ADA)
        await life.require_completed(upload)
        return
    await replica.service.complete(upload.id, ADA, wait=timedelta(0))
    await replica.driver.close(timedelta(seconds=10))
    ended = await life.row(upload)
    assert ended.state is State.COMPLETING, "nobody may say lost after one look"
    lost = await life.sweep(upload, LONG)
    assert (lost.state, lost.reason) == (State.FAILED, Reason.LOST)
    assert await life.ends(upload) == ["upload.failed"]
    assert await life.real.store.head_object(upload.key) is None


async def test_an_upload_that_the_store_forgot_is_gone(life: Life) -> None:
    upload = await life.sent(life.replica())
    assert upload.multipart_upload_id is not None
    await life.real.store.abort_multipart_upload(upload.key, upload.multipart_upload_id)
    with pytest.raises(UploadGone):
        await life.replica().service.complete(upload.id, ADA)
    row = await life.row(upload)
    assert (row.state, row.reason) == (State.FAILED, Reason.LOST)


async def test_what_was_completed_behind_our_back_is_completed(life: Life) -> None:
    upload = await life.sent(life.replica())
    await life.complete_at_the_store(upload)
    await life.replica().service.complete(upload.id, ADA)
    await life.require_completed(upload)


async def test_what_nobody_ends_is_swept_at_last(life: Life) -> None:
    upload = await life.sent(life.replica())
    swept = await life.sweep(upload, timedelta(days=7))
    assert (swept.state, swept.reason) == (State.ABORTED, Reason.STALE)
    assert await life.at_the_store(upload) == []
