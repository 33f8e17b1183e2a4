"""What every store promises of one presigned PutObject: what was signed arrives and nothing else, and it can be undone."""

import hashlib
from base64 import b64encode
from typing import cast

import pytest

from coordinator.signing.presigner import PresignedRequest
from coordinator.storage.probing import PROBE_PREFIX
from coordinator.uploads.model import MARK_NAME
from coordinator.uploads.whole_bucket import WholeBucket
from tests.contract.bench import Bench, RealBench
from tests.stores.known import REAL

CONTENT = b"a small file, whole"
OTHER = b"of the same length."
assert len(CONTENT) == len(OTHER)
MD5 = hashlib.md5(CONTENT, usedforsecurity=False)
MARK = "0123456789abcdef0123456789abcdef"
MARKED = f"x-amz-meta-{MARK_NAME}"
DISPOSITION = "attachment; filename=\"a, b = c.csv\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%25.csv"
HEADERS = {
    "content-type": "text/csv; charset=utf-8",
    "content-disposition": DISPOSITION,
    MARKED: MARK,
}

on_real_stores = pytest.mark.parametrize("store_name", REAL, indirect=True, scope="session")


def signed_for(real: RealBench, key: str, size: int = len(CONTENT), **more: str) -> PresignedRequest:
    headers = HEADERS | {name.replace("_", "-"): value for name, value in more.items()}
    return real.presigner().put_object(key, size, headers=headers, expires_in=60)


async def taken(real: RealBench, signed: PresignedRequest, content: bytes = CONTENT) -> int:
    return (await real.put(signed, content)).status_code


async def test_what_is_deleted_is_gone_and_may_be_deleted_again(bench: Bench, key: str) -> None:
    await bench.put_object(key, CONTENT)
    await bench.store.delete_object(key, None)
    assert await bench.store.head_object(key) is None
    await bench.store.delete_object(key, None)


async def test_the_probe_says_whether_an_object_can_be_written_over_and_leaves_none(bench: Bench) -> None:
    allowed = await bench.store.probe_lone_put()
    assert allowed is not None
    assert allowed.once == (bench.profile.put_over_an_object == "is refused")
    left = await cast(WholeBucket, bench.store).page_of_objects(PROBE_PREFIX, None)
    assert not left.rows


@on_real_stores
@pytest.mark.parametrize("content", [CONTENT, b""], ids=["some bytes", "none"])
async def test_the_object_bears_what_was_signed(real: RealBench, key: str, content: bytes) -> None:
    signed = signed_for(real, key, len(content), content_encoding="gzip", if_none_match="*")
    assert await taken(real, signed, content) == 200
    found = await real.store.head_object(key)
    assert found is not None
    etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert (found.mark, found.size, found.etag) == (MARK, len(content), etag)
    told = await real.stranger.head_object(Bucket=real.store.bucket, Key=key)
    assert told["ContentType"] == "text/csv; charset=utf-8"
    assert told["ContentDisposition"] == DISPOSITION
    assert told["ContentEncoding"] == "gzip"


@on_real_stores
@pytest.mark.parametrize("header", [*HEADERS, "if-none-match"])
@pytest.mark.parametrize("how", ["left out", "another"])
async def test_no_signed_header_can_be_left_out_or_changed(
    real: RealBench, key: str, header: str, how: str
) -> None:
    signed = signed_for(real, key, if_none_match="*")
    headers = {name: value for name, value in signed.headers.items() if name != header}
    if how == "another":
        headers[header] = "x"
    status = await taken(real, signed._replace(headers=headers))
    if not real.profile.checks_signatures:
        pytest.xfail(f"{real.running.name} checks no signatures: this shows nothing there")
    assert status == 403
    assert await real.store.head_object(key) is None


@on_real_stores
@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"!"], ids=["shorter", "longer"])
async def test_it_is_good_for_one_length(real: RealBench, key: str, content: bytes) -> None:
    status = await taken(real, signed_for(real, key), content)
    if not real.profile.checks_signatures:
        pytest.xfail(f"{real.running.name} checks no signatures: this shows nothing there")
    assert status == 403
    assert await real.store.head_object(key) is None


@on_real_stores
async def test_it_writes_once(real: RealBench, key: str) -> None:
    signed = signed_for(real, key, if_none_match="*")
    assert await taken(real, signed) == 200
    refused = real.profile.put_over_an_object == "is refused"
    assert await taken(real, signed, OTHER) == (412 if refused else 200)
    found = await real.store.head_object(key)
    assert found is not None
    assert (found.etag == MD5.hexdigest()) == refused


@on_real_stores
async def test_an_md5_holds_it_to_one_content(real: RealBench, key: str) -> None:
    signed = signed_for(real, key, content_md5=b64encode(MD5.digest()).decode())
    status = await taken(real, signed, OTHER)
    if real.profile.checks_md5 == "stores":
        pytest.xfail(f"{real.running.name} does not look at Content-MD5: this shows nothing there")
    assert status == 400
    assert await real.store.head_object(key) is None
    assert await taken(real, signed) == 200
    assert await taken(real, signed) == 200
