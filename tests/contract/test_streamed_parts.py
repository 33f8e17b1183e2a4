"""UploadPart of a body that arrives piece by piece: whole or not at all, on every store."""

import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator

import pytest

from coordinator.uploads.plan import MIB
from coordinator.uploads.store import StoreError, StoreRefused, StoreUploadGone
from tests.contract.bench import Bench, RealBench, create, manifest_of

PIECE = 64 * 1024
CONTENT = bytes(range(256)) * (5 * MIB // 256) + b"and no round number"


class GivenUp(Exception):
    """Whoever sent the body is gone."""


async def pieces(content: bytes, *, until: int | None = None) -> AsyncIterator[bytes]:
    """`until`: raises GivenUp after so many bytes."""
    for begin in range(0, len(content), PIECE):
        if until is not None and begin >= until:
            raise GivenUp
        yield content[begin : begin + PIECE]


def md5(content: bytes) -> str:
    return b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def sha256(content: bytes) -> str:
    return b64encode(hashlib.sha256(content).digest()).decode()


async def test_a_part_arrives_whole_beside_one_that_was_sent_directly(bench: Bench, key: str) -> None:
    upload = await create(bench.store, key)
    etag = await bench.store.upload_part(
        key, upload, 1, pieces(CONTENT), size=len(CONTENT), md5=md5(CONTENT), sha256=sha256(CONTENT)
    )
    await bench.put_part(key, upload, 2, b"the rest")

    listed = await bench.store.list_parts(key, upload)
    assert [(row.part_number, row.size) for row in listed] == [(1, len(CONTENT)), (2, 8)]
    assert listed[0].etag == etag
    await bench.store.complete_multipart_upload(key, upload, manifest_of(*listed))
    if isinstance(bench, RealBench):
        assert await bench.content(key) == CONTENT + b"the rest"


async def test_a_part_of_no_bytes(bench: Bench, key: str) -> None:
    upload = await create(bench.store, key)
    etag = await bench.store.upload_part(key, upload, 1, pieces(b""), size=0)
    assert [(row.size, row.etag) for row in await bench.store.list_parts(key, upload)] == [(0, etag)]
    await bench.store.abort_multipart_upload(key, upload)


async def test_a_body_that_breaks_off_leaves_no_part(bench: Bench, key: str) -> None:
    upload = await create(bench.store, key)
    with pytest.raises(GivenUp):
        await bench.store.upload_part(key, upload, 1, pieces(CONTENT, until=3 * MIB), size=len(CONTENT))
    assert await bench.store.list_parts(key, upload) == []
    await bench.store.abort_multipart_upload(key, upload)


async def test_other_bytes_than_those_of_the_md5_are_refused(bench: Bench, key: str) -> None:
    if bench.profile.checks_md5 == "stores":
        pytest.skip("this store checks no digest")
    upload = await create(bench.store, key)
    with pytest.raises(StoreRefused, match="BadDigest"):
        await bench.store.upload_part(
            key, upload, 1, pieces(CONTENT), size=len(CONTENT), md5=md5(b"something else")
        )
    if bench.profile.checks_md5 == "refuses":
        assert await bench.store.list_parts(key, upload) == []
        await bench.store.abort_multipart_upload(key, upload)


async def test_a_part_of_an_upload_that_is_gone(bench: Bench, key: str) -> None:
    upload = await create(bench.store, key)
    await bench.store.abort_multipart_upload(key, upload)
    gone = StoreUploadGone if bench.profile.part_of_a_gone_upload == 404 else StoreError
    with pytest.raises(gone) as refused:
        # of more than fits into the socket, some stores refuse without reading, and the refusal is lost in a reset
        await bench.store.upload_part(key, upload, 1, pieces(b"small"), size=5)
    assert refused.value.operation == "upload_part"
