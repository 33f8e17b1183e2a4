"""Which parts of an upload that was there already are taken for a file's own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
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


async def never(*_: object) -> bool:
    return False


@dataclass
class Known:
    """What is known of a file and its upload."""

    same_time: bool
    own: dict[int, str] = field(default_factory=dict)
    chosen: bool = False
    noted: dict[int, str | None] | None = None

    def has_time_of(self, *_: object) -> bool:
        return self.same_time

    async def own_parts(self, *_: object) -> dict[int, str]:
        return self.own

    async def note_parts(self, _: object, upload: object, etags: dict[int, str | None]) -> None:
        assert cast("Any", upload).id == OPEN.id
        self.noted = etags

    def recognises(self, *_: object) -> bool:
        return True


@pytest.fixture
def hashing() -> Iterator[Hashing]:
    threads = Hashing()
    yield threads
    threads.close()


async def own(
    hashing: Hashing, known: Known, held: list[PartAnswer], sent: dict[int, str | None] | None = None
) -> list[int]:
    whose = Whose(cast("Any", None), hashing, cast("Any", known))
    return [one.part_number for one in await whose.found_own(OPEN, CONTENT, PLAN, held, sent or {})]


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
        assert list(known.noted or {}) == (expected or [])
        known.chosen = True
        assert await own(hashing, known, held) == (expected or [])


async def test_a_digest_that_differs_is_refused(hashing: Hashing) -> None:
    known = Known(same_time=True)
    with pytest.raises(FileChanged):
        await own(hashing, known, OTHERS)
    assert known.noted is None


def tagged(one: PartAnswer, text: str) -> PartAnswer:
    return msgspec.structs.replace(one, etag=text)


async def test_parts_that_this_machine_sent_are_not_read_and_all_others_are(hashing: Hashing) -> None:
    """Somebody else may have come to the upload of a file that is the very one it began with."""
    mine = tagged(digest(1, b"x", PART), "mine")
    known = Known(same_time=True, own={1: "mine", 2: "mine too"})
    assert await own(hashing, known, [mine, tagged(digest(2, b"x", PART), "mine too")]) == [1, 2]
    assert await own(hashing, Known(same_time=True), [mine], {1: '"mine"', 2: None}) == [1], "in this run"
    assert known.noted is None
    assert await own(hashing, known, [mine, etag(2, b"b", PART)]) == [1, 2]
    assert known.noted is not None
    assert list(known.noted) == [2]
    for unlike in (etag(2, b"x", PART), part(2, size=PART)):
        assert await own(hashing, known, [mine, unlike]) == [1], "it is sent again"
    with pytest.raises(Anothers) as raised:
        await own(hashing, known, [mine, digest(2, b"x", PART)])
    assert raised.value.live


async def test_what_another_has_completed_is_known_by_what_it_left(
    hashing: Hashing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordinator.client.whose.holds", never)
    upload = msgspec.structs.replace(OPEN, state="completed", part_count=2, etag="of both")

    async def is_of(own: dict[int, str], content: MemoryContent = CONTENT) -> bool:
        whose = Whose(cast("Any", None), hashing, cast("Any", Known(same_time=True, own=own)))
        return await whose.is_of(upload, content)

    assert await is_of({0: "of both"})
    assert await is_of({}, MemoryContent(b"its fingerprint proves it", "file"))
    for own in ({}, {0: "another's"}, {1: "of both", 2: "of both"}):
        assert not await is_of(own)
    upload = msgspec.structs.replace(upload, etag=None)
    assert not await is_of({})


async def test_what_is_completed_is_left_for_those_who_wait(hashing: Hashing) -> None:
    known = Known(same_time=True)
    whose = Whose(cast("Any", None), hashing, cast("Any", known))
    await whose.note_completed(msgspec.structs.replace(OPEN, part_count=1, etag="one"), CONTENT)
    assert known.noted is None
    await whose.note_completed(msgspec.structs.replace(OPEN, part_count=2, etag="both"), CONTENT)
    assert known.noted == {0: "both"}
