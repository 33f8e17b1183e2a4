from hypothesis import given
from hypothesis import strategies as st

from coordinator.client.climb import MOST_PLACES, Climb

MIB = 1024 * 1024


class Line:
    """A store on a virtual clock: so many bytes a second for each connection, and in all."""

    def __init__(self, climb: Climb, clock: "Clock", each: float, total: float) -> None:
        self.climb, self.clock, self.each, self.total = climb, clock, each, total
        self.at_first = 0
        """Parts under way at most before one had arrived."""

    def rounds(self, count: int, *, wanted_more: bool = True) -> None:
        for _ in range(count):
            places = self.climb.places
            rate = min(self.total, places * self.each)
            self.clock.now += places * MIB / rate
            for _ in range(places):
                self.climb.arrived(MIB, wanted_more=wanted_more)

    def sends(self, count: int, part_size: int, *, held_here: int = 0) -> float:
        """Seconds for so many parts; `held_here` bytes of each leave at once and wait in this machine."""
        began, waiting = self.clock.now, count
        under_way: list[float] = []
        self.climb.begins()
        while waiting or under_way:
            while waiting and len(under_way) < self.climb.places:
                waiting -= 1
                under_way.append(float(part_size))
                self.climb.moved(held_here, part_size)
            if waiting + len(under_way) == count:
                self.at_first = len(under_way)
            step = min(MIB // 4, *under_way, part_size)
            self.clock.now += step / min(self.each, self.total / len(under_way))
            left = [one - step for one in under_way]
            for _ in left:
                self.climb.moved(int(step), part_size)
            under_way = [one for one in left if one > 1]
            for _ in range(len(left) - len(under_way)):
                self.climb.arrived(part_size, wanted_more=waiting > 0)
        self.climb.ends()
        return self.clock.now - began


def idle() -> float:
    """A thread that had nothing to compute so far."""
    return 0.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_grows_to_the_most_where_each_connection_has_its_own_rate() -> None:
    clock = Clock()
    climb = Climb(clock=clock, computed=idle)
    Line(climb, clock, each=MIB, total=1e12).rounds(4)
    assert climb.places == MOST_PLACES


def test_a_fast_line_opens_before_the_first_part_has_arrived() -> None:
    clock = Clock()
    climb = Climb(clock=clock, computed=idle)
    line = Line(climb, clock, each=80 * MIB, total=1e12)
    assert line.sends(MOST_PLACES, 16 * MIB) < 2 * 16 / 80
    assert line.at_first == MOST_PLACES


def test_a_thread_that_has_no_time_for_more_opens_nothing() -> None:
    """The line would carry more: as many as above."""
    clock = Clock()
    climb = Climb(clock=clock, computed=lambda: 0.95 * clock.now)
    line = Line(climb, clock, each=80 * MIB, total=1e12)
    line.sends(MOST_PLACES, 16 * MIB)
    line.rounds(3)
    assert climb.places == 8


def test_a_slow_line_has_few_parts_to_lose() -> None:
    """Also where a part's first bytes seem to have left at once, into buffers."""
    clock = Clock()
    climb = Climb(clock=clock, computed=idle)
    line = Line(climb, clock, each=10 * MIB, total=10 * MIB)
    line.sends(40, 16 * MIB, held_here=MIB)
    assert line.at_first == 8


@given(
    each=st.floats(MIB / 8, 1000 * MIB),
    total=st.floats(MIB, 10_000 * MIB),
    count=st.integers(1, 80),
    size=st.integers(5, 64),
)
def test_no_line_is_slower_than_with_eight(each: float, total: float, count: int, size: int) -> None:
    took = []
    for places in (None, 8):
        clock = Clock()
        took.append(
            Line(Climb(places, clock=clock, computed=idle), clock, each=each, total=total).sends(
                count, size * MIB
            )
        )
    assert took[0] <= took[1] * 1.01


@given(each=st.floats(MIB / 8, 1000 * MIB), total=st.floats(MIB, 10_000 * MIB), size=st.integers(5, 64))
def test_before_anything_has_arrived_four_seconds_of_the_line_are_under_way_at_most(
    each: float, total: float, size: int
) -> None:
    clock = Clock()
    line = Line(Climb(clock=clock, computed=idle), clock, each=each, total=total)
    line.sends(40, size * MIB, held_here=MIB)
    carried = min(total, line.at_first * each)
    assert line.at_first == 8 or line.at_first * size * MIB <= 4 * carried * 1.01


def test_nothing_opens_after_trouble() -> None:
    clock = Clock()
    climb = Climb(clock=clock, computed=idle)
    climb.strained(climb.places)
    few = climb.places
    Line(climb, clock, each=80 * MIB, total=1e12).sends(4, 16 * MIB)
    assert climb.places == few


def test_a_pause_between_uploads_is_not_measured() -> None:
    clock = Clock()
    climb = Climb(clock=clock, computed=idle)
    line = Line(climb, clock, each=MIB, total=1e12)
    climb.begins()
    line.rounds(1)
    found = climb.places
    climb.ends()
    clock.now += 60
    climb.begins()
    line.rounds(1)
    assert climb.places == 2 * found


def test_nor_is_one_before_a_fast_line_is_seen() -> None:
    """A client that sends a small file now and then meets its first large one as a new client does."""
    clock = Clock()
    climb = Climb(clock=clock, computed=idle)
    line = Line(climb, clock, each=80 * MIB, total=1e12)
    for _ in range(20):
        line.sends(1, MIB)
        clock.now += 300
    line.sends(MOST_PLACES, 16 * MIB)
    assert line.at_first == MOST_PLACES


def test_what_was_found_is_forgotten_after_a_while() -> None:
    clock = Clock()
    climb = Climb(clock=clock, computed=idle)
    first = climb.places
    climb.begins()
    Line(climb, clock, each=MIB, total=1e12).rounds(3)
    climb.ends()
    clock.now += 599
    climb.begins()
    assert climb.places == MOST_PLACES
    climb.ends()
    clock.now += 600
    climb.begins()
    assert climb.places == first
    Line(climb, clock, each=80 * MIB, total=1e12).sends(4, 16 * MIB)
    assert climb.places == MOST_PLACES


def test_returns_to_the_best_where_more_bring_nothing() -> None:
    clock = Clock()
    climb = Climb(clock=clock, computed=idle)
    first = climb.places
    Line(climb, clock, each=100 * MIB, total=100 * MIB).rounds(2)
    assert climb.places == first


def test_tries_again_after_a_while() -> None:
    clock = Clock()
    climb = Climb(clock=clock, computed=idle)
    first = climb.places
    Line(climb, clock, each=100 * MIB, total=100 * MIB).rounds(2)
    assert climb.places == first
    clock.now += 20
    Line(climb, clock, each=MIB, total=1e12).rounds(3)
    assert climb.places > first


def test_learns_nothing_from_rounds_that_were_not_full() -> None:
    clock = Clock()
    climb = Climb(clock=clock, computed=idle)
    first = climb.places
    Line(climb, clock, each=MIB, total=1e12).rounds(5, wanted_more=False)
    assert climb.places == first


def test_halves_in_trouble_and_rests() -> None:
    clock = Clock()
    climb = Climb(clock=clock, computed=idle)
    line = Line(climb, clock, each=MIB, total=1e12)
    line.rounds(4)
    for _ in range(MOST_PLACES):
        climb.strained(MOST_PLACES)
    assert climb.places == MOST_PLACES // 2, "a store that refuses all of them is in one trouble"
    climb.strained(MOST_PLACES // 2)
    assert climb.places == MOST_PLACES // 4
    for _ in range(20):
        climb.strained(1)
    assert climb.places == 1
    few = climb.places
    line.each = 1e9
    line.rounds(3)
    assert climb.places == few
    clock.now += 20
    line.each = MIB
    line.rounds(2)
    assert climb.places > few


def test_a_given_number_stays() -> None:
    clock = Clock()
    climb = Climb(3, clock=clock, computed=idle)
    Line(climb, clock, each=80 * MIB, total=1e12).sends(4, 16 * MIB)
    assert climb.places == 3
    Line(climb, clock, each=MIB, total=1e12).rounds(5)
    assert climb.places == 3
