"""An S3-compatible bucket through the SDK, which is known to this file and `connection` alone.

Promises the contract of `uploads.store.ObjectStore`: every call is sent once, and whatever goes wrong becomes a StoreError without the URL, the key or the mark, all of which
botocore's own messages hold. A connection that could not even be made counts as an unknown outcome too: that costs a
read and keeps the kinds few. (aiohttp sends a HEAD, GET or DELETE again when a kept connection turns out to be closed;
all three are harmless twice.)
"""

import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import Final

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError, EndpointProviderError, ParamValidationError
from botocore.parsers import ResponseParserError

from coordinator.signing.credentials import CredentialsError
from coordinator.storage.connection import Clients, connect
from coordinator.storage.errors import Operation, store_error
from coordinator.storage.fields import (
    completed,
    in_utc,
    keyed_upload,
    listed_part,
    listed_upload,
    made,
    truncated,
)
from coordinator.storage.options import S3Options
from coordinator.storage.probing import probe_lone_put, probe_sha256
from coordinator.uploads.model import MARK_NAME, Manifest, MultipartUploadId
from coordinator.uploads.store import (
    CompletedObject,
    CreatedMultipartUpload,
    ListedMultipartUpload,
    ListedPart,
    LonePut,
    StoredObject,
    StoreMisconfigured,
    StoreOutcomeUnknown,
)
from coordinator.uploads.transactions import outside_transaction
from coordinator.uploads.whole_bucket import KeyedMultipartUpload, KeyedObject, Marker, Page

__all__ = ["S3Store", "open_s3_store"]

MAX_PAGES: Final = 100
"""Of one listing. S3 needs 10 for 10,000 parts; a store that goes on past this many is not making progress."""

_BROKEN: Final = (
    BotoCoreError,
    ResponseParserError,
    aiohttp.ClientError,
    OSError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    RuntimeError,
    ArithmeticError,
)
"""No answer, or none that can be read: from ValueError on, what the SDK's parser and the lines below trip over when a
field is missing or malformed, is a text where elements belong, or elements lie thousands deep.
"""


@asynccontextmanager
async def open_s3_store(options: S3Options) -> AsyncIterator["S3Store"]:
    """The store, with its connections kept until the end of the context. Nothing is sent yet.

    Raises StoreMisconfigured when no client can be made of these options.
    """
    async with connect(options) as clients:
        yield S3Store(options.bucket, clients)


class S3Store:
    """See `uploads.store.ObjectStore` and `uploads.whole_bucket.WholeBucket`."""

    def __init__(self, bucket: str, clients: Clients) -> None:
        self._bucket = bucket
        self._client = clients.usual
        self._completing = clients.completing
        self._parts = clients.parts
        self._looker = clients.looker
        self.clock_skew = clients.skew

    @property
    def bucket(self) -> str:
        return self._bucket

    async def create_multipart_upload(
        self,
        key: str,
        *,
        mark: str,
        content_type: str,
        content_encoding: str | None,
        content_disposition: str,
    ) -> CreatedMultipartUpload:
        encoding = {} if content_encoding is None else {"ContentEncoding": content_encoding}
        with _calling("create_multipart_upload"):
            answer = await self._client.create_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                Metadata={MARK_NAME: mark},
                ContentType=content_type,
                ContentDisposition=content_disposition,
                **encoding,
            )
            return CreatedMultipartUpload(
                multipart_upload_id=made(answer["UploadId"]),
                abort_date=in_utc(answer["AbortDate"]) if "AbortDate" in answer else None,
            )

    async def list_multipart_uploads(self, key: str) -> Sequence[ListedMultipartUpload]:
        found: list[ListedMultipartUpload] = []
        markers: dict[str, str] = {}
        seen: set[tuple[str, str]] = set()
        with _calling("list_multipart_uploads"):
            while len(seen) < MAX_PAGES:
                page = await self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=key, **markers)
                rows = page.get("Uploads", [])
                found += [listed_upload(row) for row in rows if row["Key"] == key]
                if not truncated(page) or not rows:
                    return sorted(dict.fromkeys(found), key=lambda upload: upload.initiated)
                following = page["NextKeyMarker"], page["NextUploadIdMarker"]
                if following in seen:
                    break
                seen.add(following)
                markers = {"KeyMarker": following[0], "UploadIdMarker": following[1]}
        raise StoreOutcomeUnknown("list_multipart_uploads", "NoProgress", "the store's pages do not end")

    async def list_parts(self, key: str, multipart_upload_id: MultipartUploadId) -> Sequence[ListedPart]:
        found: list[ListedPart] = []
        marker = 0
        with _calling("list_parts"):
            for _ in range(MAX_PAGES):
                page = await self._client.list_parts(
                    Bucket=self._bucket, Key=key, UploadId=multipart_upload_id, PartNumberMarker=marker
                )
                rows = page.get("Parts", [])
                found += [listed_part(row) for row in rows]
                if not truncated(page) or not rows:
                    # once each: some stores begin a page with the part that ended the last one
                    return sorted(
                        dict.fromkeys(found), key=lambda part: (part.part_number, part.last_modified)
                    )
                if page["NextPartNumberMarker"] <= marker:
                    break
                marker = page["NextPartNumberMarker"]
        raise StoreOutcomeUnknown("list_parts", "NoProgress", "the store's pages do not end")

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
        with _calling("upload_part"):
            return await self._parts.upload_part(
                key, multipart_upload_id, part_number, body, size=size, md5=md5, sha256=sha256
            )

    async def send_object(
        self, key: str, body: AsyncIterator[bytes], *, size: int, headers: Mapping[str, str]
    ) -> str:
        with _calling("put_object"):
            return await self._parts.send_object(key, body, size=size, headers=headers)

    async def complete_multipart_upload(
        self, key: str, multipart_upload_id: MultipartUploadId, manifest: Manifest
    ) -> CompletedObject:
        parts = [{"PartNumber": part.part_number, "ETag": f'"{part.etag}"'} for part in manifest]
        with _calling("complete_multipart_upload"):
            answer = await self._completing.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=multipart_upload_id, MultipartUpload={"Parts": parts}
            )
            return completed(answer)

    async def abort_multipart_upload(self, key: str, multipart_upload_id: MultipartUploadId) -> None:
        with _calling("abort_multipart_upload"):
            await self._client.abort_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=multipart_upload_id
            )

    async def head_object(self, key: str) -> StoredObject | None:
        with _calling("head_object"):
            return await self._looker.head_object(key)

    async def delete_object(self, key: str, version_id: str | None) -> None:
        version = {} if version_id is None else {"VersionId": version_id}
        with _calling("delete_object"):
            try:
                await self._client.delete_object(Bucket=self._bucket, Key=key, **version)
            except ClientError as refused:
                # an answer that most stores do not give: what was to go is gone
                if _status(refused) != HTTPStatus.NOT_FOUND or _code(refused) == "NoSuchBucket":
                    raise

    async def probe_lone_put(self) -> LonePut | None:
        with _calling("probe_lone_put"):
            return await probe_lone_put(self._client, self._looker, self._bucket)

    async def probe_sha256(self) -> bool:
        with _calling("probe_sha256"):
            return await probe_sha256(self._client, self._bucket)

    async def check(self) -> None:
        missing = f"coordinator-check-{secrets.token_hex(16)}"
        with _calling("check"):
            # a listing first: its refusals say why, those of HEAD have no body
            await self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=missing, MaxUploads=1)
            try:
                found = await self._looker.head_object(missing)
            except StoreMisconfigured as refused:
                if refused.code != str(int(HTTPStatus.FORBIDDEN)):
                    raise
                raise StoreMisconfigured(
                    "check",
                    "403",
                    "HEAD of a missing key must be answered with 404: store.access_key_id needs s3:ListBucket",
                ) from None
        if found is not None:
            raise StoreMisconfigured("check", "200", "store.endpoint_url is not an S3 store")

    async def page_of_multipart_uploads(
        self, prefix: str, after: Marker | None
    ) -> Page[KeyedMultipartUpload]:
        markers = {} if after is None else {"KeyMarker": after[0], "UploadIdMarker": after[1]}
        with _calling("list_multipart_uploads"):
            page = await self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=prefix, **markers)
            rows = [keyed_upload(row) for row in page.get("Uploads", [])]
            more = truncated(page) and rows
            return Page(rows, (page["NextKeyMarker"], page["NextUploadIdMarker"]) if more else None)

    async def page_of_objects(self, prefix: str, after: Marker | None) -> Page[KeyedObject]:
        start = {} if after is None else {"ContinuationToken": after[0]}
        with _calling("list_objects"):
            page = await self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, **start)
            rows = [
                KeyedObject(row["Key"], row["Size"], in_utc(row["LastModified"]))
                for row in page.get("Contents", [])
            ]
            more = page.get("IsTruncated", not page["Name"]) and rows
            return Page(rows, (page["NextContinuationToken"],) if more else None)


@contextmanager
def _calling(operation: Operation) -> Iterator[None]:
    """Refuse to run inside a transaction, and turn what the SDK raises into a StoreError."""
    outside_transaction(operation)
    try:
        yield
    except CredentialsError as missing:
        # nothing was sent; but new ones may come any moment, which is no reason to give an upload up
        raise StoreOutcomeUnknown(
            operation, type(missing).__name__, "there are no valid credentials right now"
        ) from None
    except ClientError as refused:
        raise store_error(operation, _status(refused), _code(refused)) from None
    except (ParamValidationError, EndpointProviderError) as refused:
        # parameters are not validated but for the bucket's name, which becomes part of the address
        raise StoreMisconfigured(
            operation, type(refused).__name__, "store.bucket is not a bucket's name"
        ) from None
    except _BROKEN as broken:
        raise StoreOutcomeUnknown(
            operation, type(broken).__name__, "no readable answer from store.endpoint_url"
        ) from None


def _code(refused: ClientError) -> str:
    return str(refused.response.get("Error", {}).get("Code", ""))


def _status(refused: ClientError) -> int:
    return int(refused.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
