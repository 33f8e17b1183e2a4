"""Who shares a look, and who must have a later one."""

import asyncio

import pytest

from coordinator.access.lookups import Lookups


class Ledger:
    """Answers with how many looks had begun before; each is held until it is let go."""

    def __init__(self) -> None:
        self.looks: list[asyncio.Event] = []
        self.broken = False
        self.again = asyncio.Event()
        """A second look has begun."""

    async def find(self, _name: str) -> int:
        number = len(self.looks)
        held = asyncio.Event()
        self.looks.append(held)
        if number:
            self.again.set()
        await held.wait()
        if self.broken:
            raise ConnectionError
        return number


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_those_who_come_during_a_look_share_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coordinator.access.lookups._PATIENCE", 60)
    ledger = Ledger()
    lookups = Lookups(ledger.find)
    first = [asyncio.create_task(lookups.of("key")) for _ in range(3)]
    await settled()
    later = [asyncio.create_task(lookups.of("key")) for _ in range(3)]
    other = asyncio.create_task(lookups.of("other"))
    await settled()
    assert len(ledger.looks) == 2, "the one of each name"
    for held in ledger.looks:
        held.set()
    assert await asyncio.gather(*first) == [0, 0, 0]
    assert await other == 1
    await settled()
    ledger.looks[2].set()
    assert await asyncio.gather(*later) == [2, 2, 2]
    assert len(ledger.looks) == 3


async def test_a_look_that_never_ends_holds_up_nobody_for_long() -> None:
    ledger = Ledger()
    lookups = Lookups(ledger.find)
    stuck = asyncio.create_task(lookups.of("key"))
    await settled()
    later = asyncio.create_task(lookups.of("key"))
    async with asyncio.timeout(30):
        await ledger.again.wait()
        ledger.looks[1].set()
        assert await later == 1
    ledger.looks[0].set()
    assert await stuck == 0


async def test_whoever_stops_waiting_leaves_the_others_theirs() -> None:
    ledger = Ledger()
    lookups = Lookups(ledger.find)
    leaving, staying = (asyncio.create_task(lookups.of("key")) for _ in range(2))
    await settled()
    leaving.cancel()
    await settled()
    ledger.looks[0].set()
    assert await staying == 0


async def test_an_error_is_told_to_all_who_share_it_and_to_nobody_after() -> None:
    ledger = Ledger()
    lookups = Lookups(ledger.find)
    ledger.broken = True
    asked = [asyncio.create_task(lookups.of("key")) for _ in range(2)]
    await settled()
    ledger.looks[0].set()
    for one in asked:
        with pytest.raises(ConnectionError):
            await one
    ledger.broken = False
    again = asyncio.create_task(lookups.of("key"))
    await settled()
    ledger.looks[1].set()
    assert await again == 1
