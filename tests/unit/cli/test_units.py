import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.cli.units import read_size, shown_duration, shown_seconds, shown_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("500", 500),
        ("10k", 10 * 1024),
        ("10M", 10 * 1024**2),
        ("10m", 10 * 1024**2),
        ("10MiB", 10 * 1024**2),
        ("10 MiB", 10 * 1024**2),
        ("10MB", 10_000_000),
        ("1.5G", 3 * 1024**3 // 2),
        ("2T", 2 * 1024**4),
        ("7b", 7),
        ("10M/s", 10 * 1024**2),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "M", "-1", "ten", "10X", "1e6", "0x10", "10 M B", "1.5.2", "٣", "9P"])
def test_what_is_no_size_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        read_size(text)


@given(st.integers(0, 2**53 - 1))
def test_a_plain_number_is_that_many_bytes(size: int) -> None:
    assert read_size(str(size)) == size


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1024**2 - 1, "1.0 MiB"), (3 * 1024**4, "3.0 TiB")],
)
def test_sizes_are_shown_short(size: int, shown: str) -> None:
    assert shown_size(size) == shown


@given(st.integers(0, 2**53 - 1))
def test_a_shown_size_never_moves_the_columns_beside_it(size: int) -> None:
    assert len(shown_size(size)) <= 10


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (59.6, "1:00"), (3_600, "1:00:00"), (200_000, "2 d 07:33")],
)
def test_times_are_shown_short(seconds: float, shown: str) -> None:
    assert shown_seconds(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.04, "0.0 s"), (0.26, "0.3 s"), (59.94, "59.9 s"), (59.96, "1:00"), (101, "1:41")],
)
def test_what_something_took_is_shown_to_the_tenth(seconds: float, shown: str) -> None:
    assert shown_duration(seconds) == shown
