"""A bucket in memory with S3's rules for multipart uploads, bent where a profile says so. No network, no waiting.

A later PUT of a part replaces the earlier one; Complete demands ascending numbers, the present ETags and the least size
for all but the last part, leaves the upload as it was when it refuses, and answers a repetition as it did the first
time. Contents are not kept, only their sizes and MD5s.

Source: Amazon S3 API Reference, CompleteMultipartUpload.
"""

import hashlib
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, pairwise

from coordinator.storage.errors import Operation
from coordinator.storage.fake_profiles import AWS, Profile
from coordinator.uploads.model import MARK_NAME, Manifest, ManifestPart, MultipartUploadId
from coordinator.uploads.plan import AWS_LIMITS, S3Limits
from coordinator.uploads.store import (
    CompletedObject,
    CreatedMultipartUpload,
    ListedMultipartUpload,
    ListedPart,
    StoredObject,
    StoreError,
    StoreOutcomeUnknown,
    StoreRefused,
    StoreUploadGone,
)
from coordinator.uploads.whole_bucket import KeyedMultipartUpload, KeyedObject, Marker, Page

__all__ = ["FakeBucket", "Headers", "StandingUpload"]

COMPLETE: Operation = "complete_multipart_upload"


@dataclass(frozen=True, slots=True)
class Headers:
    """What the creation of an upload said of its object."""

    content_type: str
    content_encoding: str | None
    content_disposition: str


@dataclass(frozen=True, slots=True)
class StandingUpload:
    """A multipart upload at the store."""

    key: str
    mark: str | None
    headers: Headers
    listed: ListedMultipartUpload
    parts: dict[int, list[ListedPart]] = field(default_factory=dict)
    """Every PUT of a part that Complete may still name, in the order of arrival."""
    hidden: bool = False
    """Stands, but ListMultipartUploads does not show it."""


@dataclass(frozen=True, slots=True)
class _Completed:
    upload: StandingUpload
    manifest: Manifest
    answer: CompletedObject


class FakeBucket:
    """The state of a bucket, and what each request does to it. Raises StoreError only.

    `clock` gives the store's time, which every row and object carries; it must be aware of its zone.
    """

    def __init__(
        self, clock: Callable[[], datetime], limits: S3Limits = AWS_LIMITS, profile: Profile = AWS
    ) -> None:
        self.profile = profile
        self._clock = clock
        self._limits = limits
        self._ids = count(1)
        self._multipart_uploads: dict[MultipartUploadId, StandingUpload] = {}
        self._aborted: dict[MultipartUploadId, StandingUpload] = {}
        self._completed: dict[MultipartUploadId, _Completed] = {}
        self._objects: dict[str, StoredObject] = {}
        self._headers: dict[str, Headers] = {}
        self._garbage: set[str] = set()

    def put_part(
        self, key: str, multipart_upload_id: MultipartUploadId, part_number: int, content: bytes | int
    ) -> str:
        """UploadPart, with a content or only its size in bytes. The ETag, without quotes.

        Raises StoreUploadGone, or StoreRefused when the number or the size is beyond the limits.
        """
        upload = self._living("upload_part", key, multipart_upload_id)
        return self._put(upload, part_number, content)

    def _put_checked(
        self,
        key: str,
        multipart_upload_id: MultipartUploadId,
        part_number: int,
        content: bytes,
        *,
        md5: str | None,
        sha256: str | None,
    ) -> str:
        """UploadPart with digests in base64, of which Amazon S3 enforces both."""
        for named, made in ((md5, _md5(content)), (sha256, hashlib.sha256(content).digest())):
            if named is not None and b64decode(named) != made:
                raise StoreRefused("upload_part", "BadDigest")
        return self.put_part(key, multipart_upload_id, part_number, content)

    def put_part_late(
        self, key: str, multipart_upload_id: MultipartUploadId, part_number: int, content: bytes | int
    ) -> str:
        """The end of an UploadPart that began while the upload stood, whatever has become of the upload since."""
        standing = self._multipart_uploads.get(multipart_upload_id)
        aborted = self._aborted.get(multipart_upload_id)
        if standing is None and aborted is not None and self.profile.late_parts_resurrect:
            back = StandingUpload(key, aborted.mark, aborted.headers, aborted.listed, hidden=True)
            self._multipart_uploads[multipart_upload_id] = back
        return self.put_part(key, multipart_upload_id, part_number, content)

    def put_object(self, key: str, content: bytes, *, mark: str | None = None) -> None:
        """PutObject by anybody with the right to, over whatever is there."""
        self._objects[key] = StoredObject(_md5(content).hex(), len(content), mark, None, self._clock())

    def put_signed(self, key: str, content: bytes, headers: Mapping[str, str]) -> str:
        """The PutObject of a presigned URL, when its last byte has come: the ETag, without quotes.

        Raises StoreRefused: there is an object already and the URL demands none, or the bytes are not those of its MD5.
        """
        md5 = _md5(content)
        if b64decode(headers.get("content-md5", "")) not in {b"", md5}:
            raise StoreRefused("put_object", "BadDigest")
        if "if-none-match" in headers and key in self._objects and not self.profile.ignores_if_none_match:
            raise StoreRefused("put_object", "PreconditionFailed")
        self.put_object(key, content, mark=headers.get(f"x-amz-meta-{MARK_NAME}"))
        self._headers[key] = Headers(
            headers["content-type"], headers.get("content-encoding"), headers["content-disposition"]
        )
        return md5.hex()

    def lose_object(self, key: str) -> None:
        """DeleteObject by anybody with the right to; nothing when there is none."""
        self._objects.pop(key, None)

    def expire_upload(self, multipart_upload_id: MultipartUploadId) -> None:
        """What a lifecycle rule, or an operator, does to an unfinished upload; nothing when it does not stand."""
        upload = self._multipart_uploads.pop(multipart_upload_id, None)
        if upload is not None:
            self._aborted[multipart_upload_id] = upload

    def complete_as_it_stands(self, key: str, multipart_upload_id: MultipartUploadId) -> bool:
        """What an operator does who completes an upload by hand: all parts, the latest PUT of each. False: refused."""
        parts = self._multipart_uploads[multipart_upload_id].parts
        latest = [parts[number][-1] for number in sorted(parts)]
        manifest = tuple(ManifestPart(row.part_number, row.etag, row.size) for row in latest)
        try:
            self._complete(key, multipart_upload_id, manifest)
        except StoreError:
            return False
        return True

    def collect_garbage(self) -> None:
        """Lose the bytes of objects that an Abort has destroyed; until then they can be read."""
        for key in self._garbage:
            self.lose_object(key)
        self._garbage.clear()

    def standing(self, key: str) -> list[MultipartUploadId]:
        """Every multipart upload that stands under the key, listed or not."""
        return [made for made, upload in self._multipart_uploads.items() if upload.key == key]

    def stored(self, key: str) -> StoredObject | None:
        """The object as it is, whatever HEAD would answer."""
        return self._objects.get(key)

    def headers(self, key: str) -> Headers:
        """What a reader of the object is told. Raises KeyError when no upload made it."""
        return self._headers[key]

    def _create(self, key: str, mark: str, headers: Headers) -> CreatedMultipartUpload:
        made = MultipartUploadId(f"fake-{next(self._ids)}")
        listed = ListedMultipartUpload(made, self._clock())
        self._multipart_uploads[made] = StandingUpload(key, mark, headers, listed)
        return CreatedMultipartUpload(made, abort_date=None)

    def _list_uploads(self, key: str) -> Sequence[ListedMultipartUpload]:
        found = [
            upload.listed
            for upload in self._multipart_uploads.values()
            if upload.key == key and not upload.hidden
        ]
        return sorted(found, key=lambda listed: listed.initiated)

    def _page_of_uploads(self, prefix: str, after: Marker | None, limit: int) -> Page[KeyedMultipartUpload]:
        shown = sorted(
            (upload.key, made)
            for made, upload in self._multipart_uploads.items()
            if upload.key.startswith(prefix) and not upload.hidden and (upload.key, made) > (after or ("",))
        )
        rows = [
            KeyedMultipartUpload(key, made, self._multipart_uploads[made].listed.initiated)
            for key, made in shown[:limit]
        ]
        return Page(rows, shown[limit - 1] if len(shown) > limit else None)

    def _page_of_objects(self, prefix: str, after: Marker | None, limit: int) -> Page[KeyedObject]:
        keys = sorted(key for key in self._objects if key.startswith(prefix) and (key,) > (after or ("",)))
        shown = [(key, self._objects[key]) for key in keys[:limit]]
        rows = [KeyedObject(key, found.size, found.last_modified) for key, found in shown]
        return Page(rows, (keys[limit - 1],) if len(keys) > limit else None)

    def _list_parts(self, key: str, multipart_upload_id: MultipartUploadId) -> Sequence[ListedPart]:
        done = self._completed.get(multipart_upload_id)
        if done is not None and self.profile.lists_parts_of_completed:
            parts = done.upload.parts
        else:
            parts = self._living("list_parts", key, multipart_upload_id).parts
        return [row for number in sorted(parts) for row in dict.fromkeys(parts[number])]

    def _abort(self, key: str, multipart_upload_id: MultipartUploadId) -> None:
        if self.profile.abort_of_gone_is_accepted and multipart_upload_id not in self._multipart_uploads:
            return
        self._living("abort_multipart_upload", key, multipart_upload_id)
        if multipart_upload_id in self._completed and self.profile.abort_of_leftover_destroys:
            self._garbage.add(key)
        self.expire_upload(multipart_upload_id)

    def _complete(
        self, key: str, multipart_upload_id: MultipartUploadId, manifest: Manifest
    ) -> CompletedObject:
        done = self._completed.get(multipart_upload_id)
        if done is not None and (done.upload.key, done.manifest) == (key, manifest):
            if self.profile.second_complete_is_gone:
                raise self._gone()
            return done.answer
        if multipart_upload_id not in self._multipart_uploads:
            raise self._gone()
        upload = self._living(COMPLETE, key, multipart_upload_id)
        refused = self._refusal(manifest, upload)
        if refused is not None:
            if self.profile.refusal_destroys:
                self.expire_upload(multipart_upload_id)
            raise refused
        return self._make_object(upload, manifest)

    def _make_object(self, upload: StandingUpload, manifest: Manifest) -> CompletedObject:
        made = upload.listed.multipart_upload_id
        digest = _md5(b"".join(bytes.fromhex(part.etag) for part in manifest)).hex()
        etag = f"{digest}-{len(manifest)}"
        answer = CompletedObject(None if self.profile.complete_etag_is_empty else etag, version_id=None)
        size = sum(row.size for part in manifest if (row := _sent(upload, part)) is not None)
        shown = digest if self.profile.head_etag_is_plain else etag
        self._objects[upload.key] = StoredObject(shown, size, upload.mark, None, self._clock())
        self._headers[upload.key] = upload.headers
        self._completed[made] = _Completed(upload, manifest, answer)
        del self._multipart_uploads[made]
        return answer

    def _refusal(self, manifest: Manifest, upload: StandingUpload) -> StoreRefused | StoreUploadGone | None:
        profile, numbers = self.profile, [part.part_number for part in manifest]
        if not manifest and not profile.empty_manifest_is_gone:
            return _no("MalformedXML")
        if any(former >= latter for former, latter in pairwise(numbers)) and not profile.any_order:
            return _no("InvalidPartOrder")
        absent = any(number not in upload.parts for number in numbers)
        if not manifest or (absent and profile.missing_part_is_gone):
            return StoreUploadGone(COMPLETE, "NoSuchUpload")
        named = [_sent(upload, part) for part in manifest]
        if None in named or (profile.refuses_a_subset and len(numbers) != len(upload.parts)):
            return _no("InvalidPart")
        least = 0 if profile.any_part_size else self._limits.min_part_size
        return _no("EntityTooSmall") if any(part and part.size < least for part in named[:-1]) else None

    def _put(self, upload: StandingUpload, part_number: int, content: bytes | int) -> str:
        size = content if isinstance(content, int) else len(content)
        if not 1 <= part_number <= self._limits.max_parts:
            raise StoreRefused("upload_part", "InvalidArgument")
        if size > self._limits.max_part_size:
            raise StoreRefused("upload_part", "EntityTooLarge")
        earlier = upload.parts.get(part_number, [])
        if earlier and self.profile.refuses_a_second_put:
            raise StoreRefused("upload_part", "NotImplemented")
        etag = _md5(content if isinstance(content, bytes) else f"{size} bytes".encode()).hex()
        row = ListedPart(part_number, etag, size, self._clock())
        upload.parts[part_number] = [*earlier, row] if self.profile.keeps_every_put else [row]
        return etag

    def _living(self, operation: str, key: str, multipart_upload_id: MultipartUploadId) -> StandingUpload:
        upload = self._multipart_uploads.get(multipart_upload_id)
        if upload is None or upload.key != key:
            raise StoreUploadGone(operation, "NoSuchUpload")
        return upload

    def _gone(self) -> StoreUploadGone | StoreOutcomeUnknown:
        if self.profile.complete_of_gone_fails:
            return StoreOutcomeUnknown(COMPLETE, "InternalError", answered=True)
        return StoreUploadGone(COMPLETE, "NoSuchUpload")


def _no(code: str) -> StoreRefused:
    return StoreRefused(COMPLETE, code)


def _sent(upload: StandingUpload, named: ManifestPart) -> ListedPart | None:
    """The part that the manifest names, as it was sent; None when it was not."""
    return next((row for row in upload.parts.get(named.part_number, []) if row.etag == named.etag), None)


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()
