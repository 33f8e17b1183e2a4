"""Whatever a store says, S3Store answers with a value that makes sense or with a StoreError, and reads no more than it must.

`XML_BODIES=1000000 pytest tests/faults/test_store_xml.py --timeout 3600` for a long run.
"""

import asyncio
import os
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.httpsession import AIOHTTPSession
from aiohttp import ClientPayloadError

from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.storage.answers import MAX_ANSWER
from coordinator.storage.options import S3Options
from coordinator.storage.s3 import S3Store, open_s3_store
from coordinator.uploads.model import ManifestPart, MultipartUploadId
from coordinator.uploads.store import StoreError, StoreOutcomeUnknown
from tests.faults.mutations import BOMB, COMPLETED, CREATED, PAGE, PARTS, UPLOADS, XML, Said, said

BODIES = int(os.environ.get("XML_BODIES", "20000"))
ROUNDS = 8
KEY = "the-key"
UPLOAD = MultipartUploadId("the-upload")
MANIFEST = (ManifestPart(1, "etag1", 1),)


async def create(store: S3Store) -> None:
    made = await store.create_multipart_upload(
        KEY, mark="the-mark", content_type="a/b", content_encoding=None, content_disposition="attachment"
    )
    assert usable(made.multipart_upload_id)
    assert made.abort_date is None


async def list_parts(store: S3Store) -> None:
    for part in await store.list_parts(KEY, UPLOAD):
        assert isinstance(part.part_number, int)
        assert isinstance(part.size, int)
        assert isinstance(part.etag, str)
        assert part.last_modified.tzinfo is not None


async def list_uploads(store: S3Store) -> None:
    for upload in await store.list_multipart_uploads(KEY):
        assert usable(upload.multipart_upload_id)
        assert upload.initiated.tzinfo is not None


async def complete(store: S3Store) -> None:
    completed = await store.complete_multipart_upload(KEY, UPLOAD, MANIFEST)
    assert completed.version_id is None


async def abort(store: S3Store) -> None:
    await store.abort_multipart_upload(KEY, UPLOAD)


CALLS: dict[Callable[[S3Store], Awaitable[None]], bytes] = {
    create: CREATED,
    list_parts: PARTS,
    list_uploads: UPLOADS,
    complete: COMPLETED,
    abort: b"",
}


def usable(upload_id: object) -> bool:
    """An id that can stand in a URL and be asked for again."""
    return isinstance(upload_id, str) and upload_id != ""


@dataclass
class Mouth:
    """What the network would have brought, for the SDK to read; `pieces` of it were asked for."""

    says: Said = field(default_factory=lambda: Said(200, b""))
    pieces: int = 0
    endless: bool = False
    breaks: BaseException | None = None
    closed: bool = False
    content: Any = field(init=False)

    def __post_init__(self) -> None:
        self.content = self

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        self.pieces += 1
        yield self.says.body
        if self.breaks is not None:
            raise self.breaks
        while self.endless:
            self.pieces += 1
            yield b" " * size

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def mouth(monkeypatch: pytest.MonkeyPatch) -> Mouth:
    mouth = Mouth()

    async def send(_: AIOHTTPSession, request: Any) -> AioAWSResponse:
        return AioAWSResponse(request.url, mouth.says.status, {}, mouth)

    monkeypatch.setattr(AIOHTTPSession, "send", send)
    return mouth


@pytest.fixture
async def store(mouth: Mouth) -> AsyncIterator[S3Store]:
    credentials = StaticCredentials(Credentials("the-access-key", "the-secret"))
    async with open_s3_store(S3Options("http://store.example", "us-east-1", "uploads", credentials)) as store:
        yield store


@pytest.mark.filterwarnings("ignore:tzname .* identified:RuntimeWarning")
@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_a_mutated_answer_is_a_value_or_a_store_error(store: S3Store, mouth: Mouth, seed: int) -> None:
    rng = Random(seed)
    refused = 0
    for _ in range(BODIES // ROUNDS):
        call = rng.choice(list(CALLS))
        mouth.says = said(rng, CALLS[call])
        try:
            await call(store)
        except StoreError:
            refused += 1
        except Exception as crash:
            raise AssertionError(f"{call.__name__}: {mouth.says!r:.4000}") from crash
        else:
            assert_may_pass(call, mouth.says)
    assert BODIES // ROUNDS // 4 < refused < BODIES // ROUNDS, (
        "a test that meets one kind only proves nothing"
    )


def assert_may_pass(call: Callable[[S3Store], Awaitable[None]], answer: Said) -> None:
    """A success has a success's status; and, of Complete, a whole document that is no error and defines nothing."""
    assert 200 <= answer.status < 300, answer
    assert call is abort or b"<!DOCTYPE" not in answer.body, answer
    if call is complete:
        assert ET.fromstring(answer.body, ET.XMLParser(encoding="utf-8")).tag != "Error", answer


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (list_uploads, Said(200, UPLOADS.replace(b"up2", b""))),
        (create, Said(200, CREATED.replace(b"the-upload", b""))),
        (create, Said(200, CREATED.replace(b"Key>", b"UploadId>"))),
        (list_parts, Said(400, PARTS.replace(b"UploadId>", b"Error>"))),
        (abort, Said(503, b"<a>" * 1_200 + b"</a>" * 1_200)),
        (list_uploads, Said(200, UPLOADS.replace(b"2026-11-21T07:00:02.000Z", b"9" * 400))),
        (list_uploads, Said(200, UPLOADS.replace(b"07:00", b"07:" + b"9" * 30))),
        (complete, Said(200, b"<a/>")),
        (complete, Said(206, COMPLETED.replace(b"CompleteMultipartUploadResult", b"Error"))),
        (complete, Said(204, b"")),
    ],
    ids=[
        "listed without id",
        "made without id",
        "two ids",
        "error of text",
        "deep",
        "time",
        "clock",
        "other document",
        "error inside 206",
        "nothing",
    ],
)
async def test_what_makes_no_sense_is_an_unknown_outcome(
    store: S3Store, mouth: Mouth, call: Callable[[S3Store], Awaitable[None]], answer: Said
) -> None:
    mouth.says = answer
    with pytest.raises(StoreOutcomeUnknown):
        await call(store)


async def test_a_time_without_a_zone_is_utc(store: S3Store, mouth: Mouth) -> None:
    mouth.says = Said(200, UPLOADS.replace(b"02.000Z", b"02"))
    older, newer = await store.list_multipart_uploads(KEY)
    assert (newer.initiated - older.initiated).total_seconds() == 1


@pytest.mark.parametrize("call", [create, list_parts, list_uploads, complete])
async def test_a_document_that_defines_entities_says_nothing(
    store: S3Store, mouth: Mouth, call: Callable[[S3Store], Awaitable[None]]
) -> None:
    honest = CALLS[call]
    for entity in (b"&a;", b"&b;", b"&f;"):
        body = honest.replace(XML, XML + BOMB).replace(b"the-upload", entity).replace(b"abc-2", entity)
        mouth.says = Said(200, body)
        with pytest.raises(StoreOutcomeUnknown):
            await call(store)
    mouth.says = Said(200, honest)
    await call(store)


async def test_a_gateways_page_is_known_by_its_status(store: S3Store, mouth: Mouth) -> None:
    for status in (404, 502):
        mouth.says = Said(status, PAGE)
        with pytest.raises(StoreOutcomeUnknown, match=str(status)):
            await complete(store)


async def test_an_answer_that_does_not_end_is_left(store: S3Store, mouth: Mouth) -> None:
    mouth.says, mouth.endless = Said(200, PARTS), True
    with pytest.raises(StoreOutcomeUnknown, match="AnswerTooLarge"):
        await list_parts(store)
    assert mouth.closed
    assert mouth.pieces <= MAX_ANSWER // 2**16 + 2


@pytest.mark.parametrize(
    ("breaks", "heard"),
    [
        (ClientPayloadError(), StoreOutcomeUnknown),
        (TimeoutError(), StoreOutcomeUnknown),
        (asyncio.CancelledError(), asyncio.CancelledError),
    ],
)
async def test_a_connection_with_half_an_answer_on_it_is_closed(
    store: S3Store, mouth: Mouth, breaks: BaseException, heard: type[BaseException]
) -> None:
    mouth.says, mouth.breaks = Said(200, PARTS[:100]), breaks
    with pytest.raises(heard):
        await list_parts(store)
    assert mouth.closed


async def test_the_largest_page_that_a_store_sends_is_read(store: S3Store, mouth: Mouth) -> None:
    head, _, tail = PARTS.partition(b"<Part>")
    rows = b"".join(
        b"<Part><PartNumber>%d</PartNumber><LastModified>2026-11-21T07:00:00.000Z</LastModified>"
        b"<ETag>&quot;%032d&quot;</ETag><Size>5242880</Size></Part>" % (n, n)
        for n in range(1, 10_001)
    )
    mouth.says = Said(200, head + rows + tail[tail.index(b"</ListPartsResult>") :])
    assert len(await store.list_parts(KEY, UPLOAD)) == 10_000
