"""Waiting for what other processes do: a condition and a deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 90.0


async def eventually(
    read: Callable[[], Awaitable[T]], wanted: Callable[[T], bool], *, patience: float = PATIENCE
) -> T:
    """The first reading that is as wanted; fails with the last one that was not."""
    deadline = asyncio.get_running_loop().time() + patience
    while not wanted(value := await read()):
        assert asyncio.get_running_loop().time() < deadline, f"still {value!r} after {patience:g} s"
        await asyncio.sleep(0.05)
    return value
