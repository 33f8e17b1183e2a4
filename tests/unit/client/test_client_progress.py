import msgspec
import pytest

from coordinator.client.progress import Meter, Progress


def read(meter: Meter) -> Progress:
    return meter.read("uploading", "f", "id")


def test_counts_bytes_in_flight_and_what_was_there_before() -> None:
    meter = Meter(100, 4)
    meter.stored(1, 25)
    meter.sent(2, 10)
    seen = read(meter)
    assert (seen.bytes_sent, seen.bytes_resumed, seen.percent, seen.parts_done) == (35, 25, 35.0, 1)
    meter.dropped(2)
    assert read(meter).bytes_sent == 25
    meter.sent(2, 25)
    meter.arrived(2, 25)
    seen = read(meter)
    assert (seen.bytes_sent, seen.part, seen.parts_done) == (50, 2, 2)


def test_says_a_hundred_only_when_completed() -> None:
    meter = Meter(10, 1)
    meter.arrived(1, 10)
    assert read(meter).percent == 99.9
    assert meter.read("completed", "f", "id").percent == 100.0


def test_speed_is_of_what_travelled_not_of_what_was_there() -> None:
    meter = Meter(1000_000, 10)
    meter.stored(1, 500_000)
    now = 0.0
    for sent in range(0, 100_001, 1000):
        meter.sent(2, sent)
        meter.tick(now)
        now += 0.1
    seen = read(meter)
    assert seen.bytes_per_second == pytest.approx(10_000, rel=0.05)
    assert seen.seconds_left == pytest.approx(40, rel=0.05)


def test_a_part_that_is_missing_after_all_counts_no_longer() -> None:
    meter = Meter(20, 2)
    meter.arrived(1, 10)
    meter.missing(1)
    assert (read(meter).bytes_sent, read(meter).parts_done) == (0, 0)


def test_an_unknown_length_has_no_percentage_and_the_line_is_json() -> None:
    meter = Meter(None, None)
    meter.arrived(1, 7)
    line = read(meter).json()
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=Progress) == read(meter)
    assert (read(meter).percent, read(meter).bytes_total, read(meter).bytes_sent) == (None, None, 7)
