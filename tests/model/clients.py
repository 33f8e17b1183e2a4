"""What clients know of their uploads, and what they send to the store with the URLs they were given."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import parse_qs, unquote, urlsplit

from coordinator.storage.fake import FakeStore
from coordinator.uploads.model import Claim, Identity, MultipartUploadId, UploadId
from coordinator.uploads.requests import SignedPart, StartRequest, WantedPart
from coordinator.uploads.store import StoreError

__all__ = ["PART", "File", "Known", "SlowPut", "Url"]

PART = 4
"""Bytes of a part: the least that the model's limits allow."""


@dataclass(frozen=True, slots=True)
class File:
    """`size` bytes; as a `stream`, its length is told at the end only.

    A file of one part is one PutObject, unless its policy wants `parts`; `md5`: its start names it.
    """

    size: int
    stream: bool = False
    parts: bool = False
    md5: bool = False

    @property
    def part_count(self) -> int:
        return max(1, -(-self.size // PART))

    def size_of(self, number: int) -> int:
        return min(PART, self.size - (number - 1) * PART) if number <= self.part_count else PART

    def content(self, number: int, *, other: bool = False) -> bytes:
        size = self.size_of(number)
        return f"{'o' if other else 'f'}{number}..".encode()[:size]

    def etag(self, number: int) -> str:
        return hashlib.md5(self.content(number), usedforsecurity=False).hexdigest()

    def request(self, fingerprint: str | None, sign: int) -> StartRequest:
        size = None if self.stream else self.size
        request = StartRequest("film.mov", size, None, None, {}, PART, fingerprint, sign)
        return replace(request, md5=_md5(self.content(1))) if self.md5 else request

    def wanted(self, number: int) -> WantedPart:
        return WantedPart(number, self.size_of(number) if self.stream else None)


@dataclass(frozen=True, slots=True)
class Url:
    key: str
    multipart_upload_id: MultipartUploadId | None
    """None: it puts the object itself."""
    part_number: int
    size: int
    expires_at: datetime
    headers: Mapping[str, str] = field(hash=False)


def url_of(signed: SignedPart) -> Url:
    """Read what the store would."""
    address = urlsplit(signed.url)
    query = parse_qs(address.query)
    _, _, key = unquote(address.path).removeprefix("/").partition("/")
    return Url(
        key,
        MultipartUploadId(query["uploadId"][0]) if "uploadId" in query else None,
        int(query.get("partNumber", ["1"])[0]),
        signed.size,
        signed.expires_at,
        signed.headers,
    )


@dataclass(frozen=True, slots=True)
class SlowPut:
    """A PUT that has begun, and whose body is not all there yet."""

    known: "Known"
    url: Url
    content: bytes
    began: datetime


@dataclass
class Known:
    """One upload as its client sees it."""

    id: UploadId
    identity: Identity
    key: str
    file: File
    urls: list[Url] = field(default_factory=list)
    etags: dict[int, str] = field(default_factory=dict)
    """What the store answered to the latest PUT of each part."""
    pure: bool = True
    """No other bytes than the file's were ever sent."""
    acknowledged: bool = False

    def url(self, number: int, now: datetime) -> Url | None:
        """The newest one for this part that the store still takes."""
        return next(
            (url for url in reversed(self.urls) if url.part_number == number and url.expires_at > now), None
        )

    def begin(self, number: int, now: datetime, *, other: bool = False) -> SlowPut | None:
        url = self.url(number, now)
        if url is None:
            return None
        content = self.file.content(number, other=other)
        return SlowPut(self, url, content, now) if len(content) == url.size else None

    def put(self, store: FakeStore, number: int, now: datetime, *, other: bool = False) -> None:
        """Send a part, if a URL allows it; whatever the store says to it."""
        slow = self.begin(number, now, other=other)
        if slow is not None:
            finish(slow, store)

    def claim(self, number: int, kind: str) -> Claim:
        etag = {"right": self.etags.get(number), "wrong": "0" * 32, "foreign": self.file.etag(number + 1)}
        return Claim(number, self.file.size_of(number), etag.get(kind))


def finish(slow: SlowPut, store: FakeStore) -> None:
    """The last byte arrives."""
    url, known = slow.url, slow.known
    known.pure = known.pure and slow.content == known.file.content(url.part_number)
    try:
        if url.multipart_upload_id is None:
            etag = store.put_signed(url.key, slow.content, url.headers)
        else:
            etag = store.put_part_late(url.key, url.multipart_upload_id, url.part_number, slow.content)
    except StoreError:
        return
    known.etags[url.part_number] = etag


def _md5(content: bytes) -> str:
    return b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
