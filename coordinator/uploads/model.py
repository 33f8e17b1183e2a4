"""The values the rules speak of: ids, an upload, its parts, a manifest.

All frozen. An `Upload` is what one row said at one moment; whoever wants to change it asks the repository for a move
and gets a new value, or None when somebody else was faster.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, NewType
from uuid import UUID

import msgspec

from coordinator.uploads.plan import Plan
from coordinator.uploads.state import TERMINAL, Reason, State

__all__ = [
    "MARK_NAME",
    "Claim",
    "Digest",
    "Identity",
    "LeaseOwner",
    "Manifest",
    "ManifestPart",
    "Mark",
    "Method",
    "MultipartUploadId",
    "NewUpload",
    "Part",
    "Quota",
    "Upload",
    "UploadId",
    "new_mark",
    "new_upload_id",
]

UploadId = NewType("UploadId", UUID)
"""Ours. A UUIDv7: unguessable enough (74 random bits) never to be the only fence, sortable by time."""

MultipartUploadId = NewType("MultipartUploadId", str)
"""The store's UploadId. Never leaves the server."""

Mark = NewType("Mark", str)
"""128 random bits in hexadecimal, in the row and in the object's metadata: how we know an object is ours."""

MARK_NAME: Final = "coordinator-mark"
"""Of the mark in the object's metadata (`x-amz-meta-coordinator-mark`)."""

LeaseOwner = NewType("LeaseOwner", str)
"""One driver of a row: a process, by a random name it takes at its start."""


def new_upload_id(
    milliseconds: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> UploadId:
    """A UUIDv7 (RFC 9562 section 5.7)."""
    value = (milliseconds() & (1 << 48) - 1) << 80 | int.from_bytes(random_bytes(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UploadId(UUID(int=value))


class Method(StrEnum):
    """How an upload's bytes become the object."""

    MULTIPART = "multipart"
    """Parts into a multipart upload, of which Complete makes one object."""
    PUT = "put"
    """One PutObject under the final key: part 1 is the object, and to complete it is to look at it."""


def new_mark() -> Mark:
    return Mark(secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom an upload belongs to, or who asks. `owner` None means: every owner of the tenant."""

    tenant: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest of the whole file. `verified` only when the store proved it, never because a client said so."""

    algorithm: Literal["sha256", "md5", "crc32", "crc32c", "crc64nvme"]
    value: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """What a client says about a part it sent. `etag` without quotes; digests in base64, as S3's headers have them."""

    part_number: int
    size: int | None = None
    etag: str | None = None
    md5: str | None = None
    sha256: str | None = None


class Part(msgspec.Struct, frozen=True, gc=False):
    """A claim as the ledger holds it. A struct, because ten thousand at once are read: 20 times quicker to make."""

    part_number: int
    size: int
    etag: str | None
    md5: str | None
    sha256: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ManifestPart:
    part_number: int
    etag: str
    size: int


Manifest = tuple[ManifestPart, ...]
"""What Complete names: ascending, dense from 1, ETags as the store listed them. Frozen in the row before it is sent."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a tenant and each of its owners may reserve and use; None means: no limit but one of their own."""

    tenant_bytes: int | None = None
    owner_bytes: int | None = None
    owner_uploads: int | None = None
    """Uploads under way at once."""

    @property
    def limits_owners(self) -> bool:
        return self.owner_bytes is not None or self.owner_uploads is not None


@dataclass(frozen=True, slots=True)
class NewUpload:
    """The intent: all that is committed before the store hears of the upload."""

    id: UploadId
    tenant: str
    owner: str
    policy: str
    filename: str
    content_type: str
    content_encoding: str | None
    metadata: Mapping[str, str]
    plan: Plan
    bucket: str
    key: str
    mark: Mark
    fingerprint: str | None
    lifetime: timedelta
    """Without activity, until the upload is stale."""
    hard_lifetime: timedelta
    """Until it is stale whatever happens."""
    quota: Quota | None = None
    """None: nothing is counted."""
    method: Method = Method.MULTIPART
    """`put`: the row is born open, since nothing is created at the store first."""
    digest: Digest | None = None
    """The MD5 that every URL of a `put` upload is bound to."""
    urls_live: timedelta | None = None
    """How long the URLs live that are signed as soon as the intent is committed (method `put`); None: none are."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One row at one moment."""

    id: UploadId
    tenant: str
    owner: str
    policy: str
    state: State
    reason: Reason | None
    reason_text: str | None
    epoch: int
    filename: str
    content_type: str
    content_encoding: str | None
    metadata: Mapping[str, str]
    method: Method
    size: int | None
    part_size: int
    part_count: int | None
    bucket: str
    key: str
    mark: Mark = field(repr=False)
    multipart_upload_id: MultipartUploadId | None = field(repr=False)
    fingerprint: str | None
    manifest: Manifest | None = field(repr=False)
    complete_attempted_at: datetime | None
    lease_owner: LeaseOwner | None
    lease_until: datetime | None
    wake_at: datetime | None
    attempts: int
    """Fruitless drives since the last move to another state; the backoff of the row."""
    gone_since: datetime | None
    """Since when the store has shown neither parts nor object; None: it shows something, or was not asked."""
    lifetime: timedelta
    urls_until: datetime | None
    """No signed URL outlives this (latest expiry plus 60 s)."""
    expires_at: datetime
    hard_expires_at: datetime
    etag: str | None
    version_id: str | None
    digest: Digest | None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    parts_uploaded: int
    bytes_uploaded: int
    first_part_at: datetime | None
    last_part_at: datetime | None
    now: datetime
    """The database's clock when the row was read. Only ever compare the row's times with this one."""

    @property
    def plan(self) -> Plan:
        return Plan(size=self.size, part_size=self.part_size, part_count=self.part_count)

    @property
    def bound_md5(self) -> str | None:
        """The MD5, in base64, that every URL of this upload is bound to; None: each may have another."""
        if self.method is not Method.PUT or self.digest is None or self.digest.algorithm != "md5":
            return None
        return self.digest.value

    @property
    def terminal(self) -> bool:
        return self.state in TERMINAL

    @property
    def leased(self) -> bool:
        """Whether somebody drives this row right now."""
        return self.lease_until is not None and self.lease_until > self.now
