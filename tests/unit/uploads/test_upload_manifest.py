"""The manifest against a model that says for each part what it must come to."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.errors import PartsMismatch, PartsMissing
from coordinator.uploads.manifest import build_manifest
from coordinator.uploads.model import ManifestPart
from coordinator.uploads.plan import MIB, Plan, plan_parts
from coordinator.uploads.store import ListedPart
from tests.unit.uploads.rows import NOW, a_part

PLAN = plan_parts(20 * MIB, part_size=8 * MIB)
SIZES = {1: 8 * MIB, 2: 8 * MIB, 3: 4 * MIB}


def listed(number: int, etag: str = "aa", size: int | None = None, age: int = 0) -> ListedPart:
    chosen = SIZES[number] if size is None else size
    return ListedPart(number, etag, chosen, NOW - timedelta(seconds=age))


WHOLE = [listed(1), listed(2), listed(3)]

etags = st.sampled_from(["aa", "bb", "cc"])


@st.composite
def shelves(draw: st.DrawFn) -> list[ListedPart]:
    """Rows for parts 1 to 4, one of them beyond the plan: none, one or several a part, some of a wrong size."""
    sizes = st.sampled_from([8 * MIB, 4 * MIB, 4 * MIB - 1])
    rows = st.lists(
        st.builds(ListedPart, st.integers(1, 4), etags, sizes, st.just(NOW)), max_size=12, unique=True
    )
    return draw(rows)


claims_by_number = st.dictionaries(st.integers(1, 4), st.one_of(st.none(), etags))


@given(shelves(), claims_by_number)
def test_each_part_comes_to_what_the_rule_says(
    rows: Sequence[ListedPart], claims: dict[int, str | None]
) -> None:
    choices = {
        number: {
            row.etag
            for row in rows
            if (row.part_number, row.size) == (number, size) and claims.get(number) in {None, row.etag}
        }
        for number, size in SIZES.items()
    }
    missing = [number for number in SIZES if number not in {row.part_number for row in rows}]
    unclear = [number for number, found in choices.items() if len(found) != 1]
    recorded = {number: a_part(number, etag=etag) for number, etag in claims.items()}
    if missing:
        with pytest.raises(PartsMissing) as absent:
            build_manifest(PLAN, rows, recorded)
        assert absent.value.members == {"part_numbers": missing}
    elif unclear:
        with pytest.raises(PartsMismatch) as differing:
            build_manifest(PLAN, rows, recorded)
        assert differing.value.members == {"part_numbers": unclear}
    else:
        expected = tuple(ManifestPart(n, choices[n].copy().pop(), size) for n, size in SIZES.items())
        assert build_manifest(PLAN, rows, recorded) == expected


@given(st.permutations(WHOLE))
def test_the_order_of_the_listing_does_not_matter(rows: Sequence[ListedPart]) -> None:
    assert [part.part_number for part in build_manifest(PLAN, rows, {})] == [1, 2, 3]


def test_of_several_attempts_the_claimed_one_is_named() -> None:
    rows = [listed(1, "old", age=9), listed(1, "new"), listed(2), listed(3)]
    assert build_manifest(PLAN, rows, {1: a_part(1, etag="old")})[0].etag == "old"
    assert build_manifest(PLAN, rows, {1: a_part(1, etag="new")})[0].etag == "new"


def test_several_attempts_with_one_content_need_no_claim() -> None:
    rows = [listed(1, "aa", age=9), listed(1, "aa"), listed(2), listed(3)]
    assert build_manifest(PLAN, rows, {})[0] == ManifestPart(1, "aa", 8 * MIB)


def test_an_attempt_of_another_size_is_not_a_choice() -> None:
    rows = [listed(1, "whole"), listed(1, "half", 4 * MIB), listed(2), listed(3)]
    assert build_manifest(PLAN, rows, {})[0].etag == "whole"
    with pytest.raises(PartsMismatch):
        build_manifest(PLAN, rows, {1: a_part(1, etag="half")})


def test_a_part_beyond_the_plan_is_not_named() -> None:
    rows = [*WHOLE, ListedPart(4, "dd", 8 * MIB, NOW)]
    assert [part.part_number for part in build_manifest(PLAN, rows, {4: a_part(4, etag="dd")})] == [1, 2, 3]


def test_an_empty_file_needs_its_one_empty_part() -> None:
    with pytest.raises(PartsMissing):
        build_manifest(plan_parts(0), [], {})
    empty = ListedPart(1, "d41d8cd98f00b204e9800998ecf8427e", 0, NOW)
    assert build_manifest(plan_parts(0), [empty], {}) == (ManifestPart(1, empty.etag, 0),)


def test_ten_thousand_parts_are_named_in_order() -> None:
    plan = Plan(size=10_000 * 5 * MIB, part_size=5 * MIB, part_count=10_000)
    rows = [ListedPart(number, f"{number:x}", 5 * MIB, NOW) for number in range(10_000, 0, -1)]
    manifest = build_manifest(plan, rows, {})
    assert [part.part_number for part in manifest] == list(range(1, 10_001))
    assert sum(part.size for part in manifest) == plan.size
