"""The calls at a bucket that the service itself never makes: its configuration, and removing objects.

The SDK's errors are turned into `BucketRefused` here, which holds S3's code and nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol, cast

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from coordinator.storage.connection import Client
from coordinator.uploads.model import Manifest, MultipartUploadId

__all__ = ["Bucket", "BucketRefused", "Rule"]

Rule = Mapping[str, Any]
"""A CORS or lifecycle rule, as S3 spells it."""

_NONE_SET: Final = {"NoSuchCORSConfiguration", "NoSuchLifecycleConfiguration"}


class BucketRefused(Exception):
    """`code` is S3's, or the name of what broke where nothing was answered; `status` is 0 then."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


class _MoreCalls(Protocol):
    async def get_bucket_cors(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def put_bucket_cors(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def get_bucket_lifecycle_configuration(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def put_bucket_lifecycle_configuration(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def list_multipart_uploads(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def list_parts(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def complete_multipart_upload(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def list_object_versions(self, **arguments: Any) -> Mapping[str, Any]: ...
    async def delete_object(self, **arguments: Any) -> Mapping[str, Any]: ...


class Bucket:
    """Every method raises BucketRefused."""

    def __init__(self, name: str, client: Client) -> None:
        self.name = name
        # the SDK's client has every call of S3; the house's Protocol names those of the service alone
        self._client = cast("_MoreCalls", client)

    async def ask(self) -> None:
        """The cheapest signed request that names the bucket, and whose refusals say why."""
        with _calling():
            page = await self._client.list_multipart_uploads(Bucket=self.name, MaxUploads=1)
        if "IsTruncated" not in page:
            # any web server may say 200
            raise BucketRefused("NotAListing", 200)

    async def cors_rules(self) -> list[Rule]:
        with _calling():
            return await _or_none(self._client.get_bucket_cors(Bucket=self.name), "CORSRules")

    async def put_cors_rules(self, rules: Sequence[Rule]) -> None:
        with _calling():
            await self._client.put_bucket_cors(Bucket=self.name, CORSConfiguration={"CORSRules": list(rules)})

    async def lifecycle_rules(self) -> list[Rule]:
        with _calling():
            return await _or_none(self._client.get_bucket_lifecycle_configuration(Bucket=self.name), "Rules")

    async def put_lifecycle_rules(self, rules: Sequence[Rule]) -> None:
        with _calling():
            await self._client.put_bucket_lifecycle_configuration(
                Bucket=self.name, LifecycleConfiguration={"Rules": list(rules)}
            )

    async def part_numbers_by_ones(self, key: str, multipart_upload_id: MultipartUploadId) -> list[int]:
        """Every part, by pages of one; no more than ten pages."""
        found: list[int] = []
        marker = 0
        with _calling():
            for _ in range(10):
                page = await self._client.list_parts(
                    Bucket=self.name,
                    Key=key,
                    UploadId=multipart_upload_id,
                    PartNumberMarker=marker,
                    MaxParts=1,
                )
                found += [int(row["PartNumber"]) for row in page.get("Parts", [])]
                if not page.get("IsTruncated"):
                    break
                marker = page["NextPartNumberMarker"]
        return found

    async def complete_if_absent(
        self, key: str, multipart_upload_id: MultipartUploadId, manifest: Manifest
    ) -> None:
        """Complete, unless there is an object under the key (`If-None-Match: *`)."""
        parts = [{"PartNumber": part.part_number, "ETag": f'"{part.etag}"'} for part in manifest]
        with _calling():
            await self._client.complete_multipart_upload(
                Bucket=self.name,
                Key=key,
                UploadId=multipart_upload_id,
                MultipartUpload={"Parts": parts},
                IfNoneMatch="*",
            )

    async def remove(self, key: str) -> None:
        """The object under the key, with all its versions where the store tells them."""
        for version_id in await self._versions(key):
            with _calling():
                await self._client.delete_object(Bucket=self.name, Key=key, VersionId=version_id)
        with _calling():
            await self._client.delete_object(Bucket=self.name, Key=key)

    async def _versions(self, key: str) -> list[str]:
        try:
            with _calling():
                page = await self._client.list_object_versions(Bucket=self.name, Prefix=key)
        except BucketRefused:
            # not every store keeps versions, and not every key may list them
            return []
        rows = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        return [row["VersionId"] for row in rows if row["Key"] == key and row["VersionId"] != "null"]


async def _or_none(answer: Any, member: str) -> list[Rule]:
    try:
        return list((await answer).get(member, []))
    except ClientError as refused:
        if refused.response.get("Error", {}).get("Code") in _NONE_SET:
            return []
        raise


@contextmanager
def _calling() -> Iterator[None]:
    try:
        yield
    except ClientError as refused:
        code = str(refused.response.get("Error", {}).get("Code", ""))
        status = refused.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        raise BucketRefused(code or str(status), int(status)) from None
    except (
        BotoCoreError,
        ResponseParserError,
        aiohttp.ClientError,
        OSError,
        LookupError,
        ValueError,
    ) as broken:
        raise BucketRefused(type(broken).__name__, 0) from None
