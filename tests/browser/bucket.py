"""The bucket as the store itself shows it, past the service and past the observer."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from coordinator.local.bucket import LocalStore, store_client


class Bucket:
    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    async def sha256(self, key: str) -> str:
        """Of the object's bytes."""
        found = await self._client.get_object(Bucket=self._name, Key=key)
        digest = hashlib.sha256()
        async for piece in found["Body"].iter_chunks(2**20):
            digest.update(piece)
        return digest.hexdigest()

    async def keys(self) -> set[str]:
        """Of the finished objects, a thousand at most."""
        listed = await self._client.list_objects_v2(Bucket=self._name)
        return {found["Key"] for found in listed.get("Contents", ())}

    async def unfinished(self) -> Mapping[str, str]:
        """Multipart uploads that the store keeps open: key to multipart upload id."""
        listed = await self._client.list_multipart_uploads(Bucket=self._name)
        return {found["Key"]: found["UploadId"] for found in listed.get("Uploads", ())}

    async def parts(self, key: str) -> set[int]:
        """The parts of the one open multipart upload at `key`."""
        multipart_upload_id = (await self.unfinished())[key]
        listed = await self._client.list_parts(Bucket=self._name, Key=key, UploadId=multipart_upload_id)
        return {found["PartNumber"] for found in listed.get("Parts", ())}


@asynccontextmanager
async def open_bucket(store: LocalStore) -> AsyncIterator[Bucket]:
    async with store_client(store) as client:
        yield Bucket(client, store.bucket)
