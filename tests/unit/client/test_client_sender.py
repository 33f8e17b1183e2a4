"""Several parts on their way, and a store that takes fewer connections than are opened."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from coordinator.client import part
from coordinator.client.api import Coordinator
from coordinator.client.climb import Climb
from coordinator.client.connection import Answer, Request
from coordinator.client.connections import Connections
from coordinator.client.files import MemoryContent
from coordinator.client.places import Places
from coordinator.client.progress import Meter
from coordinator.client.retry import TransferFailed
from coordinator.client.sender import Checks, Sender, Way
from coordinator.client.supply import ContentSupply
from coordinator.protocol import PartToSign, SignedPartAnswer
from coordinator.uploads.plan import MIB, plan_parts

PART = 8 * MIB


class Signing:
    """A coordinator that signs, and counts what comes through itself."""

    def __init__(self) -> None:
        self.relayed = asyncio.Event()

    def now(self) -> float:
        return 0.0

    async def sign(self, _: str, parts: Sequence[PartToSign]) -> list[SignedPartAnswer]:
        told: dict[str, Any] = {"offset": 0, "size": PART, "method": "PUT", "headers": {}}
        told["expires_at"] = datetime(2999, 1, 1, tzinfo=UTC)
        return [
            SignedPartAnswer(part_number=number, url=f"https://store.example/{number}", **told)
            for number in (one.part_number for one in parts)
        ]

    async def relay(self, *_: object, **__: object) -> str:
        self.relayed.set()
        return "etag"


class Narrow:
    """A store that takes the first part's bytes, `flowing` of them at first, and refuses the others meanwhile."""

    def __init__(self, most_refused: int, flowing: int) -> None:
        self.refused = 0
        self._most = most_refused
        self._flowing = flowing
        self._flows, self._over = asyncio.Event(), asyncio.Event()

    async def send(self, request: Request) -> Answer:
        assert request.on_sent is not None
        if request.url.path == "/1":
            request.on_sent(self._flowing)
            self._flows.set()
            await self._over.wait()
        else:
            await self._flows.wait()
            if self.refused < self._most:
                self.refused += 1
                raise TransferFailed(0, reason="refused")
        request.on_sent(PART)
        self._over.set()
        return Answer(200, {"etag": "etag"})


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part, "backoff", lambda *_: 0.0)


async def sent(store: Narrow, coordinator: Signing, places: Places) -> None:
    """Two parts, until both have arrived or one was relayed."""
    content = MemoryContent(bytes(2 * PART), "film.mov")
    plan = plan_parts(content.size, part_size=PART)

    async def is_there() -> None: ...

    sender = Sender(
        Way(cast("Coordinator", coordinator), cast("Connections", store), places, None),
        "an upload",
        supply=ContentSupply(content, plan, [1, 2], None),
        meter=Meter(plan.size, plan.part_count),
        reporter=None,
        checks=Checks(content.check, is_there),
    )
    both = asyncio.create_task(sender.send())
    relayed = asyncio.create_task(coordinator.relayed.wait())
    try:
        await asyncio.wait({both, relayed}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        assert both.done() or relayed.done()
    finally:
        for one in (both, relayed):
            one.cancel()
        await asyncio.gather(both, relayed, return_exceptions=True)
    assert not sender.reach.passing, "it holds no part that is not under way"


@pytest.mark.parametrize(
    ("flowing", "refused"),
    [pytest.param(0, 2, id="where nothing gets through"), pytest.param(2 * MIB, 7, id="while others do")],
)
async def test_a_store_that_takes_no_more_connections_is_not_taken_for_a_blocked_one(
    flowing: int, refused: int
) -> None:
    coordinator, store = Signing(), Narrow(100, flowing)
    await sent(store, coordinator, Places(Climb(2)))
    assert coordinator.relayed.is_set()
    assert store.refused == refused


async def test_its_refusals_take_places_away() -> None:
    coordinator, places = Signing(), Places(Climb(2))
    await sent(Narrow(5, 2 * MIB), coordinator, places)
    assert not coordinator.relayed.is_set()
    assert places.count == 1
