"""Store answers that went wrong on the way, or were made wrong on purpose: any body, reproducible from its seed."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

XML = b'<?xml version="1.0" encoding="UTF-8"?>\n'
SPACE = b' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'

CREATED = (
    XML + b"<InitiateMultipartUploadResult" + SPACE + b"><Bucket>uploads</Bucket><Key>the-key</Key>"
    b"<UploadId>the-upload</UploadId></InitiateMultipartUploadResult>"
)
COMPLETED = (
    XML + b"<CompleteMultipartUploadResult" + SPACE + b"><Location>http://store/uploads/the-key</Location>"
    b"<Bucket>uploads</Bucket><Key>the-key</Key><ETag>&quot;abc-2&quot;</ETag></CompleteMultipartUploadResult>"
)
PART = (
    b"<Part><PartNumber>%d</PartNumber><LastModified>2026-11-21T07:00:00.000Z</LastModified>"
    b"<ETag>&quot;etag%d&quot;</ETag><Size>5242880</Size></Part>"
)
PARTS = (
    XML
    + b"<ListPartsResult"
    + SPACE
    + b"><Bucket>uploads</Bucket><Key>the-key</Key><UploadId>the-upload</UploadId>"
    b"<PartNumberMarker>0</PartNumberMarker><NextPartNumberMarker>2</NextPartNumberMarker><MaxParts>1000</MaxParts>"
    b"<IsTruncated>false</IsTruncated>" + PART % (1, 1) + PART % (2, 2) + b"</ListPartsResult>"
)
UPLOAD = b"<Upload><Key>the-key</Key><UploadId>up%d</UploadId><Initiated>2026-11-21T07:00:0%d.000Z</Initiated></Upload>"
UPLOADS = (
    XML + b"<ListMultipartUploadsResult" + SPACE + b"><Bucket>uploads</Bucket><KeyMarker/><UploadIdMarker/>"
    b"<NextKeyMarker>the-key</NextKeyMarker><NextUploadIdMarker>up2</NextUploadIdMarker>"
    b"<IsTruncated>false</IsTruncated>" + UPLOAD % (1, 1) + UPLOAD % (2, 2) + b"</ListMultipartUploadsResult>"
)
REFUSED = XML + b"<Error><Code>NoSuchUpload</Code><Message>No.</Message><RequestId>1</RequestId></Error>"
PAGE = b"<!DOCTYPE html><html><head><title>502</title></head><body><p>Bad gateway</body></html>"
BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "the-upload">'
    b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
)

STATUSES = (200, 200, 200, 200, 200, 204, 206, 301, 400, 403, 404, 409, 412, 429, 500, 503, 599)

VALUES = (
    b"",
    b" ",
    b"0",
    b"-1",
    b"1e3",
    b"1.5",
    b"NaN",
    b"true",
    b"TRUE",
    b"9" * 30,
    b"9" * 5_000,
    b"\xd9\xa3",
    b"\xff\xfe",
    b"\x00",
    b"&a;",
    b"&amp;",
    b"&#0;",
    b"&#x41;",
    b"<a/>",
    b"<![CDATA[the-upload]]>",
    b"<!-- x -->",
    b"../../etc",
    b"\r\nX-Injected: yes",
    b"2026-11-21T07:00:00",
    b"2026-13-45T99:99:99Z",
    b"0001-01-01T00:00:00+14:00",
    b"1700000000",
    b"a" * 10_000,
)


class Said(NamedTuple):
    status: int
    body: bytes


def said(rng: Random, honest: bytes) -> Said:
    """An answer made of `honest`, of what other calls get, or of neither."""
    body = (
        honest if rng.random() < 0.8 else rng.choice((CREATED, COMPLETED, PARTS, UPLOADS, REFUSED, PAGE, b""))
    )
    for _ in range(rng.randint(1, 4)):
        body = rng.choice(MUTATORS)(rng, body)
    return Said(rng.choice(STATUSES), body)


def flip(rng: Random, body: bytes) -> bytes:
    if not body:
        return body
    changed = bytearray(body)
    changed[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut(rng: Random, body: bytes) -> bytes:
    start, end = _span(rng, body)
    return body[:start] + body[end:]


def truncate(rng: Random, body: bytes) -> bytes:
    return body[: rng.randrange(len(body) + 1)]


def repeat(rng: Random, body: bytes) -> bytes:
    start, end = _span(rng, body)
    return body[:end] + body[start:end] * rng.randint(1, 3) + body[end:]


def insert(rng: Random, body: bytes) -> bytes:
    place = rng.randrange(len(body) + 1)
    return body[:place] + rng.choice(VALUES) + body[place:]


def define(rng: Random, body: bytes) -> bytes:
    """Entities, and one use of them."""
    head, xml, rest = body.partition(XML)
    return (head + xml if xml else b"") + BOMB + retext(rng, rest if xml else head, (b"&a;", b"&b;", b"&f;"))


def retext(rng: Random, body: bytes, values: Sequence[bytes] = VALUES) -> bytes:
    """Another text in one element."""
    starts = [place for place in range(len(body)) if body[place : place + 1] == b">"]
    if not starts:
        return body
    start = rng.choice(starts) + 1
    end = body.find(b"<", start)
    return body[:start] + rng.choice(values) + (body[end:] if end >= 0 else b"")


def rename(rng: Random, body: bytes) -> bytes:
    names = (b"Error", b"Code", b"UploadId", b"Part", b"ETag", b"IsTruncated", b"Size", b"Upload", b"Bucket")
    return body.replace(rng.choice(names), rng.choice(names))


def nest(rng: Random, body: bytes) -> bytes:
    deep = rng.choice((1, 50, 1_200))
    return b"<a>" * deep + body + b"</a>" * deep


def pad(rng: Random, body: bytes) -> bytes:
    return rng.choice((b" ", b"\n", b"\xef\xbb\xbf")) * rng.randint(1, 50) + body


MUTATORS: tuple[Callable[[Random, bytes], bytes], ...] = (
    flip,
    flip,
    cut,
    truncate,
    repeat,
    insert,
    define,
    retext,
    retext,
    retext,
    rename,
    nest,
    pad,
)


def _span(rng: Random, body: bytes) -> tuple[int, int]:
    start = rng.randrange(len(body) + 1)
    return start, min(len(body), start + rng.randint(0, 40))
