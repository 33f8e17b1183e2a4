"""A part on a slow line takes longer than its URL lives: what counts is when it set out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from coordinator.signing.presigner import PresignedRequest
from tests.contract.bench import RealBench, create, now
from tests.stores.known import REAL

# moto checks no signature, so it shows nothing
pytestmark = pytest.mark.parametrize(
    "store_name", [name for name in REAL if name != "moto"], indirect=True, scope="session"
)

LIFE = 2
"""Seconds."""
TRIES = 8
"""A busy machine may need longer than that until the store sees the first byte; no try after the end can be taken."""
CONTENT = b"x" * 100_000


async def sent_beyond(end: datetime) -> AsyncIterator[bytes]:
    yield CONTENT[:50_000]
    while (left := end + timedelta(seconds=1) - now()) >= timedelta():  # noqa: ASYNC110 - clocks set no event
        await asyncio.sleep(left.total_seconds())
    yield CONTENT[50_000:]


async def is_taken(real: RealBench, signed: PresignedRequest) -> bool:
    headers = {**signed.headers, "content-length": str(len(CONTENT))}
    answer = await real.http.put(signed.url, headers=headers, content=sent_beyond(signed.expires_at))
    return answer.status_code == 200


async def test_a_part_that_set_out_in_time_arrives(real: RealBench, key: str) -> None:
    upload = await create(real.store, key)
    for _ in range(TRIES):
        signed = real.presigner().multipart(key, upload, expires_in=LIFE).part(1, len(CONTENT))
        if await is_taken(real, signed):
            break
    listed = [(part.part_number, part.size) for part in await real.store.list_parts(key, upload)]
    assert listed == [(1, len(CONTENT))]
    await real.store.abort_multipart_upload(key, upload)
