"""What S3Store makes of answers, down to the bytes: those real stores give, and those nobody should."""

import asyncio
from datetime import UTC, datetime

import pytest

from coordinator.storage.s3 import MAX_PAGES, S3Store
from coordinator.uploads.model import ManifestPart, MultipartUploadId
from coordinator.uploads.store import (
    CompletedObject,
    CreatedMultipartUpload,
    StoreError,
    StoreMisconfigured,
    StoreOutcomeUnknown,
    StoreRefused,
    StoreUploadGone,
)
from tests.unit.storage.canned import Canned, answer, error, parts_page, uploads_page

KEY = "the-key"
UPLOAD = MultipartUploadId("the-upload")
MANIFEST = (ManifestPart(1, "etag1", 1),)
CREATED = "<InitiateMultipartUploadResult><UploadId>the-upload</UploadId></InitiateMultipartUploadResult>"
MODIFIED = "Last-Modified: Sat, 21 Nov 2026 07:00:00 GMT"
COMPLETED = "<CompleteMultipartUploadResult><ETag>{}</ETag></CompleteMultipartUploadResult>"


async def create(store: S3Store) -> CreatedMultipartUpload:
    return await store.create_multipart_upload(
        KEY, mark="the-mark", content_type="a/b", content_encoding=None, content_disposition="attachment"
    )


async def complete(store: S3Store) -> CompletedObject:
    return await store.complete_multipart_upload(KEY, UPLOAD, MANIFEST)


async def test_the_bucket_says_when_it_will_abort(canned: Canned, store: S3Store) -> None:
    canned.answers = [
        answer(200, CREATED, "x-amz-abort-date: Sat, 28 Nov 2026 00:00:00 GMT"),
        answer(200, CREATED),
    ]
    assert (await create(store)).abort_date == datetime(2026, 11, 28, tzinfo=UTC)
    assert await create(store) == CreatedMultipartUpload(UPLOAD, None)


@pytest.mark.parametrize(("said", "etag"), [('"abc-1"', "abc-1"), ("abc-1", "abc-1"), ("", None)])
async def test_the_etag_of_complete_is_bare_and_may_be_missing(
    canned: Canned, store: S3Store, said: str, etag: str | None
) -> None:
    canned.answers = [answer(200, COMPLETED.format(said), "x-amz-version-id: v1")]
    assert await complete(store) == CompletedObject(etag, "v1")


@pytest.mark.parametrize(
    "unclear",
    [
        error(200, "InternalError"),
        error(200, "AccessDenied"),
        answer(200, COMPLETED.format("x")[:-10]),
        answer(200, COMPLETED.format("x"), length=9_999),
        error(500, "InternalError"),
        error(503, "SlowDown"),
        error(409, "ConditionalRequestConflict"),
        error(412, "PreconditionFailed"),
        answer(502, "<html>Bad gateway</html>"),
        answer(404, "404 page not found"),
        b"",
        b"what?\r\n\r\n",
        None,
    ],
)
@pytest.mark.parametrize("patience", [0.2])
async def test_an_unclear_answer_to_complete_is_an_unknown_outcome_asked_for_once(
    canned: Canned, store: S3Store, unclear: bytes | None
) -> None:
    canned.answers = [unclear]
    with pytest.raises(StoreOutcomeUnknown) as unknown:
        await complete(store)
    assert len(canned.requests) == 1
    assert_tells_nothing(unknown.value, canned)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (error(400, "InvalidPart"), StoreRefused),
        (error(404, "NoSuchUpload"), StoreUploadGone),
        (error(404, "NoSuchKey"), StoreUploadGone),
        (error(404, "NoSuchBucket"), StoreMisconfigured),
        (error(403, "SignatureDoesNotMatch"), StoreMisconfigured),
        (error(401, "AccessDenied"), StoreMisconfigured),
    ],
)
async def test_a_clear_refusal_is_told_apart(
    canned: Canned, store: S3Store, said: bytes, kind: type[StoreError]
) -> None:
    canned.answers = [said]
    with pytest.raises(kind) as refused:
        await complete(store)
    assert type(refused.value) is kind
    assert_tells_nothing(refused.value, canned)


async def test_a_redirect_to_another_region_is_not_followed(canned: Canned, store: S3Store) -> None:
    moved = (
        "<Error><Code>PermanentRedirect</Code><Endpoint>elsewhere</Endpoint><Bucket>uploads</Bucket></Error>"
    )
    canned.answers = [
        answer(301, moved, "x-amz-bucket-region: eu-west-1"),
        answer(400, "", "x-amz-bucket-region: eu-west-1"),
    ]
    with pytest.raises(StoreMisconfigured, match=r"store\.region"):
        await create(store)
    with pytest.raises(StoreMisconfigured):
        await store.head_object(KEY)
    assert len(canned.requests) == 2


async def test_an_answer_without_an_upload_id_is_unreadable(canned: Canned, store: S3Store) -> None:
    canned.answers = [answer(200, "<html/>")]
    with pytest.raises(StoreOutcomeUnknown):
        await create(store)


async def test_a_page_that_is_no_listing_does_not_count_as_an_empty_one(
    canned: Canned, store: S3Store
) -> None:
    canned.answers = [answer(200, "<html/>"), answer(200, "<html/>")]
    with pytest.raises(StoreOutcomeUnknown):
        await store.list_parts(KEY, UPLOAD)
    with pytest.raises(StoreOutcomeUnknown):
        await store.list_multipart_uploads(KEY)


async def test_pages_of_parts_are_followed_by_the_stores_own_marker(canned: Canned, store: S3Store) -> None:
    canned.answers = [parts_page(2, 1, following=7), parts_page(2, 9, following=9), parts_page(9, 12)]
    listed = await store.list_parts(KEY, UPLOAD)
    assert [part.part_number for part in listed] == [1, 2, 9, 12]
    assert [
        "part-number-marker=" + str(marker) in request
        for marker, request in zip((0, 7, 9), canned.requests, strict=True)
    ] == [True] * 3


async def test_a_listing_that_never_says_it_ends_ends_with_an_empty_page(
    canned: Canned, store: S3Store
) -> None:
    canned.answers = [parts_page(1, 2, following=2), parts_page(truncated=True)]
    assert [part.part_number for part in await store.list_parts(KEY, UPLOAD)] == [1, 2]


@pytest.mark.parametrize(
    "pages",
    [
        [parts_page(1, 2, following=2), parts_page(1, 2, following=2)],
        [parts_page(1, 2, truncated=True)],
        [parts_page(number, following=number) for number in range(1, MAX_PAGES + 1)],
    ],
    ids=["marker ignored", "no marker", "endless"],
)
async def test_half_a_listing_is_never_taken_for_the_whole(
    canned: Canned, store: S3Store, pages: list[bytes | None]
) -> None:
    canned.answers = list(pages)
    with pytest.raises(StoreOutcomeUnknown):
        await store.list_parts(KEY, UPLOAD)
    assert len(canned.requests) == len(pages)


async def test_uploads_are_listed_over_pages_oldest_first_and_under_this_key_alone(
    canned: Canned, store: S3Store
) -> None:
    canned.answers = [
        uploads_page((KEY, "newest"), ("the-key-too", "other"), (KEY, "older"), following=(KEY, "older")),
        uploads_page((f"{KEY}/", "below"), (KEY, "between")),
    ]
    listed = await store.list_multipart_uploads(KEY)
    assert [upload.multipart_upload_id for upload in listed] == ["older", "between", "newest"]
    assert "key-marker=the-key&" in canned.requests[1]
    assert "upload-id-marker=older" in canned.requests[1]


async def test_uploads_whose_pages_go_in_circles_are_not_a_listing(canned: Canned, store: S3Store) -> None:
    canned.answers = [uploads_page((KEY, "a"), following=(KEY, "a"))] * 2
    with pytest.raises(StoreOutcomeUnknown, match="do not end"):
        await store.list_multipart_uploads(KEY)


async def test_head_finds_the_mark_whatever_the_case_of_its_name(canned: Canned, store: S3Store) -> None:
    canned.answers = [
        answer(
            200,
            "",
            'ETag: "abc-2"',
            MODIFIED,
            "X-Amz-Meta-Coordinator-Mark: the-mark",
            length=0,
        )
    ]
    found = await store.head_object(KEY)
    assert found is not None
    assert (found.mark, found.etag, found.size, found.version_id) == ("the-mark", "abc-2", 0, None)


@pytest.mark.parametrize(
    "unclear",
    [
        answer(200, "", MODIFIED),
        answer(200, "", 'ETag: "a"'),
        answer(200, "", 'ETag: "a"', "Last-Modified: yesterday"),
        answer(200, "", 'ETag: "a"', MODIFIED).replace(b"Content-Length: 0\r\n", b""),
        answer(204, "", 'ETag: "a"', MODIFIED),
        answer(307, "", "Location: http://127.0.0.1:1/elsewhere"),
        b"HTTP/1.1 200 OK\r\nContent-",
        b"what?\r\n\r\n",
        None,
    ],
)
@pytest.mark.parametrize("patience", [0.2])
async def test_an_unclear_answer_to_head_says_nothing(
    canned: Canned, store: S3Store, unclear: bytes | None
) -> None:
    canned.answers = [unclear] * 2
    with pytest.raises(StoreOutcomeUnknown) as unknown:
        await store.head_object(KEY)
    assert unknown.value.operation == "head_object"
    assert "http" not in str(unknown.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, StoreMisconfigured),
        (400, StoreMisconfigured),
        (401, StoreMisconfigured),
        (403, StoreMisconfigured),
        (429, StoreOutcomeUnknown),
        (503, StoreOutcomeUnknown),
    ],
)
async def test_head_says_missing_only_for_404(
    canned: Canned, store: S3Store, status: int, kind: type[StoreError]
) -> None:
    canned.answers = [answer(status), answer(404)]
    with pytest.raises(kind):
        await store.head_object(KEY)
    assert await store.head_object(KEY) is None


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([error(404, "NoSuchBucket")], r"store\.bucket"),
        ([error(403, "AccessDenied")], r"store\.access_key_id"),
        ([uploads_page(), answer(403)], r"s3:ListBucket"),
        (
            [uploads_page(), answer(200, "", 'ETag: "a"', "Last-Modified: Sat, 21 Nov 2026 07:00:00 GMT")],
            r"not an S3 store",
        ),
    ],
)
async def test_the_check_says_what_is_wrong(
    canned: Canned, store: S3Store, answers: list[bytes | None], said: str
) -> None:
    canned.answers = list(answers)
    with pytest.raises(StoreMisconfigured, match=said):
        await store.check()
    assert canned.answers == []


async def test_the_check_passes_when_a_missing_key_is_missing(canned: Canned, store: S3Store) -> None:
    canned.answers = [uploads_page(), answer(404)]
    await store.check()
    assert canned.requests[1].startswith("head /uploads/coordinator-check-")


async def test_who_stops_waiting_is_let_go(canned: Canned, store: S3Store) -> None:
    canned.answers = [None]
    call = asyncio.create_task(complete(store))
    await canned.asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


def assert_tells_nothing(raised: StoreError, canned: Canned) -> None:
    """The message and the printed cause hold no address, key, id or secret."""
    assert raised.__suppress_context__
    for secret in (canned.endpoint_url, KEY, UPLOAD, "the-secret", "the-mark"):
        assert secret not in str(raised)


async def test_a_listing_may_leave_out_that_it_ends(canned: Canned, store: S3Store) -> None:
    bucket = "<Bucket>uploads</Bucket>"
    canned.answers = [
        answer(200, f"<ListPartsResult>{bucket}</ListPartsResult>"),
        answer(200, f"<ListMultipartUploadsResult>{bucket}</ListMultipartUploadsResult>"),
    ]
    assert await store.list_parts("key", UPLOAD) == []
    assert await store.list_multipart_uploads("key") == []


async def test_what_names_no_bucket_is_no_listing(canned: Canned, store: S3Store) -> None:
    canned.answers = [answer(200, "<html></html>"), answer(200, "<html></html>")]
    with pytest.raises(StoreOutcomeUnknown, match="KeyError"):
        await store.list_parts("key", UPLOAD)
    with pytest.raises(StoreOutcomeUnknown, match="KeyError"):
        await store.list_multipart_uploads("key")
