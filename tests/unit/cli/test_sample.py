import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.cli.sample import PIECE, first_difference, sample


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5])
def test_it_is_as_long_as_wanted_and_the_same_every_time(size: int) -> None:
    once, again = b"".join(sample(size)), b"".join(sample(size))
    assert len(once) == size
    assert once == again


def test_no_piece_is_like_another_and_none_can_be_pressed() -> None:
    pieces = list(sample(4 * PIECE))
    assert len(set(pieces)) == 4
    assert len(zlib.compress(pieces[0])) > 0.99 * PIECE


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_the_first_difference_is_the_first(one: bytes, other: bytes) -> None:
    at = first_difference(one, other)
    assert (at is None) == (one == other)
    if at is not None:
        assert one[:at] == other[:at]
        assert one[at : at + 1] != other[at : at + 1]
