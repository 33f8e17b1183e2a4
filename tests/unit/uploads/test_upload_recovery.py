"""The decision tables, against a second copy of them."""

from datetime import timedelta
from itertools import pairwise, product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.uploads.model import Mark, MultipartUploadId
from coordinator.uploads.plan import MIB, Plan
from coordinator.uploads.recovery import (
    ABORTS,
    GONE_LONG_ENOUGH,
    Aborting,
    Adoption,
    Decision,
    Listed,
    Seen,
    adopt,
    backoff,
    decide_aborted,
    decide_aborting,
    decide_completing,
    newest_activity,
    seen_as,
)
from coordinator.uploads.store import ListedMultipartUpload, ListedPart, StoredObject
from tests.unit.uploads.rows import MARK, NOW, a_row

WAITS = {Decision.WAIT, Decision.WAIT_GONE}

COMPLETING: dict[Seen, tuple[Decision, Decision, Decision]] = {
    # parts listed, gone, error
    Seen.OURS: (Decision.COMPLETED, Decision.COMPLETED, Decision.COMPLETED),
    Seen.OURS_OTHER_SIZE: (Decision.FAIL_SIZE, Decision.FAIL_SIZE, Decision.FAIL_SIZE),
    Seen.ABSENT: (Decision.SEND, Decision.WAIT_GONE, Decision.WAIT),
    Seen.FOREIGN: (Decision.FAIL_CONFLICT, Decision.FAIL_LOST, Decision.WAIT),
    Seen.ERROR: (Decision.WAIT, Decision.WAIT, Decision.WAIT),
}
"""Section 2.4 of the failure matrix, with the size (C18) as a row of its own. Overwriting is never allowed."""

LONG, SHORT = GONE_LONG_ENOUGH, GONE_LONG_ENOUGH - timedelta(seconds=1)


@pytest.mark.parametrize("gone_for", [None, timedelta(0), SHORT, LONG, timedelta(days=9)])
@pytest.mark.parametrize(("seen", "listed"), list(product(Seen, Listed)))
def test_every_cell_of_the_table(seen: Seen, listed: Listed, gone_for: timedelta | None) -> None:
    expected = COMPLETING[seen][list(Listed).index(listed)]
    if expected is Decision.WAIT_GONE and gone_for is not None and gone_for >= GONE_LONG_ENOUGH:
        expected = Decision.FAIL_LOST
    assert decide_completing(seen, listed, gone_for=gone_for) is expected


@given(st.sampled_from(Seen), st.sampled_from(Listed), st.one_of(st.none(), st.timedeltas(timedelta(0))))
def test_an_error_decides_nothing_but_what_head_proves(
    seen: Seen, listed: Listed, gone_for: timedelta | None
) -> None:
    decision = decide_completing(seen, listed, gone_for=gone_for)
    assert (decision is Decision.COMPLETED) == (seen is Seen.OURS)
    if seen is Seen.ERROR or (listed is Listed.ERROR and seen in {Seen.ABSENT, Seen.FOREIGN}):
        assert decision in WAITS
    if decision is Decision.SEND:
        assert (seen, listed) == (Seen.ABSENT, Listed.PARTS)


ABORTING: dict[Seen, Aborting] = {
    Seen.OURS: Aborting.COMPLETED,
    Seen.OURS_OTHER_SIZE: Aborting.ABORT,
    Seen.FOREIGN: Aborting.ABORT,
    Seen.ABSENT: Aborting.ABORT,
    Seen.ERROR: Aborting.WAIT,
}


@pytest.mark.parametrize("seen", Seen)
def test_an_abort_spares_what_has_become_our_object_and_what_cannot_be_seen(seen: Seen) -> None:
    assert decide_aborting(seen) is ABORTING[seen]


@pytest.mark.parametrize("aborts", range(1, ABORTS + 3))
@pytest.mark.parametrize("listed", Listed)
def test_an_abort_is_over_only_when_the_list_says_gone(listed: Listed, aborts: int) -> None:
    decision = decide_aborted(listed, aborts=aborts)
    assert (decision is Aborting.NOTHING_LEFT) == (listed is Listed.GONE)
    assert (decision is Aborting.ABORT) == (listed is Listed.PARTS and aborts < ABORTS)


def test_gone_is_believed_after_the_three_rereads() -> None:
    assert timedelta(seconds=5 + 30 + 300) == GONE_LONG_ENOUGH


def stored(mark: str | None, size: int) -> StoredObject:
    return StoredObject("etag", size, mark, None, NOW)


@pytest.mark.parametrize(
    ("found", "seen"),
    [
        (None, Seen.ABSENT),
        (stored(MARK, 7), Seen.OURS),
        (stored(MARK, 8), Seen.OURS_OTHER_SIZE),
        (stored(None, 7), Seen.FOREIGN),
        (stored("f" * 32, 7), Seen.FOREIGN),
        (stored(MARK.upper(), 7), Seen.FOREIGN),
        (stored("", 7), Seen.FOREIGN),
    ],
)
def test_an_object_is_ours_by_mark_and_size_only(found: StoredObject | None, seen: Seen) -> None:
    assert seen_as(found, MARK, Plan(7, 8, 1)) is seen


def test_an_object_of_nothing_is_ours_when_nothing_was_declared() -> None:
    nothing = Plan(0, 8, 1)
    assert seen_as(stored(MARK, 0), MARK, nothing) is Seen.OURS
    assert seen_as(stored(None, 0), Mark(""), nothing) is Seen.FOREIGN


@pytest.mark.parametrize(
    ("part_count", "sizes"), [(None, {0, 1, 8, 9, 16, 17, 99}), (1, {0, 1, 8}), (2, {9, 16}), (3, {17})]
)
def test_a_stream_s_object_is_ours_by_its_mark_and_by_the_parts_it_has(
    part_count: int | None, sizes: set[int]
) -> None:
    stream = Plan(None, 8, part_count)
    ours = {
        size for size in (0, 1, 8, 9, 16, 17, 99) if seen_as(stored(MARK, size), MARK, stream) is Seen.OURS
    }
    assert ours == sizes
    assert seen_as(stored(None, 8), MARK, stream) is Seen.FOREIGN


def made(name: str, seconds: int) -> ListedMultipartUpload:
    return ListedMultipartUpload(MultipartUploadId(name), NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("age", "choice"),
    [(0, Adoption.CREATE), (600, Adoption.CREATE), (601, Adoption.GIVE_UP)],
)
def test_nothing_under_the_key_is_created_until_patience_ends(age: int, choice: Adoption) -> None:
    adopted = adopt([], age=timedelta(seconds=age), patience=timedelta(seconds=600))
    assert adopted == (choice, None)


@given(st.sets(st.integers(0, 100), min_size=1, max_size=5), st.randoms(), st.timedeltas(timedelta(0)))
def test_the_newest_is_adopted_at_any_age(times: set[int], rng: Random, age: timedelta) -> None:
    listed = [made(str(time), time) for time in sorted(times)]
    rng.shuffle(listed)
    adopted = adopt(listed, age=age, patience=timedelta(minutes=10))
    assert adopted == (Adoption.ADOPT, made(str(max(times)), max(times)))


@given(st.lists(st.integers(-100, 100)), st.one_of(st.none(), st.integers(-100, 100)))
def test_activity_is_the_newest_of_start_reports_and_parts_at_the_store(
    parts: list[int], reported: int | None
) -> None:
    at = [NOW + timedelta(seconds=offset) for offset in parts]
    last = None if reported is None else NOW + timedelta(seconds=reported)
    listed = [ListedPart(1, "aa", 8 * MIB, time) for time in at]
    expected = max([NOW, *at, *([last] if last else [])])
    assert newest_activity(a_row(last_part_at=last), listed) == expected


def test_the_rest_between_fruitless_drives_grows_to_a_quarter_of_an_hour() -> None:
    rests = [backoff(attempts).total_seconds() for attempts in range(8)]
    assert rests == [5, 30, 300, 900, 900, 900, 900, 900]
    assert all(earlier <= later for earlier, later in pairwise(rests))
