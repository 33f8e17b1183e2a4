"""What of an answer is believed: fields with values that can be used again and compared, or an exception.

All of these raise LookupError, TypeError or ValueError for what a store would not say; `s3` turns them into an unknown
outcome.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from coordinator.uploads.model import MultipartUploadId
from coordinator.uploads.ports import ListedMultipartUpload, ListedPart
from coordinator.uploads.whole_bucket import KeyedMultipartUpload

__all__ = ["in_utc", "keyed_upload", "listed_part", "listed_upload", "made", "truncated"]


def truncated(page: Mapping[str, Any]) -> bool:
    """Some stores (rclone) leave out an IsTruncated that is false. What does not even name the bucket is no listing: KeyError."""
    return bool(page["IsTruncated"] if "IsTruncated" in page else not page["Bucket"])


def made(upload_id: object) -> MultipartUploadId:
    """Never empty: `DELETE key?uploadId=` would be an order to delete the object, for a store that reads it so.

    Nor two of them, of which the SDK makes a list.
    """
    if not isinstance(upload_id, str) or not upload_id:
        raise ValueError("an upload without an id, or with several")
    return MultipartUploadId(upload_id)


def in_utc(moment: datetime) -> datetime:
    """S3's times are UTC, also where one does not say so; and only times that say so can be compared."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def listed_upload(row: Mapping[str, Any]) -> ListedMultipartUpload:
    return ListedMultipartUpload(
        multipart_upload_id=made(row["UploadId"]), initiated=in_utc(row["Initiated"])
    )


def keyed_upload(row: Mapping[str, Any]) -> KeyedMultipartUpload:
    return KeyedMultipartUpload(row["Key"], made(row["UploadId"]), in_utc(row["Initiated"]))


def listed_part(row: Mapping[str, Any]) -> ListedPart:
    return ListedPart(
        part_number=row["PartNumber"],
        etag=row["ETag"].strip('"'),
        size=row["Size"],
        last_modified=in_utc(row["LastModified"]),
    )
