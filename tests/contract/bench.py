"""A store under the contract, and the hands of those who are not the coordinator: browsers, readers, strangers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx2

from coordinator.local.bucket import LocalStore, store_client
from coordinator.signing.addressing import Addressing
from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.signing.presigner import Presigner
from coordinator.storage.fake import FakeStore, Headers
from coordinator.storage.options import S3Options
from coordinator.storage.s3 import open_s3_store
from coordinator.uploads.model import Manifest, ManifestPart, MultipartUploadId
from coordinator.uploads.ports import ListedPart, ObjectStore

PARTS_AT_ONCE = 8


def now() -> datetime:
    return datetime.now(UTC)


class Bench(Protocol):
    @property
    def store(self) -> ObjectStore: ...

    async def put_part(
        self, key: str, multipart_upload_id: MultipartUploadId, part_number: int, content: bytes
    ) -> str:
        """Send a part as a browser does; its ETag, without quotes."""
        ...

    async def put_object(self, key: str, content: bytes) -> None:
        """Write an object that is none of ours."""
        ...

    async def headers(self, key: str) -> Headers:
        """What a reader of the object is told."""
        ...


@dataclass(frozen=True)
class FakeBench:
    store: FakeStore

    async def put_part(
        self, key: str, multipart_upload_id: MultipartUploadId, part_number: int, content: bytes
    ) -> str:
        return self.store.put_part(key, multipart_upload_id, part_number, content)

    async def put_object(self, key: str, content: bytes) -> None:
        self.store.put_object(key, content)

    async def headers(self, key: str) -> Headers:
        return self.store.headers(key)


@dataclass(frozen=True)
class RealBench:
    store: ObjectStore
    presigner: Presigner
    http: httpx2.AsyncClient
    stranger: Any
    """An SDK client with the same rights."""

    async def put_part(
        self, key: str, multipart_upload_id: MultipartUploadId, part_number: int, content: bytes
    ) -> str:
        signed = self.presigner.multipart(key, multipart_upload_id, expires_in=60).part(
            part_number, len(content)
        )
        answer = await self.http.put(signed.url, headers=dict(signed.headers), content=content)
        answer.raise_for_status()
        return str(answer.headers["etag"]).strip('"')

    async def put_object(self, key: str, content: bytes) -> None:
        await self.stranger.put_object(Bucket=self.store.bucket, Key=key, Body=content)

    async def headers(self, key: str) -> Headers:
        answer = await self.http.get(self.presigner.get_object(key, expires_in=60).url)
        answer.raise_for_status()
        return Headers(
            content_type=answer.headers["content-type"],
            content_encoding=answer.headers.get("content-encoding"),
            content_disposition=answer.headers["content-disposition"],
        )


@asynccontextmanager
async def real_bench(address: LocalStore) -> AsyncIterator[RealBench]:
    credentials = StaticCredentials(Credentials(address.access_key_id, address.secret_access_key))
    options = S3Options(
        endpoint_url=address.endpoint_url,
        region=address.region,
        bucket=address.bucket,
        credentials=credentials,
    )
    presigner = Presigner(
        addressing=Addressing(address.endpoint_url, address.region, address.bucket, "path"),
        credentials=credentials,
        clock=now,
    )
    async with (
        open_s3_store(options) as store,
        httpx2.AsyncClient(timeout=30) as http,
        store_client(address) as stranger,
    ):
        yield RealBench(store, presigner, http, stranger)


async def create(store: ObjectStore, key: str, mark: str = "ours") -> MultipartUploadId:
    created = await store.create_multipart_upload(
        key,
        mark=mark,
        content_type="application/octet-stream",
        content_encoding=None,
        content_disposition="attachment",
    )
    return created.multipart_upload_id


async def put_parts(
    bench: Bench, key: str, multipart_upload_id: MultipartUploadId, contents: list[bytes]
) -> list[str]:
    turn = asyncio.Semaphore(PARTS_AT_ONCE)

    async def put(part_number: int, content: bytes) -> str:
        async with turn:
            return await bench.put_part(key, multipart_upload_id, part_number, content)

    return await asyncio.gather(*(put(number, content) for number, content in enumerate(contents, start=1)))


def manifest_of(*rows: ListedPart) -> Manifest:
    return tuple(ManifestPart(row.part_number, row.etag, row.size) for row in rows)
