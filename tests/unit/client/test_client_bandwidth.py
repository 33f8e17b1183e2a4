import pytest

from coordinator.client.bandwidth import Bandwidth


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_holds_its_rate_over_time_whoever_asks() -> None:
    clock = Clock()
    bandwidth = Bandwidth(1_000_000, clock=clock)
    sent = 0
    while sent < 10_000_000:
        clock.now += bandwidth.reserve(bandwidth.piece)
        sent += bandwidth.piece
    assert sent / (clock.now - 100.0) == pytest.approx(1_000_000, rel=0.02)


def test_saves_no_more_than_a_moment_for_later() -> None:
    clock = Clock()
    bandwidth = Bandwidth(1_000_000, clock=clock)
    clock.now += 3600
    free = 0
    while bandwidth.reserve(10_000) == 0:
        free += 10_000
    assert free <= 120_000


def test_takes_small_pieces_where_it_is_narrow() -> None:
    assert Bandwidth(100_000).piece < 10_000
    assert Bandwidth(1_000_000_000).piece == 256 * 1024
    with pytest.raises(ValueError, match="1,024"):
        Bandwidth(10)
