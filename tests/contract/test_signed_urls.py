"""What a presigned URL allows on a real store: what was signed, and nothing else.

moto checks no signature. What is refused elsewhere it accepts, which is asserted, and reported as showing nothing (xfail).
"""

import asyncio
import hashlib
from base64 import b64encode
from datetime import timedelta

import pytest

from coordinator.signing.multipart import MultipartPresigner
from coordinator.signing.presigner import PresignedRequest
from coordinator.uploads.model import MultipartUploadId
from coordinator.uploads.store import StoreUploadGone
from tests.contract.bench import RealBench, create
from tests.stores.known import REAL

pytestmark = pytest.mark.parametrize("store_name", REAL, indirect=True, scope="session")

CONTENT = b"what was signed for"
OTHER = b"something else, bad"
assert len(CONTENT) == len(OTHER)


def signed_for(
    real: RealBench, key: str, upload: MultipartUploadId, ago: timedelta = timedelta(0)
) -> MultipartPresigner:
    return real.presigner(ago=ago).multipart(key, upload, expires_in=60)


def with_digest(presigner: MultipartPresigner, *digests: str) -> PresignedRequest:
    """Part 1, bound to CONTENT by these digests."""
    md5 = b64encode(hashlib.md5(CONTENT, usedforsecurity=False).digest()).decode()
    sha256 = b64encode(hashlib.sha256(CONTENT).digest()).decode()
    return presigner.part(
        1, len(CONTENT), md5=md5 if "md5" in digests else None, sha256=sha256 if "sha256" in digests else None
    )


async def stored(real: RealBench, key: str, upload: MultipartUploadId) -> list[tuple[int, int]]:
    return [(part.part_number, part.size) for part in await real.store.list_parts(key, upload)]


def shows_nothing(real: RealBench) -> None:
    pytest.xfail(f"{real.running.name} checks no signatures: this shows nothing there")


async def require_refused(real: RealBench, signed: PresignedRequest, content: bytes) -> None:
    """The store refuses and stores nothing; one that checks no signatures takes it."""
    status = (await real.put(signed, content)).status_code
    if not real.profile.checks_signatures:
        assert status == 200
        shows_nothing(real)
    assert status == 403


async def test_it_takes_what_was_signed(real: RealBench, key: str) -> None:
    upload = await create(real.store, key)
    signed = with_digest(signed_for(real, key, upload), "md5", "sha256")
    assert (await real.put(signed, CONTENT)).status_code == 200
    assert await stored(real, key, upload) == [(1, len(CONTENT))]
    await real.store.abort_multipart_upload(key, upload)


@pytest.mark.parametrize("changed", ["part", "key", "signature"])
async def test_it_is_good_for_one_part_of_one_key(real: RealBench, key: str, changed: str) -> None:
    upload = await create(real.store, key)
    signed = signed_for(real, key, upload).part(1, len(CONTENT))
    tampered = {
        "part": signed.url.replace("partNumber=1&", "partNumber=2&"),
        "key": signed.url.replace(".bin?", ".exe?"),
        "signature": signed.url[:-4] + ("0000" if signed.url[-4:] != "0000" else "1111"),
    }[changed]
    assert tampered != signed.url
    try:
        await require_refused(real, signed._replace(url=tampered), CONTENT)
        assert await stored(real, key, upload) == []
    finally:
        await real.store.abort_multipart_upload(key, upload)


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"!"], ids=["shorter", "longer"])
async def test_it_is_good_for_one_length(real: RealBench, key: str, content: bytes) -> None:
    upload = await create(real.store, key)
    try:
        await require_refused(real, signed_for(real, key, upload).part(1, len(CONTENT)), content)
        assert await stored(real, key, upload) == []
    finally:
        await real.store.abort_multipart_upload(key, upload)


async def test_it_ends(real: RealBench, key: str) -> None:
    upload = await create(real.store, key)
    signed = signed_for(real, key, upload, ago=timedelta(minutes=2)).part(1, len(CONTENT))
    try:
        status = (await real.put(signed, CONTENT)).status_code
        if not real.profile.checks_signatures:
            assert status == 200
            shows_nothing(real)
        assert status == real.profile.refuses_expired_with
        assert await stored(real, key, upload) == []
    finally:
        await real.store.abort_multipart_upload(key, upload)


@pytest.mark.parametrize("digest", ["md5", "sha256"])
async def test_a_digest_that_was_signed_cannot_be_left_out(real: RealBench, key: str, digest: str) -> None:
    upload = await create(real.store, key)
    signed = with_digest(signed_for(real, key, upload), digest)
    try:
        await require_refused(real, signed._replace(headers={}), CONTENT)
        assert await stored(real, key, upload) == []
    finally:
        await real.store.abort_multipart_upload(key, upload)


@pytest.mark.parametrize("digest", ["md5", "sha256"])
async def test_other_bytes_than_those_of_the_digest_are_refused(
    real: RealBench, key: str, digest: str
) -> None:
    upload = await create(real.store, key)
    signed = with_digest(signed_for(real, key, upload), digest)
    answer = await real.put(signed, OTHER)
    match real.profile.checks_md5 if digest == "md5" else real.profile.checks_sha256:
        case "refuses":
            assert answer.status_code == 400
            assert await stored(real, key, upload) == []
            await real.store.abort_multipart_upload(key, upload)
        case "stores":
            assert answer.status_code == 200
            assert await stored(real, key, upload) == [(1, len(OTHER))]
            await real.store.abort_multipart_upload(key, upload)
        case "refuses and destroys the upload":
            assert answer.status_code == 400
            with pytest.raises(StoreUploadGone):
                await real.store.list_parts(key, upload)


async def test_forty_parts_may_come_at_once(real: RealBench, key: str) -> None:
    upload = await create(real.store, key)
    presigner = signed_for(real, key, upload)
    urls = presigner.parts([(number, len(CONTENT)) for number in range(1, 41)])
    answers = await asyncio.gather(*(real.http.put(url, content=CONTENT) for url in urls))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await stored(real, key, upload)) == 40
    await real.store.abort_multipart_upload(key, upload)
