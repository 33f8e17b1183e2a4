"""What every object store promises from the creation of an upload to the object."""

import hashlib

import pytest

from coordinator.uploads.model import ManifestPart
from coordinator.uploads.plan import AWS_LIMITS
from coordinator.uploads.store import StoreRefused, StoreUploadGone
from tests.contract.bench import Bench, PartRefused, create, manifest_of, put_parts

FULL = b"\x00part\xff" * (AWS_LIMITS.min_part_size // 6 + 1)


def md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()


def etag_of_parts(*contents: bytes) -> str:
    return f"{md5(b''.join(map(md5, contents))).hex()}-{len(contents)}"


async def test_three_parts_become_an_object_that_bears_the_mark(bench: Bench, key: str) -> None:
    contents = [FULL, FULL[1:], b"the rest"]
    upload = await create(bench.store, key, mark="0123456789abcdef0123456789abcdef")
    etags = await put_parts(bench, key, upload, contents)

    listed = await bench.store.list_parts(key, upload)
    assert [(part.part_number, part.etag, part.size) for part in listed] == [
        (number, etag, len(content))
        for number, (etag, content) in enumerate(zip(etags, contents, strict=True), start=1)
    ]
    assert await bench.store.head_object(key) is None

    completed = await bench.store.complete_multipart_upload(key, upload, manifest_of(*listed))
    found = await bench.store.head_object(key)
    assert found is not None
    assert found.size == sum(map(len, contents))
    assert found.mark == "0123456789abcdef0123456789abcdef"
    assert completed.etag == etag_of_parts(*contents)
    if bench.profile.object_etag == "of parts":
        assert found.etag == completed.etag
    else:
        assert found.etag == md5(b"".join(contents)).hex()
    if bench.profile.list_parts_after_complete == "gone":
        with pytest.raises(StoreUploadGone):
            await bench.store.list_parts(key, upload)
    else:
        assert await bench.store.list_parts(key, upload) == listed
    assert await bench.store.list_multipart_uploads(key) == []


async def test_readers_are_told_type_encoding_and_disposition(bench: Bench, key: str) -> None:
    disposition = "attachment; filename=\"data.csv\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv"
    created = await bench.store.create_multipart_upload(
        key,
        mark="ours",
        content_type="text/csv; charset=utf-8",
        content_encoding="identity",
        content_disposition=disposition,
    )
    await bench.put_part(key, created.multipart_upload_id, 1, b"a,b\n")
    listed = await bench.store.list_parts(key, created.multipart_upload_id)
    await bench.store.complete_multipart_upload(key, created.multipart_upload_id, manifest_of(*listed))

    headers = await bench.headers(key)
    assert headers.content_type == "text/csv; charset=utf-8"
    assert headers.content_encoding == "identity"
    assert headers.content_disposition == disposition


async def test_a_file_of_no_bytes_is_one_empty_part(bench: Bench, key: str) -> None:
    upload = await create(bench.store, key)
    await bench.put_part(key, upload, 1, b"")
    listed = await bench.store.list_parts(key, upload)
    assert [(part.part_number, part.size) for part in listed] == [(1, 0)]

    await bench.store.complete_multipart_upload(key, upload, manifest_of(*listed))
    found = await bench.store.head_object(key)
    assert found is not None
    assert (found.size, found.mark) == (0, "ours")


async def test_every_part_is_listed_however_many_pages_it_takes(bench: Bench, key: str) -> None:
    upload = await create(bench.store, key)
    etags = await put_parts(
        bench, key, upload, [b"%d" % number for number in range(bench.profile.parts_per_page + 5)]
    )
    listed = await bench.store.list_parts(key, upload)
    assert [(part.part_number, part.etag) for part in listed] == list(enumerate(etags, start=1))
    await bench.store.abort_multipart_upload(key, upload)


async def test_a_part_that_was_sent_again_completes_by_its_listed_etag(bench: Bench, key: str) -> None:
    upload = await create(bench.store, key)
    await bench.put_part(key, upload, 1, b"first attempt")
    if bench.profile.part_sent_again == "is refused":
        with pytest.raises(PartRefused, match="501"):
            await bench.put_part(key, upload, 1, b"second attempt, longer")
        return
    latest = await bench.put_part(key, upload, 1, b"second attempt, longer")

    rows = await bench.store.list_parts(key, upload)
    attempts = 2 if bench.profile.part_sent_again == "is listed beside the first" else 1
    assert [row.part_number for row in rows] == [1] * attempts
    (row,) = [row for row in rows if row.etag == latest]
    await bench.store.complete_multipart_upload(key, upload, manifest_of(row))

    found = await bench.store.head_object(key)
    assert found is not None
    assert found.size == len(b"second attempt, longer")


async def test_completing_twice_leaves_one_object(bench: Bench, key: str) -> None:
    upload = await create(bench.store, key)
    await bench.put_part(key, upload, 1, b"once")
    manifest = manifest_of(*await bench.store.list_parts(key, upload))
    await bench.store.complete_multipart_upload(key, upload, manifest)
    before = await bench.store.head_object(key)
    assert before is not None

    if bench.profile.second_complete == "accepted":
        await bench.store.complete_multipart_upload(key, upload, manifest)
    else:
        with pytest.raises(StoreUploadGone):
            await bench.store.complete_multipart_upload(key, upload, manifest)
    assert await bench.store.head_object(key) == before


@pytest.mark.parametrize("wrong", ["etag", "missing", "order"])
async def test_a_wrong_manifest_is_refused_and_the_upload_lives(bench: Bench, key: str, wrong: str) -> None:
    upload = await create(bench.store, key)
    await put_parts(bench, key, upload, [FULL, FULL])
    first, second = manifest_of(*await bench.store.list_parts(key, upload))
    manifest = {
        "etag": (first, ManifestPart(2, "0" * 32, second.size)),
        "missing": (first, second, ManifestPart(3, second.etag, second.size)),
        "order": (second, first),
    }[wrong]

    if wrong == "order" and bench.profile.wrong_order == "is accepted":
        await bench.store.complete_multipart_upload(key, upload, manifest)
        return
    with pytest.raises(StoreRefused) as refused:
        await bench.store.complete_multipart_upload(key, upload, manifest)
    assert refused.value.code == ("InvalidPartOrder" if wrong == "order" else "InvalidPart")
    assert refused.value.operation == "complete_multipart_upload"

    assert await bench.store.head_object(key) is None
    if bench.profile.refusal_of_complete == "destroys the upload":
        with pytest.raises(StoreUploadGone):
            await bench.store.list_parts(key, upload)
        return
    assert len(await bench.store.list_parts(key, upload)) == 2
    await bench.store.complete_multipart_upload(key, upload, (first, second))


async def test_a_part_below_the_least_size_is_refused_unless_it_is_the_last(bench: Bench, key: str) -> None:
    upload = await create(bench.store, key)
    await put_parts(bench, key, upload, [b"small", b"end"])
    manifest = manifest_of(*await bench.store.list_parts(key, upload))
    if bench.profile.least_part_size == "ignored":
        await bench.store.complete_multipart_upload(key, upload, manifest)
        return
    with pytest.raises(StoreRefused) as refused:
        await bench.store.complete_multipart_upload(key, upload, manifest)
    assert refused.value.code == "EntityTooSmall"
    await bench.store.abort_multipart_upload(key, upload)
