"""What a row means that the store does not bear out: pure functions of what was read.

Whatever is said here is said of one reading of the row; whoever asks reads the row again before believing it.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from coordinator.audit.finding import Finding, Name, Remedy
from coordinator.uploads.model import Method, MultipartUploadId, Upload
from coordinator.uploads.recovery import Seen, seen_as
from coordinator.uploads.state import Reason, State
from coordinator.uploads.store import StoredObject

__all__ = ["of_completed", "of_gone", "of_multipart_uploads", "of_strange_object", "of_wake_up"]

_DRIVEN: Final = frozenset({State.COMPLETING, State.ABORTING, State.ABORTED, State.FAILED})
_STUCK_AFTER: Final = 10
"""Fruitless drives: about two hours by the backoff of `uploads.recovery`."""


def of_wake_up(row: Upload, overdue: timedelta) -> Finding | None:
    """Of any row, by the ledger alone."""
    if row.wake_at is None:
        return None
    if row.state in _DRIVEN and row.attempts >= _STUCK_AFTER:
        of_what = "checked late" if row.terminal else "driven"
        return _of(
            row,
            Name.ROW_STUCK,
            f"{row.state}, and {of_what} {row.attempts} times without an outcome; mend what the logs say of it, "
            f"or give it up with `coordinator fail {row.id}`",
        )
    late = row.now - row.wake_at
    if late > overdue and not row.leased:
        return _of(row, Name.ROW_OVERDUE, f"{row.state}, due since {_hours(late)}: does any process sweep?")
    return None


def of_completed(row: Upload, found: StoredObject | None) -> Finding | None:
    """Of a completed row and what HEAD showed."""
    match seen_as(found, row.mark, row.plan):
        case Seen.ABSENT:
            return _of(row, Name.OBJECT_MISSING, "completed, and there is no object")
        case Seen.FOREIGN:
            return _of(row, Name.OBJECT_OTHER_MARK, "completed, and the object under its key is not ours")
    if found is None or found.size != row.size:
        size = None if found is None else found.size
        return _of(row, Name.OBJECT_OTHER_SIZE, f"completed with {row.size} bytes, and the object has {size}")
    if row.etag is not None and found.etag != row.etag:
        return _of(
            row,
            Name.OBJECT_OTHER_ETAG,
            f"completed with the ETag {row.etag}, and the object has {found.etag}",
        )
    return None


def of_gone(row: Upload, found: StoredObject | None) -> Finding:
    """Of an open row whose multipart upload is gone, and what HEAD showed."""
    if seen_as(found, row.mark, row.plan) is Seen.OURS:
        detail = "open, and its object is there, whole: the ledger is behind the store"
        return _of(row, Name.ROW_COMPLETED_AT_STORE, detail, Remedy.SETTLE)
    detail = "open, and the store knows neither its multipart upload nor an object of it"
    return _of(row, Name.ROW_LOST, detail, Remedy.SETTLE)


def of_multipart_uploads(row: Upload, standing: Sequence[MultipartUploadId]) -> list[Finding]:
    """Of an open or ended row, and every multipart upload that stands under its key."""
    match row.state:
        case State.OPEN:
            extra = [made for made in standing if made != row.multipart_upload_id]
            detail = "an upload under way, and a second multipart upload under its key"
            return [_multipart(row, made, Name.MULTIPART_EXTRA, detail) for made in extra]
        case State.COMPLETED:
            detail = "completed, and a multipart upload under its key is left over; it may share the object's bytes"
            return [_multipart(row, made, Name.MULTIPART_LEFTOVER, detail) for made in standing]
        case State.ABORTED | State.FAILED if row.wake_at is None:
            return [_left(row, made) for made in standing]
    return []


def of_strange_object(row: Upload, found: StoredObject) -> Finding | None:
    """Of an object under the key of a row that is not completed."""
    if found.mark != row.mark:
        return _of(row, Name.OBJECT_INTRUDER, f"{row.state}, and the object under its key is not ours")
    to_be_deleted = row.method is Method.PUT and row.wake_at is not None
    if row.state in {State.ABORTED, State.FAILED} and not to_be_deleted:
        ended = row.state if row.reason is None else f"{row.state} ({row.reason})"
        return _of(
            row, Name.OBJECT_AFTER_END, f"{ended}, and an object of ours of {found.size} bytes is there"
        )
    return None


def _left(row: Upload, made: MultipartUploadId) -> Finding:
    if row.reason is Reason.UNRESOLVED:
        # whether its Complete happened was never known
        return _multipart(
            row, made, Name.MULTIPART_LEFT, "given up unresolved, and a multipart upload is left"
        )
    detail = f"{row.state} and checked late, and a multipart upload is left"
    return _multipart(row, made, Name.MULTIPART_LEFT, detail, Remedy.ABORT)


def _multipart(
    row: Upload, made: MultipartUploadId, name: Name, detail: str, remedy: Remedy = Remedy.NOTHING
) -> Finding:
    return Finding(name, detail, row.id, row.key, remedy, made, row.epoch)


def _of(row: Upload, name: Name, detail: str, remedy: Remedy = Remedy.NOTHING) -> Finding:
    return Finding(name, detail, row.id, row.key, remedy, epoch=row.epoch)


def _hours(duration: timedelta) -> str:
    return f"{duration.total_seconds() / 3600:.1f} h"
