"""The contract with a store: what the rules need from it, and which errors they may see.

Implemented by `storage`; `tests/contract` holds every implementation to it. The operations of `ObjectStore` have S3's
names. Each call is sent exactly once: retries belong to whoever knows what a repeat means.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from coordinator.uploads.model import Manifest, MultipartUploadId

__all__ = [
    "CompletedObject",
    "CreatedMultipartUpload",
    "ListedMultipartUpload",
    "ListedPart",
    "LonePut",
    "ObjectStore",
    "StoreError",
    "StoreMisconfigured",
    "StoreOutcomeUnknown",
    "StoreRefused",
    "StoreUploadGone",
    "StoredObject",
]


class StoreError(Exception):
    """What a store call may raise.

    StoreError
      StoreUploadGone       the multipart upload is not there (any 404 under an UploadId)
      StoreRefused          a definite no: the call had no effect; `code` is S3's
      StoreMisconfigured    403, NoSuchBucket, wrong region: nothing will work until an operator acts
      StoreOutcomeUnknown   time-out, broken connection, 5xx, unreadable answer: it may or may not have happened

    Messages name the operation and S3's code, never a URL, a key id or a mark.
    """

    def __init__(self, operation: str, code: str, detail: str = "") -> None:
        super().__init__(f"{operation}: {code}" + (f" ({detail})" if detail else ""))
        self.operation = operation
        self.code = code


class StoreUploadGone(StoreError): ...


class StoreRefused(StoreError): ...


class StoreMisconfigured(StoreError): ...


class StoreOutcomeUnknown(StoreError):
    """`answered`: the store itself said that it failed (500, 503), so the attempt is over; else it may still run."""

    def __init__(self, operation: str, code: str, detail: str = "", *, answered: bool = False) -> None:
        super().__init__(operation, code, detail)
        self.answered = answered


@dataclass(frozen=True, slots=True)
class CreatedMultipartUpload:
    multipart_upload_id: MultipartUploadId
    abort_date: datetime | None
    """When the bucket's own lifecycle rule will abort it (`x-amz-abort-date`), where the store says so."""


@dataclass(frozen=True, slots=True)
class ListedMultipartUpload:
    multipart_upload_id: MultipartUploadId
    initiated: datetime


@dataclass(frozen=True, slots=True)
class ListedPart:
    """A row of ListParts. A store may list a part number more than once, in any order. ETag without quotes."""

    part_number: int
    etag: str
    size: int
    last_modified: datetime


@dataclass(frozen=True, slots=True)
class CompletedObject:
    """What Complete answered; a hint only. The truth is HEAD's."""

    etag: str | None
    version_id: str | None


@dataclass(frozen=True, slots=True)
class LonePut:
    """What a bucket lets us do with a PutObject of our own; a store that would not let us undo it has none."""

    once: bool
    """`If-None-Match: *` is enforced: nobody writes over an object with the URL that made it."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    etag: str
    size: int
    mark: str | None
    version_id: str | None
    last_modified: datetime


class ObjectStore(Protocol):
    """An S3-compatible bucket, seen with the control credentials. All methods raise StoreError only."""

    @property
    def bucket(self) -> str: ...

    async def create_multipart_upload(
        self,
        key: str,
        *,
        mark: str,
        content_type: str,
        content_encoding: str | None,
        content_disposition: str,
    ) -> CreatedMultipartUpload: ...

    async def list_multipart_uploads(self, key: str) -> Sequence[ListedMultipartUpload]:
        """All uploads under exactly this key, oldest first."""
        ...

    async def list_parts(self, key: str, multipart_upload_id: MultipartUploadId) -> Sequence[ListedPart]:
        """All parts, every page, by ascending part number. Raises StoreUploadGone."""
        ...

    async def upload_part(
        self,
        key: str,
        multipart_upload_id: MultipartUploadId,
        part_number: int,
        body: AsyncIterator[bytes],
        *,
        size: int,
        md5: str | None = None,
        sha256: str | None = None,
    ) -> str:
        """Send `body`, exactly `size` bytes, as it comes, bound to these digests (base64); the ETag, without quotes.

        What `body` raises comes out as it is, and then no part is stored. Nothing is taken from `body` after the end of
        this call. Raises StoreUploadGone, StoreRefused, StoreMisconfigured, StoreOutcomeUnknown.
        """
        ...

    async def send_object(
        self, key: str, body: AsyncIterator[bytes], *, size: int, headers: Mapping[str, str]
    ) -> str:
        """PutObject, likewise; `headers` are signed, and have lower-case names.

        Raises StoreRefused too (`PreconditionFailed`) when there is an object already and `headers` demand none.
        """
        ...

    async def complete_multipart_upload(
        self, key: str, multipart_upload_id: MultipartUploadId, manifest: Manifest
    ) -> CompletedObject:
        """Raises StoreUploadGone, StoreRefused (the manifest is wrong) or StoreOutcomeUnknown, a 200 that carries
        an error included.
        """
        ...

    async def abort_multipart_upload(self, key: str, multipart_upload_id: MultipartUploadId) -> None:
        """Returns when the store accepted it. Raises StoreUploadGone when there was nothing to abort."""
        ...

    async def head_object(self, key: str) -> StoredObject | None:
        """None when the store says 404."""
        ...

    async def delete_object(self, key: str, version_id: str | None) -> None:
        """Also returns when there was nothing to delete. `version_id` None: the bucket keeps no versions."""
        ...

    async def probe_lone_put(self) -> LonePut | None:
        """Find out, with an object of its own that it removes. None: not to be used here; raises StoreError."""
        ...

    async def probe_sha256(self) -> bool:
        """Find out whether a part is held to its SHA-256, with an upload of its own that it aborts. Raises StoreError."""
        ...

    async def check(self) -> None:
        """Prove that the bucket is there and that HEAD of a missing key answers 404 (recovery is blind otherwise).

        Raises StoreMisconfigured with a message for the operator, or StoreOutcomeUnknown.
        """
        ...
