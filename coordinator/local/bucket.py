"""The bucket of the embedded store: made, proven writable, open to the page's origins.

Ready means that a signed write was accepted: SeaweedFS listens some time before it can place an object.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aioboto3
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError

REGION = "us-east-1"
PROBE_KEY = ".coordinator-ready"
PAUSE = 0.05
ALREADY_THERE = {"BucketAlreadyExists", "BucketAlreadyOwnedByYou"}
DAYS_UNTIL_ABORT = 7


@dataclass(frozen=True, slots=True)
class LocalStore:
    endpoint_url: str
    region: str
    bucket: str
    access_key_id: str
    secret_access_key: str = field(repr=False)


@asynccontextmanager
async def store_client(store: LocalStore) -> AsyncIterator[Any]:
    """An S3 client as the house uses it: signature v4, path style, one attempt, no surprise checksums, no proxies."""
    config = AioConfig(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 1},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=2,
        read_timeout=10,
        proxies={},
    )
    async with aioboto3.Session().client(
        "s3",
        endpoint_url=store.endpoint_url,
        region_name=store.region,
        aws_access_key_id=store.access_key_id,
        aws_secret_access_key=store.secret_access_key,
        config=config,
    ) as client:
        yield client


async def _try_bucket(client: Any, bucket: str) -> None:
    try:
        await client.create_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ALREADY_THERE:
            raise
    await client.put_object(Bucket=bucket, Key=PROBE_KEY, Body=b"ready")
    await client.delete_object(Bucket=bucket, Key=PROBE_KEY)


async def wait_until_writable(client: Any, bucket: str, *, patience: float, gone: Callable[[], bool]) -> bool:
    """False when the store is `gone`, or has not taken a signed write within `patience` seconds."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + patience
    while not gone() and clock() < deadline:
        with suppress(BotoCoreError, ClientError):
            await _try_bucket(client, bucket)
            return True
        await asyncio.sleep(PAUSE)
    return False


async def configure_bucket(client: Any, bucket: str, origins: Sequence[str]) -> None:
    """CORS for the pages at `origins`; the store's own abort of uploads that nobody ended."""
    cors = {
        "AllowedOrigins": list(origins),
        "AllowedMethods": ["PUT", "GET", "HEAD"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 3600,
    }
    await client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [cors]})
    abort = {
        "ID": "abort-incomplete",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": DAYS_UNTIL_ABORT},
    }
    await client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [abort]})
