from hypothesis import given
from hypothesis import strategies as st

from coordinator.client.pace import Pace
from coordinator.uploads.plan import AWS_LIMITS, GIB, MIB, plan_parts


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def paced(each: float, clock: Clock | None = None) -> Pace:
    """After a file over a line that gives a part so many bytes a second."""
    pace = Pace(clock or Clock())
    for _ in range(20):
        pace.arrived(8 * MIB, 8 * MIB / each)
    return pace


def test_nothing_is_asked_for_where_nothing_is_known() -> None:
    assert Pace(Clock()).part_size(GIB) is None


def test_a_fast_line_takes_what_the_coordinator_chooses() -> None:
    assert paced(MIB).part_size(GIB) is None


def test_on_a_slow_line_a_cut_costs_a_third() -> None:
    """One megabit a second, for eight parts."""
    each = 125_000 / 8
    smaller = paced(each).part_size(GIB)
    assert smaller is not None
    assert smaller < plan_parts(GIB).part_size / 3


@given(
    each=st.floats(1_000, 1e9),
    size=st.one_of(st.integers(0, 300 * MIB), st.integers(0, AWS_LIMITS.max_object_size)),
)
def test_what_is_asked_for_is_allowed_smaller_and_no_smaller_than_needed(each: float, size: int) -> None:
    usual = plan_parts(size)
    asked = paced(each).part_size(size)
    if asked is None:
        least = max(AWS_LIMITS.min_part_size, -(-size // AWS_LIMITS.max_parts))
        assert usual.part_count == 1 or usual.part_size <= max(least, each * 60) + MIB
        return
    plan = plan_parts(size, part_size=asked)
    assert plan.part_size < usual.part_size
    assert (plan.part_count or 0) > 1
    assert asked >= min(each * 60, usual.part_size) * 0.99


def test_it_is_forgotten_after_a_while_and_in_trouble() -> None:
    clock = Clock()
    pace = paced(10_000, clock)
    clock.now = 599
    assert pace.part_size(GIB) is not None
    clock.now = 600
    assert pace.part_size(GIB) is None
    pace = paced(10_000)
    pace.forget()
    assert pace.part_size(GIB) is None


def test_a_few_that_were_held_up_or_alone_say_nothing() -> None:
    for usual, odd, asked in ((10 * MIB, 1_000, False), (10_000, 10 * MIB, True)):
        pace = paced(usual)
        for _ in range(7):
            pace.arrived(8 * MIB, 8 * MIB / odd)
        assert (pace.part_size(GIB) is not None) is asked


def test_it_follows_the_line_and_small_parts_say_nothing() -> None:
    pace = paced(10_000)
    pace.arrived(100, 10)
    assert pace.part_size(GIB) is not None
    for _ in range(20):
        pace.arrived(8 * MIB, 1)
    assert pace.part_size(GIB) is None
    for _ in range(20):
        pace.arrived(100, 10)
    assert pace.part_size(GIB) is None
