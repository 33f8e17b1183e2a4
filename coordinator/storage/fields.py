"""What of an answer is believed: fields with values that can be used again and compared, or an exception.

All of these raise LookupError, TypeError or ValueError for what a store would not say; `s3` turns them into an unknown
outcome.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from coordinator.uploads.model import MultipartUploadId
from coordinator.uploads.store import CompletedObject, ListedMultipartUpload, ListedPart
from coordinator.uploads.whole_bucket import KeyedMultipartUpload

__all__ = ["completed", "in_utc", "keyed_upload", "listed_part", "listed_upload", "made", "truncated"]


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


def completed(answer: Mapping[str, Any]) -> CompletedObject:
    """Ceph answers with an empty ETag, and says nothing of versions; but what names nothing at all is no answer.

    Nor is any status but 200: only there does the SDK look for an error in the body.
    """
    said = answer["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.OK
    if not said or not answer.keys() & {"Bucket", "ETag", "Key", "Location"}:
        raise ValueError("an answer that does not say what was completed")
    return CompletedObject(etag=answer.get("ETag", "").strip('"') or None, version_id=answer.get("VersionId"))


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
