"""What every object store promises about aborting and about the reads that recovery decides by."""

import pytest

from coordinator.uploads.model import ManifestPart, MultipartUploadId
from coordinator.uploads.store import StoreError, StoreOutcomeUnknown, StoreUploadGone
from coordinator.uploads.transactions import CallInsideTransaction, transaction
from tests.contract.bench import Bench, PartRefused, create, manifest_of
from tests.stores.profile import StoreProfile


def said_of_gone(profile: StoreProfile) -> type[StoreError]:
    return StoreUploadGone if profile.complete_of_a_gone_upload == "gone" else StoreOutcomeUnknown


async def test_an_aborted_upload_is_gone_for_everybody(bench: Bench, key: str) -> None:
    upload = await create(bench.store, key)
    await bench.put_part(key, upload, 1, b"in vain")
    manifest = manifest_of(*await bench.store.list_parts(key, upload))
    await bench.store.abort_multipart_upload(key, upload)

    with pytest.raises(StoreUploadGone):
        await bench.store.list_parts(key, upload)
    with pytest.raises(said_of_gone(bench.profile)):
        await bench.store.complete_multipart_upload(key, upload, manifest)
    with pytest.raises(PartRefused) as refused:
        await bench.put_part(key, upload, 1, b"too late")
    assert refused.value.status == bench.profile.part_of_a_gone_upload
    assert await bench.store.list_multipart_uploads(key) == []
    assert await bench.store.head_object(key) is None


async def test_aborting_twice_changes_nothing(bench: Bench, key: str) -> None:
    upload = await create(bench.store, key)
    await bench.store.abort_multipart_upload(key, upload)
    if bench.profile.second_abort == "accepted":
        await bench.store.abort_multipart_upload(key, upload)
    else:
        with pytest.raises(StoreUploadGone):
            await bench.store.abort_multipart_upload(key, upload)
    assert await bench.store.list_multipart_uploads(key) == []


async def test_an_upload_nobody_created_is_gone(bench: Bench, key: str) -> None:
    other = await create(bench.store, f"{key}-other")
    with pytest.raises(StoreUploadGone):
        await bench.store.list_parts(key, MultipartUploadId("0" * 32))
    with pytest.raises(said_of_gone(bench.profile)):
        await bench.store.complete_multipart_upload(
            key, MultipartUploadId("0" * 32), (ManifestPart(1, "0" * 32, 1),)
        )
    await bench.store.abort_multipart_upload(f"{key}-other", other)


async def test_uploads_are_listed_under_exactly_their_key(bench: Bench, key: str) -> None:
    longer = await create(bench.store, f"{key}.part2")
    below = await create(bench.store, f"{key}/below")
    upload = await create(bench.store, key)

    assert [listed.multipart_upload_id for listed in await bench.store.list_multipart_uploads(key)] == [
        upload
    ]
    for left, name in ((longer, f"{key}.part2"), (below, f"{key}/below"), (upload, key)):
        await bench.store.abort_multipart_upload(name, left)


async def test_two_uploads_under_one_key_live_side_by_side(bench: Bench, key: str) -> None:
    first, second = await create(bench.store, key, "first"), await create(bench.store, key, "second")
    listed = await bench.store.list_multipart_uploads(key)
    assert {each.multipart_upload_id for each in listed} == {first, second}
    assert all(each.initiated.tzinfo is not None for each in listed)
    assert [each.initiated for each in listed] == sorted(each.initiated for each in listed)

    await bench.put_part(key, first, 1, b"one")
    await bench.put_part(key, second, 1, b"other")
    await bench.store.abort_multipart_upload(key, second)
    await bench.store.complete_multipart_upload(
        key, first, manifest_of(*await bench.store.list_parts(key, first))
    )
    found = await bench.store.head_object(key)
    assert found is not None
    assert (found.mark, found.size) == ("first", 3)


async def test_a_missing_object_is_none(bench: Bench, key: str) -> None:
    assert await bench.store.head_object(key) is None


async def test_an_object_that_is_not_ours_bears_no_mark(bench: Bench, key: str) -> None:
    await bench.put_object(key, b"somebody else's")
    found = await bench.store.head_object(key)
    assert found is not None
    assert (found.mark, found.size) == (None, len(b"somebody else's"))
    assert found.last_modified.tzinfo is not None


async def test_another_uploads_mark_is_told_apart(bench: Bench, key: str) -> None:
    upload = await create(bench.store, key, mark="theirs")
    await bench.put_part(key, upload, 1, b"x")
    await bench.store.complete_multipart_upload(
        key, upload, manifest_of(*await bench.store.list_parts(key, upload))
    )
    found = await bench.store.head_object(key)
    assert found is not None
    assert found.mark == "theirs"


async def test_a_good_bucket_passes_the_check(bench: Bench) -> None:
    await bench.store.check()


@pytest.mark.parametrize(
    "operation",
    [
        "create_multipart_upload",
        "list_multipart_uploads",
        "list_parts",
        "complete_multipart_upload",
        "abort_multipart_upload",
        "head_object",
        "check",
    ],
)
async def test_no_call_is_made_inside_a_transaction(bench: Bench, key: str, operation: str) -> None:
    upload = await create(bench.store, key)
    store = bench.store
    call = {
        "create_multipart_upload": lambda: create(store, key),
        "list_multipart_uploads": lambda: store.list_multipart_uploads(key),
        "list_parts": lambda: store.list_parts(key, upload),
        "complete_multipart_upload": lambda: store.complete_multipart_upload(key, upload, ()),
        "abort_multipart_upload": lambda: store.abort_multipart_upload(key, upload),
        "head_object": lambda: store.head_object(key),
        "check": store.check,
    }[operation]
    with transaction(), pytest.raises(CallInsideTransaction, match=operation):
        await call()

    assert [listed.multipart_upload_id for listed in await store.list_multipart_uploads(key)] == [upload]
    await store.abort_multipart_upload(key, upload)
