"""A store under the contract, and the hands of those who are not the coordinator: browsers, readers, strangers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

import httpx2

from coordinator.signing.addressing import Addressing
from coordinator.signing.credentials import Credentials, CredentialSource, StaticCredentials
from coordinator.signing.presigner import PresignedRequest, Presigner
from coordinator.storage.connection import connect
from coordinator.storage.fake import FakeStore, Headers
from coordinator.storage.options import S3Options
from coordinator.storage.s3 import open_s3_store
from coordinator.uploads.model import Manifest, ManifestPart, MultipartUploadId
from coordinator.uploads.store import ListedPart, ObjectStore, StoreUploadGone
from tests.stores.profile import AsRequired, StoreProfile
from tests.stores.running import RunningStore

PARTS_AT_ONCE = 8
PREFIX = f"coordinator-contract-{uuid4()}"
"""Of every key that this run makes."""


def now() -> datetime:
    return datetime.now(UTC)


class PartRefused(Exception):
    """The store did not take a part; the status is its answer's."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the store answered with {status}")
        self.status = status


class Bench(Protocol):
    @property
    def store(self) -> ObjectStore: ...

    @property
    def profile(self) -> StoreProfile: ...

    async def put_part(
        self, key: str, multipart_upload_id: MultipartUploadId, part_number: int, content: bytes
    ) -> str:
        """Send a part as a browser does; its ETag, without quotes. Raises PartRefused."""
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
    profile: StoreProfile = AsRequired

    async def put_part(
        self, key: str, multipart_upload_id: MultipartUploadId, part_number: int, content: bytes
    ) -> str:
        try:
            return self.store.put_part(key, multipart_upload_id, part_number, content)
        except StoreUploadGone:
            raise PartRefused(404) from None

    async def put_object(self, key: str, content: bytes) -> None:
        self.store.put_object(key, content)

    async def headers(self, key: str) -> Headers:
        return self.store.headers(key)


@dataclass(frozen=True)
class RealBench:
    running: RunningStore
    store: ObjectStore
    http: httpx2.AsyncClient
    stranger: Any
    """An SDK client with the same rights."""

    @property
    def profile(self) -> StoreProfile:
        return self.running.profile

    def presigner(self, *, ago: timedelta = timedelta(0)) -> Presigner:
        """One whose URLs were signed `ago`."""
        return Presigner(
            addressing=addressing_of(self.running),
            credentials=credentials_of(self.running),
            clock=lambda: now() - ago,
        )

    async def put(self, signed: PresignedRequest, content: bytes) -> httpx2.Response:
        return await self.http.put(signed.url, headers=dict(signed.headers), content=content)

    async def put_part(
        self, key: str, multipart_upload_id: MultipartUploadId, part_number: int, content: bytes
    ) -> str:
        presigner = self.presigner().multipart(key, multipart_upload_id, expires_in=300)
        answer = await self.put(presigner.part(part_number, len(content)), content)
        if answer.status_code != 200:
            raise PartRefused(answer.status_code)
        return str(answer.headers["etag"]).strip('"')

    async def put_object(self, key: str, content: bytes) -> None:
        await self.stranger.put_object(Bucket=self.store.bucket, Key=key, Body=content)

    async def headers(self, key: str) -> Headers:
        answer = await self.http.get(self.presigner().get_object(key, expires_in=60).url)
        answer.raise_for_status()
        return Headers(
            content_type=answer.headers["content-type"],
            content_encoding=answer.headers.get("content-encoding"),
            content_disposition=answer.headers["content-disposition"],
        )

    async def content(self, key: str) -> bytes:
        answer = await self.http.get(self.presigner().get_object(key, expires_in=60).url)
        answer.raise_for_status()
        return answer.content

    async def delete_all(self, prefix: str) -> None:
        """Every object whose key begins so, and every upload."""
        listed = self.stranger.get_paginator("list_objects_v2").paginate(
            Bucket=self.store.bucket, Prefix=prefix
        )
        async for page in listed:
            for found in page.get("Contents", []):
                await self.stranger.delete_object(Bucket=self.store.bucket, Key=found["Key"])
        page = await self.stranger.list_multipart_uploads(Bucket=self.store.bucket, Prefix=prefix)
        for left in page.get("Uploads", []):
            await self.stranger.abort_multipart_upload(
                Bucket=self.store.bucket, Key=left["Key"], UploadId=left["UploadId"]
            )


def credentials_of(running: RunningStore) -> CredentialSource:
    address = running.address
    return StaticCredentials(Credentials(address.access_key_id, address.secret_access_key))


def addressing_of(running: RunningStore) -> Addressing:
    address = running.address
    return Addressing(address.endpoint_url, address.region, address.bucket, running.style)


def options_of(running: RunningStore) -> S3Options:
    address = running.address
    return S3Options(
        endpoint_url=address.endpoint_url,
        region=address.region,
        bucket=address.bucket,
        credentials=credentials_of(running),
        addressing_style=running.style,
    )


@asynccontextmanager
async def real_bench(running: RunningStore) -> AsyncIterator[RealBench]:
    options = options_of(running)
    async with (
        open_s3_store(options) as store,
        httpx2.AsyncClient(timeout=60) as http,
        connect(options) as clients,
    ):
        yield RealBench(running, store, http, clients.usual)


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
