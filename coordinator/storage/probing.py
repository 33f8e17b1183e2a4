"""What a bucket lets us do with a PutObject, found out by doing it: two empty objects under one key nobody uses.

First the right to delete is tried on nothing, so that a key which lacks it leaves nothing behind. Then a condition that
the store enforces refuses the second PutObject; one that it ignores lets it pass; one that it does not know refuses the
first. Source: Amazon S3 User Guide, "Conditional writes"; deviations as probed (rclone and JuiceFS ignore it, Backblaze
B2 answers 501).
"""

import secrets
from collections.abc import Awaitable, Collection, Mapping
from http import HTTPStatus
from typing import Any, Final

from botocore.exceptions import ClientError

from coordinator.storage.connection import Client
from coordinator.uploads.ports import LonePut

__all__ = ["PROBE_PREFIX", "probe_lone_put"]

PROBE_PREFIX: Final = ".coordinator-probe/"

_MOST_VERSIONS: Final = 2
_UNKNOWN_CONDITION: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_IMPLEMENTED})


async def probe_lone_put(client: Client, bucket: str) -> LonePut | None:
    """None: what we put here we could not remove again. Raises what the SDK does, for any other answer."""
    at = {"Bucket": bucket, "Key": f"{PROBE_PREFIX}{secrets.token_hex(16)}"}
    if await _refused(client.delete_object(**at), {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}):
        return None
    put: dict[str, Any] = {**at, "Body": b"", "IfNoneMatch": "*"}
    if await _refused(client.put_object(**put), _UNKNOWN_CONDITION):
        return LonePut(once=False)
    try:
        once = await _refused(client.put_object(**put), {HTTPStatus.PRECONDITION_FAILED})
    finally:
        await _remove(client, at)
    return LonePut(once=once)


async def _refused(call: Awaitable[object], how: Collection[int]) -> bool:
    try:
        await call
    except ClientError as refused:
        if refused.response.get("ResponseMetadata", {}).get("HTTPStatusCode") not in how:
            raise
        return True
    return False


async def _remove(client: Client, at: Mapping[str, str]) -> None:
    """Version by version, where the bucket keeps them: as objects of ours are deleted later on."""
    for _ in range(_MOST_VERSIONS):
        try:
            found = await client.head_object(**at)
        except ClientError:
            return
        version = {"VersionId": found["VersionId"]} if found.get("VersionId") else {}
        await client.delete_object(**at, **version)
