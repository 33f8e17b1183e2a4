"""The bucket's pages as S3 spells them: where each begins, and which is the last."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.storage.options import S3Options
from coordinator.storage.s3 import S3Store, open_s3_store
from coordinator.uploads.model import MultipartUploadId
from coordinator.uploads.store import StoreMisconfigured, StoreOutcomeUnknown
from coordinator.uploads.whole_bucket import KeyedMultipartUpload, KeyedObject, Page
from tests.unit.storage.canned import Canned, answer, canned_store, error, uploads_page

AT = datetime(2026, 11, 21, 7, tzinfo=UTC)
OBJECT = (
    "<Contents><Key>a%20key</Key><LastModified>2026-11-21T07:00:00.000Z</LastModified>"
    '<ETag>"e"</ETag><Size>18</Size></Contents>'
)


@pytest.fixture
async def canned() -> AsyncIterator[Canned]:
    async with canned_store() as canned:
        yield canned


@pytest.fixture
async def store(canned: Canned) -> AsyncIterator[S3Store]:
    credentials = StaticCredentials(Credentials("the-key-id", "the-secret"))
    async with open_s3_store(S3Options(canned.endpoint_url, "us-east-1", "uploads", credentials)) as store:
        yield store


def objects_page(rows: str, more: str) -> bytes:
    return answer(
        200,
        f"<ListBucketResult><Name>uploads</Name><EncodingType>url</EncodingType>{rows}{more}</ListBucketResult>",
    )


async def test_multipart_uploads_go_on_where_the_page_says(canned: Canned, store: S3Store) -> None:
    canned.answers = [uploads_page(("a", "1"), following=("a", "1")), uploads_page(("b", "2"))]
    first = await store.page_of_multipart_uploads("", None)
    assert first == Page(
        [KeyedMultipartUpload("a", MultipartUploadId("1"), AT.replace(second=59))], ("a", "1")
    )
    second = await store.page_of_multipart_uploads("acme/", first.following)
    assert ([row.key for row in second.rows], second.following) == (["b"], None)
    assert "key-marker" not in canned.requests[0]
    assert all(
        part in canned.requests[1] for part in ("prefix=acme%2f", "key-marker=a", "upload-id-marker=1")
    )


async def test_objects_go_on_where_the_page_says(canned: Canned, store: S3Store) -> None:
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>next</NextContinuationToken>"
    canned.answers = [objects_page(OBJECT, more), objects_page("", "<IsTruncated>false</IsTruncated>")]
    first = await store.page_of_objects("", None)
    assert first == Page([KeyedObject("a key", 18, AT)], ("next",))
    assert await store.page_of_objects("", first.following) == Page([], None)
    assert "continuation-token=next" in canned.requests[1]


async def test_a_page_that_leaves_the_truth_of_more_out_is_the_last(canned: Canned, store: S3Store) -> None:
    canned.answers = [objects_page(OBJECT, "")]
    assert (await store.page_of_objects("", None)).following is None


async def test_what_is_no_listing_is_no_answer(canned: Canned, store: S3Store) -> None:
    canned.answers = [answer(200, "<html></html>")]
    with pytest.raises(StoreOutcomeUnknown):
        await store.page_of_objects("", None)


async def test_a_refusal_is_the_operator_s_to_mend(canned: Canned, store: S3Store) -> None:
    canned.answers = [error(403, "AccessDenied"), error(404, "NoSuchBucket")]
    with pytest.raises(StoreMisconfigured):
        await store.page_of_objects("", None)
    with pytest.raises(StoreMisconfigured):
        await store.page_of_objects("", None)
