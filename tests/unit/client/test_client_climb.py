from coordinator.client.climb import MOST_PLACES, Climb

MIB = 1024 * 1024


class Line:
    """A store on a virtual clock: so many bytes a second for each connection, and in all."""

    def __init__(self, climb: Climb, clock: "Clock", each: float, total: float) -> None:
        self.climb, self.clock, self.each, self.total = climb, clock, each, total

    def rounds(self, count: int, *, wanted_more: bool = True) -> None:
        for _ in range(count):
            places = self.climb.places
            rate = min(self.total, places * self.each)
            self.clock.now += places * MIB / rate
            for _ in range(places):
                self.climb.arrived(MIB, wanted_more=wanted_more)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_grows_to_the_most_where_each_connection_has_its_own_rate() -> None:
    clock = Clock()
    climb = Climb(clock=clock)
    Line(climb, clock, each=MIB, total=1e12).rounds(4)
    assert climb.places == MOST_PLACES


def test_returns_to_the_best_where_more_bring_nothing() -> None:
    clock = Clock()
    climb = Climb(clock=clock)
    first = climb.places
    Line(climb, clock, each=100 * MIB, total=100 * MIB).rounds(2)
    assert climb.places == first


def test_tries_again_after_a_while() -> None:
    clock = Clock()
    climb = Climb(clock=clock)
    first = climb.places
    Line(climb, clock, each=100 * MIB, total=100 * MIB).rounds(2)
    assert climb.places == first
    clock.now += 20
    Line(climb, clock, each=MIB, total=1e12).rounds(3)
    assert climb.places > first


def test_learns_nothing_from_rounds_that_were_not_full() -> None:
    clock = Clock()
    climb = Climb(clock=clock)
    first = climb.places
    Line(climb, clock, each=MIB, total=1e12).rounds(5, wanted_more=False)
    assert climb.places == first


def test_halves_in_trouble_and_rests() -> None:
    clock = Clock()
    climb = Climb(clock=clock)
    line = Line(climb, clock, each=MIB, total=1e12)
    line.rounds(4)
    climb.strained()
    assert climb.places == MOST_PLACES // 2
    for _ in range(20):
        climb.strained()
    assert climb.places >= 1
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
    climb = Climb(3, clock=clock)
    Line(climb, clock, each=MIB, total=1e12).rounds(5)
    assert climb.places == 3
