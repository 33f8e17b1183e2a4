"""Which parts of an upload that was there already are taken for a file's own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from coordinator.client.digests import Hashing
from coordinator.client.errors import FileChanged
from coordinator.client.files import MemoryContent
from coordinator.client.whose import Anothers, Whose
from coordinator.protocol import PartAnswer
from coordinator.uploads.plan import Plan
from tests.unit.client.test_client_completion import OPEN
from tests.unit.client.test_client_verifying import digest, etag, part

PART = 100_000
PLAN = Plan(2 * PART, PART, 2)
CONTENT = MemoryContent(b"a" * PART + b"b" * PART, "file")


@dataclass
class Known:
    """What is known of a file and its upload."""

    same_time: bool
    very_file: bool = False
    chosen: bool = False
    identified: list[object] = field(default_factory=list)

    def has_time_of(self, *_: object) -> bool:
        return self.same_time

    async def is_very_file(self, *_: object) -> bool:
        return self.very_file

    async def identify(self, *given: object) -> None:
        self.identified.append(given)


@pytest.fixture
def hashing() -> Iterator[Hashing]:
    threads = Hashing()
    yield threads
    threads.close()


async def own(hashing: Hashing, known: Known, held: list[PartAnswer]) -> list[int]:
    whose = Whose(cast("Any", None), hashing, cast("Any", known))
    return [one.part_number for one in await whose.found_own(OPEN, CONTENT, PLAN, held)]


NOTHING_TOLD = [part(1, size=PART), part(2, size=PART)]
ONE_PROVED = [etag(1, b"a", PART), part(2, size=PART)]
UNLIKE = [etag(1, b"x", PART), part(2, size=PART)]
OTHERS = [digest(1, b"x", PART), part(2, size=PART)]


@pytest.mark.parametrize(
    ("held", "same_time", "of_another_time"),
    [(NOTHING_TOLD, [1, 2], None), (ONE_PROVED, [1, 2], [1]), (UNLIKE, None, None), ([], [], None)],
)
async def test_what_is_compared_tells_and_else_the_time(
    hashing: Hashing, held: list[PartAnswer], same_time: list[int] | None, of_another_time: list[int] | None
) -> None:
    for known, expected in ((Known(same_time=True), same_time), (Known(same_time=False), of_another_time)):
        if expected is None:
            with pytest.raises(Anothers):
                await own(hashing, known, held)
        else:
            assert await own(hashing, known, held) == expected
        assert len(known.identified) == (expected is not None)
        known.chosen = True
        assert await own(hashing, known, held) == (expected or [])


async def test_a_digest_that_differs_is_refused_unless_it_is_the_very_file(hashing: Hashing) -> None:
    known = Known(same_time=True)
    with pytest.raises(FileChanged):
        await own(hashing, known, OTHERS)
    assert known.identified == []
    known.very_file = True
    assert await own(hashing, known, OTHERS) == [1, 2], "nobody looks"
