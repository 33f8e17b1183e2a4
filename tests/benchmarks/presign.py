"""Presigned UploadPart URLs: ours against botocore's, in one run, because only the ratio survives a change of machine.

Each round signs the same batch with both, one after the other; the table shows medians over the rounds. Ours includes
the precomputation of its batch. Then a batch is signed on an event loop, and the longest time that nothing else could
run there is reported.

    python tests/benchmarks/presign.py [--rounds 7]
"""

import argparse
import asyncio
import gc
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.signing.presigner import Addressing, Presigner

os.environ["BOTO_DISABLE_CRT"] = "true"  # its C signer orders the parameters in another way
import botocore.session
from botocore.config import Config

ADDRESSING = Addressing("https://s3.eu-west-1.amazonaws.com", "eu-west-1", "uploads-of-a-tenant", "path")
KEY = "tenant-0123456789/owner-0123456789/0192f0c1-2d3e-7f45-8a6b-9c0d1e2f3a4b/holiday film.mp4"
MULTIPART_UPLOAD_ID = "VXBsb2FkIElE.SUQgZm9yIGVs_dmluZydzIG1vdmll" * 3
EXPIRES_IN = 3600
PART_SIZE = 8 * 1024**2
BATCHES = (1, 100, 1_000, 10_000)
SESSION_TOKEN = "IQoJb3JpZ2luX2VjE/+=" * 50
STALL_ALLOWED_MS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description="Presigned UploadPart URLs, ours against botocore's.")
    parser.add_argument("--rounds", type=int, default=7, help="rounds per row (default 7)")
    rounds: int = parser.parse_args().rounds
    print(f"{'batch':>7} {'token':>6} {'botocore us/URL':>16} {'ours us/URL':>12} {'ratio':>7}")
    for session_token in (None, SESSION_TOKEN):
        credentials = Credentials("AKIDEXAMPLE", "secret", session_token)
        for batch in BATCHES:
            theirs, ours = compare(credentials, batch, rounds)
            token = "yes" if session_token else "no"
            print(f"{batch:>7,} {token:>6} {theirs:>16.2f} {ours:>12.2f} {theirs / ours:>6.0f}x")
    print()
    for batch, at_once in ((1_000, 1_000), (10_000, 10_000), (10_000, 1_000)):
        stalls = [asyncio.run(longest_stall_ms(batch, at_once)) for _ in range(rounds)]
        print(
            f"event loop held while {batch:,} parts are signed, {at_once:,} at once: "
            f"median {statistics.median(stalls):.1f} ms, worst {max(stalls):.1f} ms (allowed {STALL_ALLOWED_MS})"
        )


def compare(credentials: Credentials, batch: int, rounds: int) -> tuple[float, float]:
    """Medians in microseconds per URL: botocore's, ours."""
    items = [(number, PART_SIZE) for number in range(1, batch + 1)]
    presigner = presigner_for(credentials)
    client = botocore_client(credentials)
    repeats = max(1, 300 // batch)  # a single URL is too short to time alone
    theirs, ours = [], []
    for _ in range(rounds):
        theirs.append(timed(lambda: sign_with_botocore(client, items), repeats))
        ours.append(timed(lambda: sign_with_ours(presigner, items), repeats * 10))
    return statistics.median(theirs) * 1e6 / batch, statistics.median(ours) * 1e6 / batch


def timed(sign: Callable[[], object], repeats: int) -> float:
    """Seconds per call, from a clean heap: each pays for the garbage it makes and not for the other's."""
    sign()
    gc.collect()
    start = time.perf_counter()
    for _ in range(repeats):
        sign()
    return (time.perf_counter() - start) / repeats


def presigner_for(credentials: Credentials) -> Presigner:
    source = StaticCredentials(credentials)
    return Presigner(addressing=ADDRESSING, credentials=source, clock=lambda: datetime.now(UTC))


def sign_with_ours(presigner: Presigner, items: list[tuple[int, int]]) -> list[str]:
    multipart = presigner.multipart(KEY, MULTIPART_UPLOAD_ID, expires_in=EXPIRES_IN)
    if len(items) == 1:
        return [multipart.part(*items[0]).url]
    return multipart.parts(items)


def botocore_client(credentials: Credentials) -> Any:
    return botocore.session.Session().create_client(
        "s3",
        region_name=ADDRESSING.region,
        endpoint_url=ADDRESSING.endpoint_url,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": ADDRESSING.style},
            request_checksum_calculation="when_required",
        ),
    )


def sign_with_botocore(client: Any, items: list[tuple[int, int]]) -> list[str]:
    parameters = {"Bucket": ADDRESSING.bucket, "Key": KEY, "UploadId": MULTIPART_UPLOAD_ID}
    return [
        client.generate_presigned_url(
            "upload_part",
            Params={**parameters, "PartNumber": number, "ContentLength": size},
            ExpiresIn=EXPIRES_IN,
        )
        for number, size in items
    ]


async def longest_stall_ms(batch: int, at_once: int) -> float:
    """The longest time between two turns of a watcher that is always ready to run."""
    items = [(number, PART_SIZE) for number in range(1, batch + 1)]
    presigner = presigner_for(Credentials("AKIDEXAMPLE", "secret", SESSION_TOKEN))
    gaps: list[float] = []
    done = asyncio.Event()

    async def watch() -> None:
        last = time.perf_counter()
        while not done.is_set():
            await asyncio.sleep(0)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(0.01)
    for start in range(0, batch, at_once):
        sign_with_ours(presigner, items[start : start + at_once])
        await asyncio.sleep(0)
    done.set()
    await watcher
    return max(gaps) * 1000


if __name__ == "__main__":
    main()
