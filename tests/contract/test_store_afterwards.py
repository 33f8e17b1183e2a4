"""What may still come when an upload is an object already: a late part, an abort."""

import httpx2
import pytest

from coordinator.uploads.model import MultipartUploadId
from coordinator.uploads.store import StoredObject, StoreUploadGone
from tests.contract.bench import Bench, PartRefused, create, manifest_of


async def finished(bench: Bench, key: str) -> tuple[MultipartUploadId, StoredObject]:
    upload = await create(bench.store, key)
    await bench.put_part(key, upload, 1, b"whole")
    manifest = manifest_of(*await bench.store.list_parts(key, upload))
    await bench.store.complete_multipart_upload(key, upload, manifest)
    found = await bench.store.head_object(key)
    assert found is not None
    return upload, found


async def test_an_abort_after_complete_leaves_the_object(bench: Bench, key: str) -> None:
    upload, found = await finished(bench, key)
    if bench.profile.abort_after_complete == "accepted":
        await bench.store.abort_multipart_upload(key, upload)
    else:
        with pytest.raises(StoreUploadGone):
            await bench.store.abort_multipart_upload(key, upload)
    assert await bench.store.head_object(key) == found
    assert (await bench.headers(key)).content_type == "application/octet-stream"


async def test_a_part_after_complete_leaves_the_object(bench: Bench, key: str) -> None:
    upload, found = await finished(bench, key)
    if bench.profile.part_after_complete == "breaks the object":
        await bench.put_part(key, upload, 1, b"other")
        assert await bench.store.head_object(key) == found
        with pytest.raises(httpx2.HTTPStatusError, match="409"):
            await bench.headers(key)
        return
    with pytest.raises(PartRefused) as refused:
        await bench.put_part(key, upload, 1, b"other")
    assert refused.value.status == bench.profile.part_of_a_gone_upload
    assert await bench.store.head_object(key) == found
