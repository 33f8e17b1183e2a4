import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.relay.pace import Pace

RATE, PATIENCE = 1000, 30.0


def waited(*waits: tuple[float, int]) -> float:
    """Seconds left after waiting so long for so many bytes, each time."""
    pace = Pace(min_rate=RATE, patience=PATIENCE)
    for seconds, received in waits:
        pace.waited(seconds, received)
    return pace.left


@pytest.mark.parametrize(
    ("waits", "left"),
    [
        ([], 30),
        ([(20, 0)], 10),
        ([(20, 0), (10, 0)], 0),
        ([(20, 5_000)], 15),
        ([(20, 10**9)], 30),
        ([(0, 10**9), (29, 0)], 1),
        ([(10, 1)] * 4, -9.996),
        ([(10, 10_000)] * 1000, 30),
    ],
)
def test_what_is_left_of_the_time(waits: list[tuple[float, int]], left: float) -> None:
    assert waited(*waits) == pytest.approx(left)


@given(st.lists(st.floats(0.01, 5), min_size=1, max_size=200))
def test_whoever_keeps_the_least_rate_is_never_cut_off(waits: list[float]) -> None:
    assert waited(*((seconds, round(seconds * RATE) + 1) for seconds in waits)) >= PATIENCE - 5


@given(st.lists(st.floats(0.01, 5), min_size=1, max_size=200))
def test_half_the_least_rate_lasts_at_most_twice_the_patience(waits: list[float]) -> None:
    pace, gone = Pace(min_rate=RATE, patience=PATIENCE), 0.0
    for seconds in waits * 1000:
        if pace.left <= 0:
            break
        pace.waited(seconds, int(seconds * RATE / 2))
        gone += seconds
    assert gone <= 2 * PATIENCE + 5
    assert pace.left <= 0 or gone <= 2 * PATIENCE
