"""Plans over the whole range of sizes that S3 knows."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coordinator.uploads.plan import (
    AWS_LIMITS,
    GIB,
    KIB,
    MIB,
    STREAM_PART_SIZE,
    TIB,
    Plan,
    PlanError,
    S3Limits,
    plan_parts,
    plan_stream,
)

sizes = st.one_of(
    st.integers(0, AWS_LIMITS.max_object_size),
    st.integers(0, 300 * MIB),
    st.integers(1, 10_000)
    .map(lambda parts: parts * 5 * GIB)
    .filter(lambda n: n <= AWS_LIMITS.max_object_size),
)
part_sizes = st.integers(5 * MIB, 5 * GIB)


def test_the_limits_are_those_of_the_user_guide() -> None:
    assert (AWS_LIMITS.min_part_size, AWS_LIMITS.max_part_size, AWS_LIMITS.max_parts) == (
        5 * MIB,
        5 * GIB,
        10_000,
    )
    assert AWS_LIMITS.max_object_size == 488 * TIB // 10
    assert AWS_LIMITS.max_object_size <= AWS_LIMITS.max_parts * AWS_LIMITS.max_part_size


@given(sizes)
@example(0)
@example(1)
@example(256 * MIB)
@example(256 * MIB + 1)
@example(4 * GIB + 1)
@example(64 * GIB + 1)
@example(10_000 * 64 * MIB)
@example(10_000 * 64 * MIB + 1)
@example(AWS_LIMITS.max_object_size)
def test_a_default_plan_covers_the_file_within_the_limits(size: int) -> None:
    assert_covers(plan_parts(size), size)


@given(sizes, part_sizes)
@example(10_000 * 5 * MIB, 5 * MIB)
@example(10_000 * 5 * MIB + 1, 5 * MIB)
def test_a_chosen_part_size_is_kept_or_refused(size: int, part_size: int) -> None:
    if -(-size // part_size) > AWS_LIMITS.max_parts:
        with pytest.raises(
            PlanError, match=r"at most 10000 are allowed: choose a part size of at least (\d+)"
        ) as refused:
            plan_parts(size, part_size=part_size)
        least = int(str(refused.value).rsplit(" ", 2)[1])
        assert_covers(plan_parts(size, part_size=max(least, 5 * MIB)), size)
        return
    plan = plan_parts(size, part_size=part_size)
    assert plan.part_size == part_size
    assert_covers(plan, size)


@given(
    st.integers(0, 10**6),
    st.builds(S3Limits, st.integers(1, 100), st.integers(100, 1000), st.integers(1, 1000), st.just(10**6)),
)
def test_a_store_with_other_limits_gets_a_plan_within_them_or_none(size: int, limits: S3Limits) -> None:
    possible = size <= limits.max_parts * limits.max_part_size
    if not possible:
        with pytest.raises(PlanError):
            plan_parts(size, limits=limits)
    else:
        assert_covers(plan_parts(size, limits=limits), size, limits)


def assert_covers(plan: Plan, size: int, limits: S3Limits = AWS_LIMITS) -> None:
    """Every byte in one part, all parts alike but the last: by arithmetic, as 10,000 parts a case would be slow."""
    assert plan.size == size
    assert plan.part_count is not None
    assert 1 <= plan.part_count <= limits.max_parts
    assert limits.min_part_size <= plan.part_size <= limits.max_part_size
    last = plan.part_count
    for number in {1, 2, last // 2, last - 1} & set(range(1, last)):
        assert plan.size_of(number) == plan.part_size
        assert plan.offset(number) + plan.size_of(number) == plan.offset(number + 1)
    assert plan.offset(1) == 0
    assert plan.offset(last) + plan.size_of(last) == size
    assert 0 <= plan.size_of(last) <= plan.part_size
    assert (plan.size_of(last) == 0) == (size == 0)


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 5 * MIB + 1, 10 * MIB, 23 * MIB + 7])
def test_the_parts_laid_end_to_end_are_the_file(size: int) -> None:
    plan = plan_parts(size, part_size=5 * MIB)
    at = 0
    for number in range(1, (plan.part_count or 0) + 1):
        assert plan.offset(number) == at
        at += plan.size_of(number)
    assert at == size


@pytest.mark.parametrize(
    ("size", "least"), [(1, 8), (48, 8), (257, 16), (4 * KIB + 1, 32), (64 * KIB + 1, 64)]
)
def test_parts_grow_with_the_file(size: int, least: int) -> None:
    assert least * MIB <= plan_parts(size * MIB).part_size < 2 * least * MIB


@given(sizes)
def test_parts_beyond_six_fill_six_connections_to_the_end(size: int) -> None:
    plan = plan_parts(size)
    assert plan.part_count is not None
    waves = -(-plan.part_count // 6)
    assert plan.part_count <= 6 or size / (waves * 6 * plan.part_size) > 0.9


def test_half_a_gibibyte_goes_in_five_full_waves() -> None:
    plan = plan_parts(512 * MIB)
    assert (plan.part_count, plan.part_size) == (30, 17 * MIB + 128 * KIB)


def test_an_empty_file_is_one_empty_part() -> None:
    plan = plan_parts(0)
    assert plan.part_count == 1
    assert plan.size_of(1) == 0


@pytest.mark.parametrize("size", [-1, AWS_LIMITS.max_object_size + 1, 2**63])
def test_a_size_that_no_object_can_have_is_refused(size: int) -> None:
    with pytest.raises(PlanError, match=r"the size must be from 0 to"):
        plan_parts(size)


@pytest.mark.parametrize("part_size", [-1, 0, 1, 5 * MIB - 1, 5 * GIB + 1, 2**63])
def test_a_part_size_out_of_bounds_is_refused(part_size: int) -> None:
    with pytest.raises(PlanError, match=r"a part must have from"):
        plan_parts(10 * MIB, part_size=part_size)
    with pytest.raises(PlanError, match=r"a part must have from"):
        plan_stream(part_size=part_size)


@pytest.mark.parametrize("number", [-1, 0, 3, 10_001])
def test_a_part_outside_the_plan_has_no_size(number: int) -> None:
    with pytest.raises(PlanError, match=r"outside 1 to 2"):
        plan_parts(16 * MIB).size_of(number)


@given(part_sizes)
def test_a_stream_has_the_part_size_it_asked_for_and_no_end(part_size: int) -> None:
    assert plan_stream(part_size=part_size) == Plan(size=None, part_size=part_size, part_count=None)


def test_a_stream_has_a_default_part_size_that_no_limit_refuses() -> None:
    assert plan_stream().part_size == STREAM_PART_SIZE
    assert plan_stream(limits=S3Limits(min_part_size=32 * MIB)).part_size == 32 * MIB
    with pytest.raises(PlanError, match=r"not known yet"):
        plan_stream().size_of(1)
