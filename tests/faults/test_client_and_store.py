"""Between client and store: a part arrives as it was sent or not at all, and whoever does not know sends it again."""

import asyncio
import secrets
from collections.abc import Mapping
from hashlib import md5
from random import Random

import pytest

from tests.e2e.device import MIB, PART, asked
from tests.faults.calls import Call
from tests.faults.faults import (
    BitFlip,
    Duplicate,
    Fault,
    HalfClose,
    Latency,
    Reset,
    Side,
    Truncate,
    error_inside_200,
    server_error,
    slow_down,
)
from tests.faults.faulty import Weather
from tests.faults.line import Line

LOST_BEFORE: Mapping[str, Fault] = {
    "reset before": Reset(),
    "half-close before": HalfClose(),
    "500 before": server_error(),
    "503 before": slow_down(),
}
LOST_AFTER: Mapping[str, Fault] = {
    "reset after": Reset(after=True),
    "half-close after": HalfClose(after=True),
    "no byte of the answer": Truncate(0),
    "40 bytes of the answer": Truncate(40),
    "500 after": server_error(after=True),
    "503 after": slow_down(after=True),
}
UNNOTICED: Mapping[str, Fault] = {"latency": Latency(300), "duplicate": Duplicate()}
LYING: Mapping[str, Fault] = {
    "error inside 200 before": error_inside_200(),
    "error inside 200 after": error_inside_200(after=True),
}
EVERY = {**LOST_BEFORE, **LOST_AFTER, **UNNOTICED, **LYING}
FLIP = BitFlip(Side.REQUEST)


@pytest.fixture
def name() -> str:
    return f"{secrets.token_hex(8)}.bin"


@pytest.fixture
def content() -> bytes:
    return secrets.token_bytes(PART + 1_000)


@pytest.mark.parametrize("asks", [False, True], ids=["sends again", "asks first"])
@pytest.mark.parametrize("fault", [*LOST_BEFORE, *LOST_AFTER, *UNNOTICED, *LYING])
async def test_a_part_ends_right_after(
    line: Line, name: str, content: bytes, fault: str, *, asks: bool
) -> None:
    faults = {**LOST_BEFORE, **LOST_AFTER, **UNNOTICED, **LYING}
    strike = line.outside.plan(Call.PART, faults[fault], about=name)
    client = line.client(asks=asks)
    done = await client.completed(name, content)
    assert strike.struck
    await line.audit.ended(done["id"], "completed", reason=None, content=content)
    known = asks and fault in LOST_AFTER and isinstance(EVERY[fault], Reset | HalfClose | Truncate)
    again = not known and fault not in UNNOTICED and fault != "error inside 200 after"
    assert len(client.resent) == again
    assert line.outside.count(Call.PART, name) == 2 + again


@pytest.mark.parametrize("fault", [*LOST_BEFORE, *LOST_AFTER])
async def test_a_lost_part_is_listed_only_if_it_arrived(
    line: Line, name: str, content: bytes, fault: str
) -> None:
    client = line.client()
    upload = await client.started(name, content)
    [part] = await client.device.sign(upload, [1])
    line.outside.plan(Call.PART, EVERY[fault], about=name)
    await client.attempt(part, content[:PART])
    listed = asked(await client.listed(upload))["parts"]
    expected = [(1, PART, md5(content[:PART]).hexdigest())] if fault in LOST_AFTER else []
    assert [(found["part_number"], found["size"], found["etag"]) for found in listed] == expected
    await client.device.abort(upload)


async def test_a_flipped_bit_is_refused_when_the_digest_is_bound(
    line: Line, name: str, content: bytes
) -> None:
    strike = line.outside.plan(Call.PART, FLIP, about=name)
    client = line.client(digests=True)
    done = await client.completed(name, content)
    assert strike.struck
    assert client.refused == ["BadDigest"]
    assert len(client.resent) == 1
    await line.audit.ended(done["id"], "completed", reason=None, content=content)


async def test_a_flipped_bit_is_stored_when_no_digest_is_bound(line: Line, name: str, content: bytes) -> None:
    """What plain HTTP without digests costs; and why a client compares a part's ETag, or binds its digest."""
    client = line.client()
    upload = await client.started(name, content)
    [part, last] = await client.device.sign(upload, [1, 2])
    line.outside.plan(Call.PART, FLIP, about=name)
    claims = [await client.device.send(part, content), await client.device.send(last, content)]
    assert claims[0]["etag"].strip('"') != md5(content[:PART]).hexdigest(), "the ETag tells"
    await client.device.report(upload, claims)
    assert asked(await client.device.complete(upload))["state"] == "completed"
    stored = bytearray(content)
    stored[PART // 2] ^= 1
    await line.audit.ended(upload["id"], "completed", reason=None, content=bytes(stored))


async def test_a_download_ends_right_after(line: Line, name: str, content: bytes) -> None:
    client = line.client()
    done = await client.completed(name, content)
    for fault in (*EVERY.values(), Truncate(-1)):
        strike = line.outside.plan(Call.GET, fault, about=name)
        found, times = await client.download(done)
        assert (found == content, strike.struck) == (True, True), fault
        assert times == (1 if fault in UNNOTICED.values() else 2), fault
    line.outside.plan(Call.GET, BitFlip(Side.ANSWER), about=name)
    found, times = await client.download(done)
    assert (times, found != content) == (1, True), "only TLS, or a digest of one's own, tells"


@pytest.mark.parametrize("seed", [20261121])
async def test_a_fifth_of_all_parts_fails_and_the_file_arrives(line: Line, name: str, seed: int) -> None:
    content = secrets.token_bytes(100 * MIB + 1)
    bad = (*LOST_BEFORE.values(), *LOST_AFTER.values(), *LYING.values(), FLIP)
    line.outside.weather = Weather(Call.PART, bad, 0.2, Random(seed))
    before = line.outside.bad_weather
    try:
        client = line.client(digests=True, asks=True)
        done = await asyncio.wait_for(client.completed(name, content), 120)
    finally:
        line.outside.weather = None
    assert done["part_count"] == 21
    assert line.outside.bad_weather - before >= 3
    await line.audit.ended(done["id"], "completed", reason=None, content=content)
