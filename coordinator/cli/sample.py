"""Data for a test: as much as wanted, the same every time, nowhere kept, and nothing that a store could press together."""

import random
from collections.abc import Iterator
from typing import Final

__all__ = ["PIECE", "first_difference", "sample"]

PIECE: Final = 1024 * 1024
_NUMBER: Final = 8


def sample(size: int) -> Iterator[bytes]:
    """`size` bytes in pieces of PIECE, each the same noise behind its own number."""
    noise = random.Random(0).randbytes(PIECE - _NUMBER)  # noqa: S311 - it must be the same every time
    for number in range(-(-size // PIECE)):
        piece = number.to_bytes(_NUMBER) + noise
        yield piece if (number + 1) * PIECE <= size else piece[: size - number * PIECE]


def first_difference(one: bytes, other: bytes) -> int | None:
    """Where they begin to differ; None when they are equal."""
    if one == other:
        return None
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
