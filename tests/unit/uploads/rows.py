"""An upload as a row might say it, for rules that only read it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from coordinator.uploads.model import Mark, Method, MultipartUploadId, Part, Upload, new_upload_id
from coordinator.uploads.plan import MIB
from coordinator.uploads.state import State

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MARK = Mark("0123456789abcdef" * 2)


def a_row(**changes: object) -> Upload:
    """20 MiB, open, in three parts of 8, 8 and 4 MiB."""
    row = Upload(
        id=new_upload_id(),
        tenant="acme",
        owner="ada",
        policy="default",
        state=State.OPEN,
        reason=None,
        reason_text=None,
        epoch=2,
        filename="film.mov",
        content_type="video/quicktime",
        content_encoding=None,
        metadata={},
        method=Method.MULTIPART,
        size=20 * MIB,
        part_size=8 * MIB,
        part_count=3,
        bucket="uploads",
        key="acme/ada/film.mov",
        mark=MARK,
        multipart_upload_id=MultipartUploadId("store-id"),
        fingerprint=None,
        manifest=None,
        complete_attempted_at=None,
        lease_owner=None,
        lease_until=None,
        wake_at=NOW + timedelta(hours=24),
        attempts=0,
        gone_since=None,
        lifetime=timedelta(hours=24),
        urls_until=None,
        expires_at=NOW + timedelta(hours=24),
        hard_expires_at=NOW + timedelta(days=6),
        etag=None,
        version_id=None,
        digest=None,
        created_at=NOW,
        updated_at=NOW,
        completed_at=None,
        parts_uploaded=0,
        bytes_uploaded=0,
        first_part_at=None,
        last_part_at=None,
        now=NOW,
    )
    return replace(row, **changes)  # type: ignore[arg-type]  # tests name fields of Upload


def a_stream(**changes: object) -> Upload:
    return a_row(**{"size": None, "part_count": None, **changes})


def a_part(
    number: int,
    size: int = 8 * MIB,
    *,
    etag: str | None = None,
    md5: str | None = None,
    sha256: str | None = None,
) -> Part:
    return Part(number, size, etag, md5, sha256, NOW)
