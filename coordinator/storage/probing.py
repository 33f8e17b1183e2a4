"""What a bucket lets us do, found out by doing it under keys that nobody uses.

With a PutObject: two empty objects under one key.

First the right to delete is tried on nothing, so that a key which lacks it leaves nothing behind. Then a condition that
the store enforces refuses the second PutObject; one that it ignores lets it pass; one that it does not know refuses the
first. Source: Amazon S3 User Guide, "Conditional writes"; deviations as probed (rclone and JuiceFS ignore it, Backblaze
B2 answers 501).
"""

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Awaitable, Collection, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from botocore.exceptions import ClientError

from coordinator.storage.connection import Client
from coordinator.storage.looking import Looker
from coordinator.uploads.store import LonePut, StoreError

__all__ = ["PROBE_PREFIX", "probe_lone_put", "probe_sha256"]

PROBE_PREFIX: Final = ".coordinator-probe/"

_MOST_VERSIONS: Final = 2
_UNKNOWN_CONDITION: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_IMPLEMENTED})


async def probe_lone_put(client: Client, looker: Looker, bucket: str) -> LonePut | None:
    """None: what we put here we could not remove again. Raises what the SDK and the looker do, for any other answer."""
    at = {"Bucket": bucket, "Key": f"{PROBE_PREFIX}{secrets.token_hex(16)}"}
    if await _refused(client.delete_object(**at), {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}):
        return None
    put: dict[str, Any] = {**at, "Body": b"", "IfNoneMatch": "*"}
    if await _refused(client.put_object(**put), _UNKNOWN_CONDITION):
        return LonePut(once=False)
    try:
        once = await _refused(client.put_object(**put), {HTTPStatus.PRECONDITION_FAILED})
    finally:
        await _remove(client, looker, at)
    return LonePut(once=once)


async def probe_sha256(client: Client, bucket: str) -> bool:
    """Whether a part bound to its SHA-256 is taken, and one bound to another's refused.

    In an upload created as ours are, without a word on checksums: a store may want the algorithm named there first.
    Raises what the SDK does where no upload can be begun.
    """
    at = {"Bucket": bucket, "Key": f"{PROBE_PREFIX}{secrets.token_hex(16)}"}
    upload = {**at, "UploadId": (await client.create_multipart_upload(**at))["UploadId"]}
    content = secrets.token_bytes(16)
    other = secrets.token_bytes(16)
    try:
        if await _refused_bound(client, {**upload, "PartNumber": 1}, content, bound_to=content):
            return False
        # a part of its own: some stores refuse whatever comes twice
        return await _refused_bound(client, {**upload, "PartNumber": 2}, other, bound_to=content)
    finally:
        with suppress(ClientError):
            await client.abort_multipart_upload(**upload)


async def _refused_bound(client: Client, part: Mapping[str, Any], content: bytes, *, bound_to: bytes) -> bool:
    digest = b64encode(hashlib.sha256(bound_to).digest()).decode()
    sent = client.upload_part(**part, Body=content, ChecksumSHA256=digest)
    return await _refused(sent, _UNKNOWN_CONDITION)


async def _refused(call: Awaitable[object], how: Collection[int]) -> bool:
    try:
        await call
    except ClientError as refused:
        if refused.response.get("ResponseMetadata", {}).get("HTTPStatusCode") not in how:
            raise
        return True
    return False


async def _remove(client: Client, looker: Looker, at: Mapping[str, str]) -> None:
    """Version by version, where the bucket keeps them: as objects of ours are deleted later on."""
    for _ in range(_MOST_VERSIONS):
        try:
            found = await looker.head_object(at["Key"])
        except StoreError:
            return
        if found is None:
            return
        version = {} if found.version_id is None else {"VersionId": found.version_id}
        await client.delete_object(**at, **version)
