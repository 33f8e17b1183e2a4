"""Whether parts at the store are a file's own."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import md5, sha256

import pytest

from coordinator.client.digests import Hashing
from coordinator.client.files import MemoryContent
from coordinator.client.verifying import compared
from coordinator.protocol import PartAnswer, PartDigest
from coordinator.uploads.plan import Plan

PLAN = Plan(30, 10, 3)
CONTENT = MemoryContent(b"a" * 10 + b"b" * 10 + b"c" * 10, "file")


@pytest.fixture
def hashing() -> Iterator[Hashing]:
    threads = Hashing()
    yield threads
    threads.close()


def etag(number: int, content: bytes, size: int = 10) -> PartAnswer:
    return part(number, etag=md5(content * size, usedforsecurity=False).hexdigest(), size=size)


def digest(number: int, content: bytes, size: int = 10) -> PartAnswer:
    value = b64encode(sha256(content * size).digest()).decode()
    return part(number, digest=PartDigest(md5=None, sha256=value), size=size)


def part(number: int, *, etag: str = "x-1", digest: PartDigest | None = None, size: int = 10) -> PartAnswer:
    return PartAnswer(
        part_number=number, size=size, etag=etag, digest=digest, recorded_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("held", "same", "other", "differs"),
    [
        ([], [], False, False),
        ([part(1)], [], False, False),
        ([etag(1, b"a"), digest(2, b"b")], [1, 2], False, False),
        # not an MD5, as far as anybody can tell
        ([etag(1, b"x"), etag(2, b"y")], [], False, True),
        ([etag(1, b"x"), digest(2, b"b")], [2], False, True),
        # this store's ETags are MD5s, as another one shows
        ([etag(1, b"x"), etag(2, b"b")], [2], True, True),
        ([etag(1, b"a"), digest(2, b"x"), etag(3, b"c")], [1], True, True),
    ],
)
async def test_parts_prove_what_they_can(
    hashing: Hashing, held: list[PartAnswer], same: list[int], *, other: bool, differs: bool
) -> None:
    found = await compared(hashing, CONTENT, PLAN, held)
    told = [one.part_number for one in found.same], found.other, found.differs
    assert told == (same, other, differs)
