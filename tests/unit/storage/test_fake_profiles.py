"""How the store in memory deviates, profile by profile, as the real stores were seen to."""

import asyncio
from datetime import UTC, datetime

import pytest

from coordinator.storage.fake import FakeStore
from coordinator.storage.fake_profiles import PROFILES
from coordinator.storage.faults import Hold, KeepUpload
from coordinator.uploads.model import Manifest, ManifestPart, MultipartUploadId
from coordinator.uploads.plan import S3Limits
from coordinator.uploads.store import StoreOutcomeUnknown, StoreRefused, StoreUploadGone

KEY = "tenant/owner/file.bin"
NOW = datetime(2026, 11, 21, 7, tzinfo=UTC)


async def create(store: FakeStore) -> MultipartUploadId:
    created = await store.create_multipart_upload(
        KEY, mark="ours", content_type="a/b", content_encoding=None, content_disposition="attachment"
    )
    return created.multipart_upload_id


async def ready(store: FakeStore) -> tuple[MultipartUploadId, Manifest]:
    upload = await create(store)
    return upload, (ManifestPart(1, store.put_part(KEY, upload, 1, b"content"), 7),)


async def rows(store: FakeStore, upload: MultipartUploadId) -> list[tuple[int, str]]:
    return [(row.part_number, row.etag) for row in await store.list_parts(KEY, upload)]


def of(profile: str) -> FakeStore:
    return FakeStore(
        clock=lambda: NOW,
        limits=S3Limits(min_part_size=4, max_part_size=8, max_parts=3),
        profile=PROFILES[profile],
    )


async def test_seaweedfs_keeps_every_put_and_completes_any() -> None:
    store = of("seaweedfs")
    upload, manifest = await ready(store)
    other = store.put_part(KEY, upload, 1, b"another")
    assert await rows(store, upload) == [(1, manifest[0].etag), (1, other)]
    await store.complete_multipart_upload(KEY, upload, manifest)
    await store.abort_multipart_upload(KEY, upload)
    store.collect_garbage()
    assert store.stored(KEY) is not None


async def test_seaweedfs_calls_an_upload_gone_for_an_empty_manifest() -> None:
    store = of("seaweedfs")
    upload, _ = await ready(store)
    with pytest.raises(StoreUploadGone):
        await store.complete_multipart_upload(KEY, upload, ())


async def test_seaweedfs_once_destroyed_an_object_with_its_leftover() -> None:
    store = of("seaweedfs")
    upload, manifest = await ready(store)
    store.script("complete_multipart_upload", KeepUpload())
    await store.complete_multipart_upload(KEY, upload, manifest)
    await store.abort_multipart_upload(KEY, upload)
    assert store.stored(KEY) is not None
    store.collect_garbage()
    assert store.stored(KEY) is None


@pytest.mark.parametrize("profile", sorted(PROFILES))
async def test_a_part_that_lands_after_the_abort_resurrects_in_one_profile(profile: str) -> None:
    store = of(profile)
    upload, _ = await ready(store)
    await store.abort_multipart_upload(KEY, upload)
    if profile != "resurrecting":
        with pytest.raises(StoreUploadGone):
            store.put_part_late(KEY, upload, 2, b"late")
        return
    etag = store.put_part_late(KEY, upload, 2, b"late")
    assert await store.list_multipart_uploads(KEY) == []
    assert await rows(store, upload) == [(2, etag)]
    await store.complete_multipart_upload(KEY, upload, (ManifestPart(2, etag, 4),))


@pytest.mark.parametrize("profile", ["radosgw", "moto"])
async def test_a_complete_of_what_is_gone_fails_for_ever(profile: str) -> None:
    store = of(profile)
    upload, manifest = await ready(store)
    await store.abort_multipart_upload(KEY, upload)
    for _ in range(2):
        with pytest.raises(StoreOutcomeUnknown) as failed:
            await store.complete_multipart_upload(KEY, upload, manifest)
        assert (failed.value.code, failed.value.answered) == ("InternalError", True)


@pytest.mark.parametrize("profile", ["radosgw", "swift"])
async def test_an_abort_during_a_complete_destroys_the_object(profile: str) -> None:
    store = of(profile)
    upload, manifest = await ready(store)
    hold = Hold()
    store.script("complete_multipart_upload", hold)
    held = asyncio.create_task(store.complete_multipart_upload(KEY, upload, manifest))
    await hold.reached.wait()
    store.script("abort_multipart_upload", KeepUpload())
    await store.abort_multipart_upload(KEY, upload)
    hold.released.set()
    await held
    store.collect_garbage()
    assert store.stored(KEY) is None


async def test_radosgw_answers_without_an_etag_and_wants_every_part() -> None:
    store = of("radosgw")
    upload, manifest = await ready(store)
    second = store.put_part(KEY, upload, 2, b"more")
    with pytest.raises(StoreRefused, match="InvalidPart"):
        await store.complete_multipart_upload(KEY, upload, manifest)
    answer = await store.complete_multipart_upload(KEY, upload, (*manifest, ManifestPart(2, second, 4)))
    assert answer.etag is None


@pytest.mark.parametrize("profile", ["minio", "rclone"])
async def test_a_second_complete_finds_nothing(profile: str) -> None:
    store = of(profile)
    upload, manifest = await ready(store)
    await store.complete_multipart_upload(KEY, upload, manifest)
    with pytest.raises(StoreUploadGone):
        await store.complete_multipart_upload(KEY, upload, manifest)


async def test_minio_calls_an_upload_gone_when_a_part_is_missing() -> None:
    store = of("minio")
    upload, manifest = await ready(store)
    with pytest.raises(StoreUploadGone):
        await store.complete_multipart_upload(KEY, upload, (*manifest, ManifestPart(2, "0" * 32, 1)))
    assert store.standing(KEY) == [upload]


async def test_rclone_loses_an_upload_that_it_refuses_and_shows_a_plain_etag() -> None:
    store = of("rclone")
    upload, manifest = await ready(store)
    with pytest.raises(StoreRefused, match="NotImplemented"):
        store.put_part(KEY, upload, 1, b"again")
    answer = await store.complete_multipart_upload(KEY, upload, manifest)
    found = await store.head_object(KEY)
    assert found is not None
    assert (answer.etag, found.etag) == (f"{found.etag}-1", found.etag)
    other, _ = await ready(store)
    with pytest.raises(StoreRefused, match="InvalidPart"):
        await store.complete_multipart_upload(KEY, other, (ManifestPart(1, "0" * 32, 1),))
    assert store.standing(KEY) == []


async def test_swift_lists_the_parts_of_what_is_completed() -> None:
    store = of("swift")
    upload, manifest = await ready(store)
    await store.complete_multipart_upload(KEY, upload, manifest)
    assert await rows(store, upload) == [(1, manifest[0].etag)]
