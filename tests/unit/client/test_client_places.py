import asyncio

import pytest

from coordinator.client.climb import Climb
from coordinator.client.places import Places, Release


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_free_place_goes_to_whoever_holds_the_fewest() -> None:
    places = Places(Climb(2))
    held = [await places.acquire("huge"), await places.acquire("huge")]
    order: list[str] = []

    async def wait(owner: str) -> Release:
        release = await places.acquire(owner)
        order.append(owner)
        return release

    waiting = [asyncio.create_task(wait("huge")), asyncio.create_task(wait("huge"))]
    await settled()
    waiting.append(asyncio.create_task(wait("small")))
    await settled()
    held[0]()
    await settled()
    assert order == ["small"]
    held[1]()
    await settled()
    assert order == ["small", "huge"]
    for one in waiting:
        one.cancel()


async def test_one_that_stops_waiting_loses_no_place_for_the_others() -> None:
    places = Places(Climb(1))
    first = await places.acquire("a")
    gone, next_ = (asyncio.create_task(places.acquire(owner)) for owner in "bc")
    await settled()
    first()  # granted to b, which is cancelled before it can look
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await asyncio.wait_for(next_, 30)


async def test_giving_back_twice_gives_back_once() -> None:
    places = Places(Climb(1))
    release = await places.acquire("a")
    release()
    release()
    await places.acquire("a")
    other = asyncio.create_task(places.acquire("b"))
    await settled()
    assert not other.done()
    other.cancel()


async def test_places_that_open_go_to_whoever_waits() -> None:
    places = Places(Climb(clock=lambda: 0.0, computed=lambda: 0.0))
    held = [asyncio.create_task(places.acquire("huge")) for _ in range(20)]
    await settled()
    assert sum(one.done() for one in held) == 8
    places.moved(64 * 1024 * 1024, 1024 * 1024)
    await settled()
    assert all(one.done() for one in held)


async def test_one_trouble_halves_once_until_so_many_fewer_are_under_way() -> None:
    places = Places(Climb(8))
    held = [await places.acquire("huge") for _ in range(8)]
    for _ in held:
        places.strained()
    assert places.count == 4
    for release in held[:4]:
        release()
    places.strained()
    assert places.count == 2
