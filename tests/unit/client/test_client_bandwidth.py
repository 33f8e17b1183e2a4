"""A limit holds from both sides, whoever asks and however; and a number is the limit of a whole process."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordinator.client import AsyncClient, Client, WrongUse
from coordinator.client.bandwidth import Bandwidth, bandwidth_of_process
from coordinator.client.bodies import PIECE

URL = "https://uploads.example.com"
LOOK = 4.0
"""Seconds over which a rate is measured: in less, the saved burst is more than the tenth that is allowed."""
BUSY = 12.0
"""Seconds' worth of bytes that are sent between two pauses."""


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Sender:
    """Of one connection: the pieces it sends, in turn, as shares of the largest allowed one, and how late it wakes up."""

    shares: Sequence[float]
    late: float
    """Seconds, of what it was told to wait; a busy machine does that."""


senders = st.builds(
    Sender,
    st.lists(st.floats(0.05, 1.0), min_size=1, max_size=5),
    st.floats(0.0, 0.08),
)


def sent(
    bandwidth: Bandwidth, clock: Clock, takers: Sequence[Sender], size: float
) -> list[tuple[float, int]]:
    """When how many bytes left, until so many have: each taker asks again as soon as its piece has left."""
    left: list[tuple[float, int]] = []
    turns = [(clock.now, number, 0) for number in range(len(takers))]
    total = 0
    while total < size:
        clock.now, number, turn = heapq.heappop(turns)
        taker = takers[number]
        piece = max(1, int(taker.shares[turn % len(taker.shares)] * bandwidth.piece))
        wait = bandwidth.reserve(piece)
        at = clock.now + (wait + taker.late if wait else 0.0)
        left.append((at, piece))
        total += piece
        heapq.heappush(turns, (at, number, turn + 1))
    clock.now = max(at for at, _ in left)
    return sorted(left)


def most_within(left: Sequence[tuple[float, int]], seconds: float) -> int:
    """Bytes in the fullest window of that length."""
    most = within = first = 0
    for at, piece in left:
        within += piece
        while left[first][0] < at - seconds:
            within -= left[first][1]
            first += 1
        most = max(most, within)
    return most


@settings(deadline=None, max_examples=50)
@given(
    rate=st.sampled_from([70_000, 1_000_000, 10_000_000]),
    takers=st.lists(senders, min_size=1, max_size=6),
    pauses=st.lists(st.floats(0.0, 30.0), min_size=1, max_size=2),
)
def test_the_rate_is_held_within_a_tenth_from_both_sides(
    rate: int, takers: list[Sender], pauses: list[float]
) -> None:
    """Single files and many, small pieces and large ones, one after a pause and all at once."""
    clock = Clock()
    bandwidth = Bandwidth(rate, clock=clock)
    everything: list[tuple[float, int]] = []
    for pause in pauses:
        clock.now += pause
        began = clock.now
        left = sent(bandwidth, clock, takers, BUSY * rate)
        everything += left
        took = left[-1][0] - began
        size = sum(piece for _, piece in left)
        assert 0.9 * rate <= size / took <= 1.1 * rate
    assert most_within(sorted(everything), LOOK) <= 1.1 * rate * LOOK


def test_the_least_rate_is_held_too() -> None:
    """There one piece is four seconds' worth."""
    clock = Clock()
    bandwidth = Bandwidth(1024, clock=clock)
    left = sent(bandwidth, clock, [Sender([1.0], 0.0), Sender([0.3], 0.0)], 400 * 1024)
    assert sum(piece for _, piece in left) / (left[-1][0] - 100.0) == pytest.approx(1024, rel=0.1)


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
    assert Bandwidth(1_000_000_000).piece == PIECE
    with pytest.raises(ValueError, match="1,024"):
        Bandwidth(10)


def test_one_thread_at_a_time_takes() -> None:
    """Where the clock is asked, another thread comes in between, and must find the door locked."""
    inside = Event()
    others: list[Thread] = []

    def clock() -> float:
        if bandwidths and not others:
            others.append(Thread(target=bandwidths[0].reserve, args=(1_000,)))
            others[0].start()
            assert not inside.wait(0.3), "two threads reckon with the same time"
        elif others:
            inside.set()
        return 100.0

    bandwidths: list[Bandwidth] = []
    bandwidths.append(Bandwidth(1_000_000, clock=clock))
    assert bandwidths[0].reserve(100_000) == 0
    others[0].join()
    assert bandwidths[0].reserve(1) == pytest.approx(0.101)


async def test_a_number_is_the_limit_of_the_process() -> None:
    with Client(URL, limit=20_000_000, remember=False) as in_a_thread:
        async with AsyncClient(URL, limit=20_000_000, remember=False) as one:
            shared = one._way.bandwidth
            assert shared is in_a_thread._client._way.bandwidth
    async with AsyncClient(URL, limit=20_000_000, remember=False) as later:
        assert later._way.bandwidth is shared, "what its predecessor took is not forgotten"
    async with AsyncClient(URL, limit=10_000_000, remember=False) as other:
        assert other._way.bandwidth is not shared
    async with AsyncClient(URL, remember=False) as unlimited:
        assert unlimited._way.bandwidth is None


async def test_a_bandwidth_is_for_whom_it_is_given_to() -> None:
    own = Bandwidth(20_000_000)
    async with AsyncClient(URL, limit=own, remember=False) as one:
        assert one._way.bandwidth is own
    assert bandwidth_of_process(20_000_000) is not own


@pytest.mark.parametrize("limit", [10, 0, -1, True, 2e7, "20M"])
def test_what_is_no_limit_is_refused(limit: object) -> None:
    with pytest.raises(WrongUse, match=r"limit"):
        AsyncClient(URL, limit=limit, remember=False)  # type: ignore[arg-type]
