"""A store in memory, with S3's rules, that fails on command.

Keeps what `uploads.ports.ObjectStore` promises (`tests/contract` runs on it too) and S3's rules for parts: a later PUT of
a part replaces the earlier one; Complete demands ascending numbers, the present ETags and the least size for all but the
last part, leaves the upload as it was when it refuses, and answers a repetition as it did the first time.
Contents are not kept, only their sizes and MD5s. Every call passes through the event loop once, so that races are real.

Source: Amazon S3 API Reference, CompleteMultipartUpload.
"""

import asyncio
import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, pairwise
from typing import TypeVar

from coordinator.storage.errors import Operation
from coordinator.storage.faults import FailAfter, FailBefore, Fault, Hold, Refuse
from coordinator.uploads.model import Manifest, MultipartUploadId
from coordinator.uploads.plan import AWS_LIMITS, S3Limits
from coordinator.uploads.ports import (
    CompletedObject,
    CreatedMultipartUpload,
    ListedMultipartUpload,
    ListedPart,
    StoredObject,
    StoreOutcomeUnknown,
    StoreRefused,
    StoreUploadGone,
)
from coordinator.uploads.transactions import outside_transaction

__all__ = ["FakeStore", "Headers"]

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Headers:
    """What the creation of an upload said of its object."""

    content_type: str
    content_encoding: str | None
    content_disposition: str


@dataclass(frozen=True, slots=True)
class _MultipartUpload:
    key: str
    mark: str | None
    headers: Headers
    listed: ListedMultipartUpload
    parts: dict[int, ListedPart] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Completed:
    key: str
    manifest: Manifest
    answer: CompletedObject


class FakeStore:
    """An ObjectStore, and what a test does in place of a browser or of other users of the bucket.

    `clock` gives the store's time, which every row and object carries; it must be aware of its zone.
    """

    def __init__(
        self, *, clock: Callable[[], datetime], limits: S3Limits = AWS_LIMITS, bucket: str = "uploads"
    ) -> None:
        self.calls: list[Operation] = []
        """Every call, in the order they arrived."""
        self.most_at_once: Counter[Operation] = Counter()
        """The most calls of an operation that were under way at the same time."""
        self._clock = clock
        self._limits = limits
        self._ids = count(1)
        self._bucket = bucket
        self._multipart_uploads: dict[MultipartUploadId, _MultipartUpload] = {}
        self._completed: dict[MultipartUploadId, _Completed] = {}
        self._objects: dict[str, StoredObject] = {}
        self._headers: dict[str, Headers] = {}
        self._under_way: Counter[Operation] = Counter()
        self._script: defaultdict[Operation, deque[Fault]] = defaultdict(deque)

    @property
    def bucket(self) -> str:
        return self._bucket

    def script(self, operation: Operation, *faults: Fault) -> None:
        """Let the next calls of this operation fail, one fault each, in this order; later ones work again."""
        self._script[operation].extend(faults)

    def put_part(
        self, key: str, multipart_upload_id: MultipartUploadId, part_number: int, content: bytes | int
    ) -> str:
        """UploadPart, with a content or only its size in bytes. The ETag, without quotes.

        Raises StoreUploadGone, or StoreRefused when the number or the size is beyond the limits.
        """
        size = content if isinstance(content, int) else len(content)
        upload = self._living("upload_part", key, multipart_upload_id)
        if not 1 <= part_number <= self._limits.max_parts:
            raise StoreRefused("upload_part", "InvalidArgument")
        if size > self._limits.max_part_size:
            raise StoreRefused("upload_part", "EntityTooLarge")
        etag = _md5(content if isinstance(content, bytes) else f"{size} bytes".encode()).hex()
        upload.parts[part_number] = ListedPart(part_number, etag, size, self._clock())
        return etag

    def put_object(self, key: str, content: bytes, *, mark: str | None = None) -> None:
        """PutObject by anybody with the right to, over whatever is there."""
        self._objects[key] = StoredObject(_md5(content).hex(), len(content), mark, None, self._clock())

    def headers(self, key: str) -> Headers:
        """What a reader of the object is told. Raises KeyError when no upload made it."""
        return self._headers[key]

    async def create_multipart_upload(
        self,
        key: str,
        *,
        mark: str,
        content_type: str,
        content_encoding: str | None,
        content_disposition: str,
    ) -> CreatedMultipartUpload:
        def create() -> CreatedMultipartUpload:
            made = MultipartUploadId(f"fake-{next(self._ids)}")
            self._multipart_uploads[made] = _MultipartUpload(
                key,
                mark,
                Headers(content_type, content_encoding, content_disposition),
                ListedMultipartUpload(made, self._clock()),
            )
            return CreatedMultipartUpload(made, abort_date=None)

        return await self._answer("create_multipart_upload", create)

    async def list_multipart_uploads(self, key: str) -> Sequence[ListedMultipartUpload]:
        def listing() -> Sequence[ListedMultipartUpload]:
            found = [upload.listed for upload in self._multipart_uploads.values() if upload.key == key]
            return sorted(found, key=lambda listed: listed.initiated)

        return await self._answer("list_multipart_uploads", listing)

    async def list_parts(self, key: str, multipart_upload_id: MultipartUploadId) -> Sequence[ListedPart]:
        def listing() -> Sequence[ListedPart]:
            parts = self._living("list_parts", key, multipart_upload_id).parts
            return [parts[number] for number in sorted(parts)]

        return await self._answer("list_parts", listing)

    async def complete_multipart_upload(
        self, key: str, multipart_upload_id: MultipartUploadId, manifest: Manifest
    ) -> CompletedObject:
        return await self._answer(
            "complete_multipart_upload", lambda: self._complete(key, multipart_upload_id, manifest)
        )

    async def abort_multipart_upload(self, key: str, multipart_upload_id: MultipartUploadId) -> None:
        def abort() -> None:
            self._living("abort_multipart_upload", key, multipart_upload_id)
            del self._multipart_uploads[multipart_upload_id]

        return await self._answer("abort_multipart_upload", abort)

    async def head_object(self, key: str) -> StoredObject | None:
        return await self._answer("head_object", lambda: self._objects.get(key))

    async def check(self) -> None:
        return await self._answer("check", lambda: None)

    async def _answer(self, operation: Operation, effect: Callable[[], _Answer]) -> _Answer:
        outside_transaction(operation)
        self.calls.append(operation)
        fault = self._script[operation].popleft() if self._script[operation] else None
        with self._counted(operation):
            await asyncio.sleep(0)
            match fault:
                case FailBefore(code, answered):
                    raise StoreOutcomeUnknown(operation, code, answered=answered)
                case Refuse(error):
                    raise error
                case Hold(after_effect=False):
                    await fault.wait()
            answer = effect()
            match fault:
                case FailAfter(code):
                    raise StoreOutcomeUnknown(operation, code)
                case Hold(after_effect=True):
                    await fault.wait()
            return answer

    @contextmanager
    def _counted(self, operation: Operation) -> Iterator[None]:
        self._under_way[operation] += 1
        self.most_at_once[operation] = max(self.most_at_once[operation], self._under_way[operation])
        try:
            yield
        finally:
            self._under_way[operation] -= 1

    def _living(self, operation: str, key: str, multipart_upload_id: MultipartUploadId) -> _MultipartUpload:
        upload = self._multipart_uploads.get(multipart_upload_id)
        if upload is None or upload.key != key:
            raise StoreUploadGone(operation, "NoSuchUpload")
        return upload

    def _complete(
        self, key: str, multipart_upload_id: MultipartUploadId, manifest: Manifest
    ) -> CompletedObject:
        done = self._completed.get(multipart_upload_id)
        if done is not None and (done.key, done.manifest) == (key, manifest):
            return done.answer
        upload = self._living("complete_multipart_upload", key, multipart_upload_id)
        self._require_good(manifest, upload.parts)
        digests = b"".join(bytes.fromhex(part.etag) for part in manifest)
        etag = f"{_md5(digests).hex()}-{len(manifest)}"
        size = sum(upload.parts[part.part_number].size for part in manifest)
        answer = CompletedObject(etag, version_id=None)
        self._objects[key] = StoredObject(etag, size, upload.mark, None, self._clock())
        self._headers[key] = upload.headers
        self._completed[multipart_upload_id] = _Completed(key, manifest, answer)
        del self._multipart_uploads[multipart_upload_id]
        return answer

    def _require_good(self, manifest: Manifest, parts: dict[int, ListedPart]) -> None:
        if not manifest:
            raise StoreRefused("complete_multipart_upload", "MalformedXML")
        if any(former.part_number >= latter.part_number for former, latter in pairwise(manifest)):
            raise StoreRefused("complete_multipart_upload", "InvalidPartOrder")
        present = [parts.get(part.part_number) for part in manifest]
        if any(
            found is None or found.etag != named.etag for found, named in zip(present, manifest, strict=True)
        ):
            raise StoreRefused("complete_multipart_upload", "InvalidPart")
        if any(parts[part.part_number].size < self._limits.min_part_size for part in manifest[:-1]):
            raise StoreRefused("complete_multipart_upload", "EntityTooSmall")


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()
