"""Clients that upload one file after the other at three servers, insist on definite answers, and remember what they were told."""

import asyncio
import random
import secrets
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

import httpx2

from tests.e2e.device import Json
from tests.kills.audit import End
from tests.kills.orders import JUST_TELL
from tests.kills.stage import Stage

__all__ = ["Crowd", "Told"]

ABORTED: Final[End] = ("aborted", "client")
COMPLETED: Final[End] = ("completed", None)

_SIZES: Final = (0, 1, 1_000, 60_000, 5 * 1024 * 1024 + 1_000)
_ABORTING: Final = 0.15


@dataclass(frozen=True, slots=True)
class Told:
    """An upload that has ended, as its client knows it."""

    stage: Stage
    end: End
    filename: str
    content: bytes


@dataclass
class Crowd:
    until: float
    """By `time.monotonic`; who has begun an upload then brings it to its end."""
    took: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds from a client's wish to its definite answer."""
    asked_again: Counter[str] = field(default_factory=Counter)
    told: list[Told] = field(default_factory=list)

    async def client(self, stage: Stage, seed: str) -> None:
        rng = random.Random(seed)
        while monotonic() < self.until:
            stage.set(secrets.token_bytes(rng.choice(_SIZES)), JUST_TELL)
            end = await self._upload(stage, aborts=rng.random() < _ABORTING)
            self.told.append(Told(stage, end, stage.filename, stage.content))

    async def _upload(self, stage: Stage, *, aborts: bool) -> End:
        api = stage.client.api
        started = await self._ask("start", stage, lambda: stage.ask_start(sign=100))
        upload: Json = started.json()["upload"]
        if aborts:
            answer = await self._ask("abort", stage, lambda: stage.client.abort(upload))
            return _told(answer)
        claims = [await stage.client.send(part, stage.content) for part in started.json()["parts"]]
        parts = f"/v1/uploads/{upload['id']}/parts"
        await self._ask("report", stage, lambda: api.put(parts, json={"parts": claims}))
        return _told(await self._ask("complete", stage, lambda: stage.client.complete(upload)))

    async def _ask(
        self, what: str, stage: Stage, ask: Callable[[], Awaitable[httpx2.Response]]
    ) -> httpx2.Response:
        times = 0

        async def counted() -> httpx2.Response:
            nonlocal times
            times += 1
            return await ask()

        began = monotonic()
        answer = await stage.insist(counted)
        self.took[what].append(monotonic() - began)
        self.asked_again[what] += times - 1
        assert answer.status_code in {200, 201}, f"{what}: {answer.text}"
        return answer


def _told(answer: httpx2.Response) -> End:
    body = answer.json()
    return body["state"], body["reason"]


async def killing(stages: list[Stage], every: float, until: float) -> int:
    """One server after the other, each `every` seconds; how many."""
    deaths = 0
    while every and monotonic() + every < until:
        await asyncio.sleep(every)
        stages[deaths % len(stages)].lives.life.kill()
        deaths += 1
    return deaths
