"""What FakeStore adds to the contract: it fails on command, on the chosen side of the effect."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from coordinator.storage.fake import FakeStore
from coordinator.storage.faults import (
    WIRE,
    FailAfter,
    FailBefore,
    Hold,
    KeepUpload,
    ListTwice,
    Pretend,
    Refuse,
    Resurrect,
    Twice,
)
from coordinator.uploads.model import Manifest, ManifestPart, MultipartUploadId
from coordinator.uploads.plan import S3Limits
from coordinator.uploads.store import (
    CompletedObject,
    StoreMisconfigured,
    StoreOutcomeUnknown,
    StoreRefused,
    StoreUploadGone,
)

KEY = "tenant/owner/file.bin"
NOW = datetime(2026, 11, 21, 7, tzinfo=UTC)


@pytest.fixture
def store() -> FakeStore:
    return FakeStore(clock=lambda: NOW, limits=S3Limits(min_part_size=4, max_part_size=8, max_parts=3))


async def create(store: FakeStore) -> MultipartUploadId:
    created = await store.create_multipart_upload(
        KEY, mark="ours", content_type="a/b", content_encoding=None, content_disposition="attachment"
    )
    return created.multipart_upload_id


async def ready(store: FakeStore) -> tuple[MultipartUploadId, Manifest]:
    upload = await create(store)
    return upload, (ManifestPart(1, store.put_part(KEY, upload, 1, b"content"), 7),)


async def test_failing_before_leaves_no_effect(store: FakeStore) -> None:
    upload, manifest = await ready(store)
    store.script("complete_multipart_upload", FailBefore("SlowDown"))
    with pytest.raises(StoreOutcomeUnknown, match="SlowDown"):
        await store.complete_multipart_upload(KEY, upload, manifest)
    assert await store.head_object(KEY) is None
    await store.complete_multipart_upload(KEY, upload, manifest)


async def test_failing_after_leaves_the_effect(store: FakeStore) -> None:
    upload, manifest = await ready(store)
    store.script("complete_multipart_upload", FailAfter())
    with pytest.raises(StoreOutcomeUnknown):
        await store.complete_multipart_upload(KEY, upload, manifest)
    found = await store.head_object(KEY)
    assert found is not None
    assert (found.mark, found.size) == ("ours", 7)


async def test_a_created_upload_whose_answer_was_lost_can_be_found(store: FakeStore) -> None:
    store.script("create_multipart_upload", FailAfter())
    with pytest.raises(StoreOutcomeUnknown):
        await create(store)
    (lost,) = await store.list_multipart_uploads(KEY)
    assert await create(store) != lost.multipart_upload_id


async def test_a_script_is_followed_in_order_and_ends(store: FakeStore) -> None:
    store.script("head_object", Refuse(StoreMisconfigured("head_object", "403")), FailBefore())
    with pytest.raises(StoreMisconfigured):
        await store.head_object(KEY)
    with pytest.raises(StoreOutcomeUnknown):
        await store.head_object(KEY)
    assert await store.head_object(KEY) is None
    assert store.calls == ["head_object"] * 3


async def test_a_held_call_waits_before_its_effect_until_released(store: FakeStore) -> None:
    upload, manifest = await ready(store)
    hold = Hold()
    store.script("complete_multipart_upload", hold)
    held = asyncio.create_task(store.complete_multipart_upload(KEY, upload, manifest))
    await hold.reached.wait()
    assert await store.head_object(KEY) is None

    hold.released.set()
    await held
    assert await store.head_object(KEY) is not None


async def test_a_held_answer_can_be_given_up_on_after_the_effect(store: FakeStore) -> None:
    upload, manifest = await ready(store)
    hold = Hold(after_effect=True)
    store.script("complete_multipart_upload", hold)
    held = asyncio.create_task(store.complete_multipart_upload(KEY, upload, manifest))
    await hold.reached.wait()
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held
    assert await store.head_object(KEY) is not None


async def test_calls_that_overlap_are_seen(store: FakeStore) -> None:
    upload, manifest = await ready(store)
    hold = Hold()
    store.script("complete_multipart_upload", hold)
    held = asyncio.create_task(store.complete_multipart_upload(KEY, upload, manifest))
    await hold.reached.wait()
    first = await store.complete_multipart_upload(KEY, upload, manifest)
    hold.released.set()
    assert await held == first
    assert store.most_at_once["complete_multipart_upload"] == 2
    assert store.most_at_once["create_multipart_upload"] == 1


async def test_another_manifest_after_the_end_finds_nothing(store: FakeStore) -> None:
    upload, manifest = await ready(store)
    await store.complete_multipart_upload(KEY, upload, manifest)
    with pytest.raises(StoreUploadGone):
        await store.complete_multipart_upload(KEY, upload, (*manifest, ManifestPart(2, "0" * 32, 1)))


async def test_an_empty_manifest_is_refused(store: FakeStore) -> None:
    upload, _ = await ready(store)
    with pytest.raises(StoreRefused, match="MalformedXML"):
        await store.complete_multipart_upload(KEY, upload, ())


async def test_parts_keep_to_the_limits(store: FakeStore) -> None:
    upload = await create(store)
    store.put_part(KEY, upload, 3, 8)
    with pytest.raises(StoreRefused, match="EntityTooLarge"):
        store.put_part(KEY, upload, 3, 9)
    for number in (0, 4):
        with pytest.raises(StoreRefused, match="InvalidArgument"):
            store.put_part(KEY, upload, number, 1)
    with pytest.raises(StoreUploadGone):
        store.put_part("another key", upload, 1, 1)
    (listed,) = await store.list_parts(KEY, upload)
    assert (listed.part_number, listed.size, listed.last_modified) == (3, 8, NOW)


@pytest.mark.parametrize("name", [name for name, fault in WIRE.items() if isinstance(fault, FailBefore)])
async def test_what_strikes_on_the_way_there_leaves_no_effect(store: FakeStore, name: str) -> None:
    upload, manifest = await ready(store)
    store.script("complete_multipart_upload", WIRE[name])
    with pytest.raises(StoreOutcomeUnknown):
        await store.complete_multipart_upload(KEY, upload, manifest)
    assert store.stored(KEY) is None


@pytest.mark.parametrize("name", [name for name, fault in WIRE.items() if isinstance(fault, FailAfter)])
async def test_what_strikes_on_the_way_back_leaves_the_effect(store: FakeStore, name: str) -> None:
    upload, manifest = await ready(store)
    store.script("complete_multipart_upload", WIRE[name])
    with pytest.raises(StoreOutcomeUnknown):
        await store.complete_multipart_upload(KEY, upload, manifest)
    assert store.stored(KEY) is not None


async def test_an_answer_that_is_lost_is_lost_when_it_is_a_refusal_too(store: FakeStore) -> None:
    upload, _ = await ready(store)
    store.script("complete_multipart_upload", FailAfter())
    with pytest.raises(StoreOutcomeUnknown):
        await store.complete_multipart_upload(KEY, upload, ())


async def test_a_create_that_is_repeated_on_the_way_makes_two(store: FakeStore) -> None:
    store.script("create_multipart_upload", Twice())
    known = await create(store)
    assert store.standing(KEY) == ["fake-1", known]


async def test_a_success_may_be_pretended(store: FakeStore) -> None:
    upload, manifest = await ready(store)
    promised = CompletedObject("promised", None)
    store.script("complete_multipart_upload", Pretend(promised))
    assert await store.complete_multipart_upload(KEY, upload, manifest) == promised
    assert store.stored(KEY) is None


async def test_rows_may_come_twice(store: FakeStore) -> None:
    upload, _ = await ready(store)
    store.script("list_parts", ListTwice())
    first, second = await store.list_parts(KEY, upload)
    assert (first.part_number, first.etag) == (second.part_number, second.etag)
    assert first.last_modified < second.last_modified


async def test_an_upload_may_outlive_its_complete(store: FakeStore) -> None:
    upload, manifest = await ready(store)
    store.script("complete_multipart_upload", KeepUpload())
    answer = await store.complete_multipart_upload(KEY, upload, manifest)
    assert [listed.multipart_upload_id for listed in await store.list_multipart_uploads(KEY)] == [upload]
    assert await store.complete_multipart_upload(KEY, upload, manifest) == answer


async def test_an_aborted_upload_may_come_back_unlisted() -> None:
    now = [NOW]
    store = FakeStore(clock=lambda: now[0], limits=S3Limits(min_part_size=4))
    upload, manifest = await ready(store)
    store.script("abort_multipart_upload", Resurrect(after=timedelta(minutes=5)))
    await store.abort_multipart_upload(KEY, upload)
    with pytest.raises(StoreUploadGone):
        await store.list_parts(KEY, upload)
    now[0] += timedelta(minutes=5)
    assert [row.etag for row in await store.list_parts(KEY, upload)] == [manifest[0].etag]
    assert await store.list_multipart_uploads(KEY) == []
    await store.abort_multipart_upload(KEY, upload)
    assert store.standing(KEY) == []


async def test_an_aborted_upload_that_never_had_a_part_stays_gone() -> None:
    now = [NOW]
    store = FakeStore(clock=lambda: now[0])
    upload = await create(store)
    store.script("abort_multipart_upload", Resurrect())
    await store.abort_multipart_upload(KEY, upload)
    now[0] += timedelta(hours=1)
    with pytest.raises(StoreUploadGone):
        await store.list_parts(KEY, upload)


async def test_what_a_dead_sender_sent_may_still_land(store: FakeStore) -> None:
    upload, manifest = await ready(store)
    hold = Hold()
    store.script("complete_multipart_upload", hold)
    sent = asyncio.create_task(store.complete_multipart_upload(KEY, upload, manifest))
    await hold.reached.wait()
    sent.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sent
    [adrift] = store.adrift
    assert (adrift.heard, store.stored(KEY)) == (False, None)
    store.land(adrift)
    assert (store.stored(KEY) is not None, store.adrift) == (True, [])


async def test_a_call_remembers_what_became_of_it(store: FakeStore) -> None:
    upload, manifest = await ready(store)
    answer = await store.complete_multipart_upload(KEY, upload, manifest)
    with pytest.raises(StoreUploadGone):
        await store.abort_multipart_upload(KEY, upload)
    complete, abort = store.log[-2:]
    assert (complete.answer, complete.manifest, complete.heard, complete.ended) == (
        answer,
        manifest,
        True,
        NOW,
    )
    assert isinstance(abort.error, StoreUploadGone)
