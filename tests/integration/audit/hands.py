"""Whoever else has a way to the bucket: clients that send parts, users of the bucket, lifecycle rules. On both stores."""

from dataclasses import dataclass
from typing import Any, Protocol

from coordinator.audit.auditor import AuditedStore
from coordinator.storage.fake import FakeStore
from coordinator.storage.s3 import S3Store
from coordinator.uploads.model import MARK_NAME, MultipartUploadId

Contents = tuple[list[tuple[str, str]], list[tuple[str, int]]]
"""Every multipart upload and every object of a bucket."""


class Hands(Protocol):
    @property
    def store(self) -> AuditedStore: ...

    async def put_part(self, key: str, made: MultipartUploadId, content: bytes) -> None: ...

    async def put_object(self, key: str, content: bytes, mark: str | None) -> None: ...

    async def delete_object(self, key: str) -> None: ...

    async def contents(self) -> Contents: ...


@dataclass(frozen=True)
class FakeHands:
    store: FakeStore

    async def put_part(self, key: str, made: MultipartUploadId, content: bytes) -> None:
        self.store.put_part(key, made, 1, content)

    async def put_object(self, key: str, content: bytes, mark: str | None) -> None:
        self.store.put_object(key, content, mark=mark)

    async def delete_object(self, key: str) -> None:
        self.store.lose_object(key)

    async def contents(self) -> Contents:
        uploads = await self.store.page_of_multipart_uploads("", None)
        objects = await self.store.page_of_objects("", None)
        return (
            sorted((row.key, str(row.multipart_upload_id)) for row in uploads.rows),
            sorted((row.key, row.size) for row in objects.rows),
        )


@dataclass(frozen=True)
class RealHands:
    store: S3Store
    client: Any
    """An SDK client with the same rights."""

    async def put_part(self, key: str, made: MultipartUploadId, content: bytes) -> None:
        await self.client.upload_part(
            Bucket=self.store.bucket, Key=key, UploadId=made, PartNumber=1, Body=content
        )

    async def put_object(self, key: str, content: bytes, mark: str | None) -> None:
        marked = {} if mark is None else {"Metadata": {MARK_NAME: mark}}
        await self.client.put_object(Bucket=self.store.bucket, Key=key, Body=content, **marked)

    async def delete_object(self, key: str) -> None:
        await self.client.delete_object(Bucket=self.store.bucket, Key=key)

    async def contents(self) -> Contents:
        uploads = await self.client.list_multipart_uploads(Bucket=self.store.bucket)
        objects = await self.client.list_objects_v2(Bucket=self.store.bucket)
        return (
            sorted((row["Key"], row["UploadId"]) for row in uploads.get("Uploads", [])),
            sorted((row["Key"], row["Size"]) for row in objects.get("Contents", [])),
        )

    async def empty(self) -> None:
        uploads, objects = await self.contents()
        for key, made in uploads:
            await self.client.abort_multipart_upload(Bucket=self.store.bucket, Key=key, UploadId=made)
        for key, _ in objects:
            await self.delete_object(key)
