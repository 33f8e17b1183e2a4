"""The contract with the ledger: what the rules need from a database.

Implemented by `database`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from coordinator.uploads.model import (
    Claim,
    Digest,
    Identity,
    LeaseOwner,
    Manifest,
    MultipartUploadId,
    NewUpload,
    Part,
    Upload,
    UploadId,
)
from coordinator.uploads.state import Event, Reason, State

__all__ = [
    "Changes",
    "IdempotencyKey",
    "ListFilter",
    "RetentionRepository",
    "Started",
    "UploadRepository",
]


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A client's Idempotency-Key, bound to who sent it and to what it was sent with (SHA-256 of the request)."""

    tenant: str
    principal: str
    key: str
    request_hash: bytes
    instead_of: UploadId | None = None
    """An upload that the key may name so far, and that is known to have ended: the start is another one's."""


@dataclass(frozen=True, slots=True)
class Started:
    """How a start was answered: a new row, the row of an earlier request with the same key, or a live upload of the
    same owner, policy and fingerprint.
    """

    upload: Upload
    kind: Literal["created", "replayed", "resumed"]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a move writes besides state, epoch and event. None leaves a column as it is, unless said otherwise."""

    reason: Reason | None = None
    reason_text: str | None = None
    multipart_upload_id: MultipartUploadId | None = None
    manifest: Manifest | None = None
    """Kept for `completing`; every other target clears it."""
    attempted: bool = False
    """Stamp `complete_attempted_at` with now: Complete is about to be sent."""
    size: int | None = None
    part_count: int | None = None
    etag: str | None = None
    version_id: str | None = None
    digest: Digest | None = None
    hard_expires_at: datetime | None = None
    lease: LeaseOwner | None = None
    """Who drives the row from here; None ends the lease."""
    lease_for: timedelta = timedelta(0)
    wake_in: timedelta | None = None
    """When the sweeper looks next; None: at the lease's end, at `expires_at` (open) or never (a terminal state).

    In a terminal state this is the late check, and counted from the end of the last signed URL, as the row then has it: a
    part may land until then, and only afterwards can "nothing is left" be proven.
    """


@dataclass(frozen=True, slots=True)
class ListFilter:
    identity: Identity
    states: frozenset[State] = frozenset()
    created_before: datetime | None = None
    filename_prefix: str | None = None
    limit: int = 100
    cursor: UploadId | None = None


class UploadRepository(Protocol):
    """The ledger. Times are compared by the database's clock only. Raises DatabaseUnavailable."""

    async def start(
        self, new: NewUpload, idempotency: IdempotencyKey | None, lease: LeaseOwner, lease_for: timedelta
    ) -> Started:
        """Commit the intent: the row in `creating` with its lease, its event, its idempotency key, its quota.

        Raises IdempotencyKeyReuse when the key was used with another request. Keys older than 24 h count as unused, and so do
        those whose upload failed before it was ever open (create_lost, config): the repeated request begins anew.
        Raises QuotaExceeded, SizeNotAllowed for a stream where bytes are limited, and what `refuse_other_file` does: nothing is
        left of the intent then, and the key stays free.
        """
        ...

    async def get(self, upload_id: UploadId, identity: Identity) -> Upload | None:
        """The row, when it belongs to the identity; None otherwise, as for an unknown id."""
        ...

    async def reread(self, upload_id: UploadId) -> Upload | None:
        """The row, for whoever drives it."""
        ...

    async def find(self, query: ListFilter) -> tuple[Sequence[Upload], UploadId | None]:
        """Newest first, and the cursor of the next page."""
        ...

    async def move(self, upload: Upload, event: Event, changes: Changes) -> Upload | None:
        """Make one move of the transition table by compare-and-set on (id, state, epoch), and write its event.

        A move into a terminal state removes the part rows and settles the quota. `TAKEN_OVER` also needs the lease to have ended, or to be
        the caller's own, and keeps `attempts`. To abort an open upload as `stale` also needs `expires_at` to have
        passed. None: the race was lost; re-read, never assume.
        """
        ...

    async def renew_lease(self, upload: Upload, lease_for: timedelta) -> bool:
        """Keep driving. False when the row has moved on without us."""
        ...

    async def postpone(self, upload: Upload, wake_in: timedelta, *, gone: bool = False) -> None:
        """After a fruitless drive: end the lease, count the attempt, look again later. Nothing if the row moved on.

        `gone` starts the clock of `gone_since`, unless it runs already; without it the clock is reset.
        """
        ...

    async def claim_due(self, bucket: str, limit: int, lease_for: timedelta) -> Sequence[Upload]:
        """Rows of this bucket whose wake-up time has come and that nobody drives, each handed to one caller only (SKIP LOCKED).

        Their wake-up time is moved to `lease_for` from now, so that a caller that dies loses nothing.
        """
        ...

    async def settle(self, upload: Upload) -> None:
        """The late check of a terminal row is done: no wake-up time any more."""
        ...

    async def extend(
        self, upload: Upload, *, urls_until: datetime | None, active_at: datetime | None
    ) -> bool:
        """Note that an open upload is in use: the latest URL's end, and expiry one lifetime after `active_at` (None: now).

        Neither ever moves backwards, nor expiry past `hard_expires_at`. False when the upload is not open any more.
        """
        ...

    async def record_parts(self, upload_id: UploadId, claims: Sequence[Claim]) -> bool:
        """Write a batch of claims in one statement, sizes filled in. False when the upload is not open any more.

        A claim without ETag or digest keeps those recorded earlier only if its size and digests do not differ.
        """
        ...

    async def parts(self, upload_id: UploadId, *, after: int = 0, limit: int | None = None) -> Sequence[Part]:
        """By ascending part number, those greater than `after`."""
        ...

    async def parts_by_number(
        self, upload_id: UploadId, part_numbers: Sequence[int]
    ) -> Mapping[int, Part]: ...

    async def fix_stream_end(self, upload_id: UploadId, part_count: int) -> Upload | None:
        """Set the part count of an open stream unless it is set already; the row as it then is."""
        ...


class RetentionRepository(Protocol):
    """The ledger as whoever tidies it up sees it. Any number may at once (SKIP LOCKED). Raises DatabaseUnavailable."""

    async def remove_ended(self, older_than: timedelta, limit: int) -> int:
        """Forget at most `limit` uploads, and their events, that ended before then; never one with a late check due.

        How many there were.
        """
        ...

    async def remove_idempotency_keys(self, limit: int) -> int:
        """Forget at most `limit` keys that count as unused; how many there were."""
        ...

    async def remove_empty_quotas(self, limit: int) -> int:
        """Forget at most `limit` quotas that count nothing and have no limit of their own; how many there were."""
        ...
