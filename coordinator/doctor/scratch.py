"""The keys that probes write under, and their removal.

Every key lies below `.coordinator-doctor/<random>/` and is noted before anything is sent under it, so that whatever
ends the run (a failure, Ctrl-C, an answer that got lost), `clean` knows where to look. What cannot be removed is named.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from coordinator.doctor.bucket import Bucket, BucketRefused
from coordinator.uploads.store import ObjectStore, StoreError, StoreUploadGone

__all__ = ["PREFIX", "Scratch"]

PREFIX: Final = ".coordinator-doctor/"

_AT_ONCE: Final = 8


class Scratch:
    def __init__(self, name: str) -> None:
        self._prefix = f"{PREFIX}{name}/"
        self._keys: list[str] = []

    def key(self, name: str) -> str:
        """A key nobody used before."""
        key = f"{self._prefix}{len(self._keys)}/{name}"
        self._keys.append(key)
        return key

    async def clean(self, store: ObjectStore, bucket: Bucket, *, within: float) -> Sequence[str]:
        """Abort every upload and remove every object under the keys so far; the keys where that did not succeed.

        Ends after `within` seconds: a store that went away must not hold the report up.
        """
        room = asyncio.Semaphore(_AT_ONCE)
        deadline = asyncio.get_running_loop().time() + within

        async def cleaned(key: str) -> bool:
            try:
                async with asyncio.timeout_at(deadline), room:
                    return await _is_free(key, store) or await _clean(key, store, bucket)
            except (StoreError, BucketRefused, TimeoutError):
                return False

        results = await asyncio.gather(*(cleaned(key) for key in self._keys))
        return [key for key, clean in zip(self._keys, results, strict=True) if not clean]


async def _is_free(key: str, store: ObjectStore) -> bool:
    return not await store.list_multipart_uploads(key) and await store.head_object(key) is None


async def _clean(key: str, store: ObjectStore, bucket: Bucket) -> bool:
    for listed in await store.list_multipart_uploads(key):
        with suppress(StoreUploadGone):
            await store.abort_multipart_upload(key, listed.multipart_upload_id)
    await bucket.remove(key)
    return await _is_free(key, store)
