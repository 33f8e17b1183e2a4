"""What waits at the same time goes as one request; what each of them hears is its own."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from coordinator.client import calls, together
from coordinator.client.calls import Calls, Reply
from coordinator.client.connections import Connections
from coordinator.client.errors import Conflict, Invalid, ServerUnreachable, Unauthorized
from coordinator.client.together import Together
from coordinator.protocol import CompleteItem
from tests.unit.client.scripted import request_of, scripted
from tests.unit.client.test_client_calls import problem, said

ROUTE = "/v1/uploads/complete"

Json = dict[str, Any]


class Named(msgspec.Struct):
    name: str


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "backoff", lambda *_: 0.0)
    monkeypatch.setattr(together, "backoff", lambda *_: 0.0)
    monkeypatch.setattr(together, "_UNDER_WAY", 2)


def good(item: Json) -> Json:
    return {"status": 200, "answer": {"name": f"together {item['id']}"}}


def bad(status: int, code: str, **members: Any) -> Json:
    return {"status": status, "problem": {"status": status, "code": code, "detail": "D."}, **members}


def each(answered: Callable[[Json], Json] = good) -> Callable[[list[Json]], bytes]:
    def answer(items: list[Json]) -> bytes:
        return said(200, json.dumps({"results": [answered(item) for item in items]}).encode())

    return answer


@dataclass
class Desk:
    """A coordinator: requests of many, each with the ids it held, and those that came alone."""

    together: Together
    answer: Callable[[list[Json]], bytes]
    many: list[list[str]] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Until it is set, nobody who goes alone is answered."""

    def ask(self, name: str) -> asyncio.Task[str]:
        async def alone() -> Reply:
            self.alone.append(name)
            await self.gate.wait()
            return Reply(200, f'{{"name":"alone {name}"}}'.encode(), None, replayed=False)

        async def asking() -> str:
            reply = await self.together.ask(CompleteItem(id=name), alone)
            return reply.read(Named).name

        return asyncio.create_task(asking())

    async def full(self) -> list[asyncio.Task[str]]:
        """As many under way as may be, so that all others wait."""
        first = [self.ask(f"first{number}") for number in range(2)]
        await settled()
        assert self.alone == ["first0", "first1"]
        return first

    async def waiting(self, *names: str) -> list[asyncio.Task[str]]:
        asked = [self.ask(name) for name in names]
        await settled()
        return asked

    async def gathered(self, *names: str) -> list[asyncio.Task[str]]:
        """Asked while nobody else may go, and let go on."""
        first = await self.full()
        asked = await self.waiting(*names)
        self.gate.set()
        await asyncio.gather(*first)
        return asked


async def settled() -> None:
    """Whatever can go on without an answer has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def desk(answer: Callable[[list[Json]], bytes] | None = None) -> AsyncIterator[Desk]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            line, _, body = await request_of(reader)
            assert line == f"POST {ROUTE} HTTP/1.1"
            items = json.loads(body)["uploads"]
            made.many.append([item["id"] for item in items])
            writer.write(made.answer(items))
            await writer.drain()

    async with scripted(talk) as url:
        connections = Connections()
        going = Together(Calls(f"{url.scheme}://{url.netloc}", connections, None), ROUTE, patience=30.0)
        made = Desk(going, answer or each())
        try:
            yield made
        finally:
            await going.aclose()
            await connections.aclose()


async def test_a_lone_one_goes_at_once_and_alone() -> None:
    async with desk() as at:
        at.gate.set()
        assert [await at.ask(name) for name in "abc"] == ["alone a", "alone b", "alone c"]
        assert at.many == []


async def test_what_comes_meanwhile_goes_together() -> None:
    async with desk() as at:
        first = await at.full()
        asked = await at.waiting(*"abcde")
        assert at.alone == ["first0", "first1"]
        at.gate.set()
        assert await asyncio.gather(*first, *asked) == [
            "alone first0",
            "alone first1",
            *(f"together {name}" for name in "abcde"),
        ]
        assert at.many == [list("abcde")]
        assert await at.ask("later") == "alone later"


async def test_one_request_holds_a_hundred_at_most() -> None:
    async with desk() as at:
        first = await at.full()
        asked = await at.waiting(*map(str, range(250)))
        at.gate.set()
        await asyncio.gather(*first, *asked)
        assert sorted(map(len, at.many)) == [50, 100, 100]
        assert sorted((name for names in at.many for name in names), key=int) == list(map(str, range(250)))


async def test_one_request_holds_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_MOST_BYTES", 100)
    async with desk() as at:
        first = await at.full()
        asked = await at.waiting("x" * 40, "y" * 40, "z" * 40, "w" * 200)
        at.gate.set()
        await asyncio.gather(*first, *asked)
        assert sorted(map(len, at.many)) == [1, 2]
        assert at.alone[2:] == ["w" * 200]


async def test_one_that_would_just_not_fit_goes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was waited for with requests that held nothing, one after the other, without end."""
    monkeypatch.setattr(together, "_MOST_BYTES", len(msgspec.json.encode(CompleteItem(id="x" * 40))))
    async with desk() as at:
        first = await at.full()
        asked = await at.waiting("x" * 40, "y" * 39)
        at.gate.set()
        await asyncio.gather(*first, *asked)
        assert (at.many, at.alone[2:]) == ([["y" * 39]], ["x" * 40])


async def test_what_one_is_refused_touches_no_other() -> None:
    def answered(item: Json) -> Json:
        return bad(422, "parts_missing") if item["id"] == "b" else good(item)

    async with desk(each(answered)) as at:
        asked = await at.gathered(*"abc")
        a, b, c = await asyncio.gather(*asked, return_exceptions=True)
        assert (a, c) == ("together a", "together c")
        assert isinstance(b, Invalid)
        assert (b.code, at.alone) == ("parts_missing", ["first0", "first1"])


@pytest.mark.parametrize(
    "waits", [bad(503, "storage_unavailable", retry_after=1), bad(409, "idempotency_in_progress")]
)
async def test_what_has_to_wait_is_asked_again_alone(waits: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float | None] = []

    def noted(_failures: int, _random: float, after: float | None) -> float:
        told.append(after)
        return 0.0

    monkeypatch.setattr(together, "backoff", noted)
    async with desk(each(lambda item: waits if item["id"] == "b" else good(item))) as at:
        asked = await at.gathered(*"ab")
        assert await asyncio.gather(*asked) == ["together a", "alone b"]
        assert told == [waits.get("retry_after")]


@pytest.mark.parametrize(
    "says",
    [
        problem(405, "method_not_allowed"),
        problem(404, "not_found"),
        said(404, b"<html>"),
        said(200, b'{"results": []}'),
        said(200, b"{}"),
    ],
)
async def test_a_coordinator_of_an_older_version_is_asked_one_by_one_from_then_on(says: bytes) -> None:
    async with desk(lambda _: says) as at:
        asked = await at.gathered(*"abc")
        assert await asyncio.gather(*asked) == ["alone a", "alone b", "alone c"]
        tries = len(at.many)
        at.gate.clear()
        more = await at.waiting(*"defgh")
        assert at.alone[5:] == list("defgh")
        at.gate.set()
        await asyncio.gather(*more)
        assert len(at.many) == tries


async def test_a_request_that_is_refused_as_a_whole_is_asked_one_by_one_this_once() -> None:
    says = [problem(413, "body_too_large"), each()([{"id": "c"}])]
    async with desk(lambda _: says.pop(0)) as at:
        asked = await at.gathered(*"ab")
        assert await asyncio.gather(*asked) == ["alone a", "alone b"]
        at.gate.clear()
        first = await at.waiting("d", "e")
        asked = await at.waiting("c")
        at.gate.set()
        await asyncio.gather(*first)
        assert await asyncio.gather(*asked) == ["together c"]


async def test_what_nobody_may_is_told_to_each() -> None:
    async with desk(lambda _: problem(401, "unauthenticated")) as at:
        asked = await at.gathered(*"ab")
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(one) for one in told] == [Unauthorized, Unauthorized]
        assert at.alone == ["first0", "first1"]


async def test_a_request_whose_answer_is_lost_is_sent_again_as_it_was() -> None:
    says = [b"", problem(503, "database_unavailable"), each()([{"id": "a"}, {"id": "b"}])]

    def answer(_: list[Json]) -> bytes:
        if not (said_now := says.pop(0)):
            raise ConnectionError
        return said_now

    async with desk(answer) as at:
        asked = await at.gathered(*"ab")
        assert await asyncio.gather(*asked) == ["together a", "together b"]
        assert at.many == [["a", "b"]] * 3


async def test_a_coordinator_that_is_gone_is_told_to_each() -> None:
    def answer(_: list[Json]) -> bytes:
        raise ConnectionError

    async with desk(answer) as at:
        asked = await at.gathered(*"ab")
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(one) for one in told] == [ServerUnreachable, ServerUnreachable]
        assert await at.ask("later") == "alone later"


async def test_calls_without_an_answer_hold_nobody_else_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_HELD_UP", 0.05)
    async with desk() as at:
        first = await at.full()
        [held_up] = await at.waiting("a")
        async with asyncio.timeout(30):
            while "a" not in at.alone:  # noqa: ASYNC110 - it is the gate's other side that is looked at
                await asyncio.sleep(0.01)
        assert not any(one.done() for one in first)
        at.gate.set()
        assert await asyncio.gather(*first, held_up) == ["alone first0", "alone first1", "alone a"]
        assert at.many == []


async def test_who_stops_waiting_is_not_asked_for_and_keeps_nobody_from_an_answer() -> None:
    async with desk() as at:
        first = await at.full()
        a, b, c = await at.waiting(*"abc")
        b.cancel()
        await settled()
        at.gate.set()
        await asyncio.gather(*first)
        assert [await a, await c] == ["together a", "together c"]
        assert (at.many, b.cancelled()) == ([["a", "c"]], True)


async def test_who_stops_while_it_is_under_way_keeps_nobody_from_an_answer() -> None:
    async with desk() as at:
        first = await at.full()
        a, b = await at.waiting(*"ab")
        plain = at.answer

        def answer(items: list[Json]) -> bytes:
            a.cancel()
            return plain(items)

        at.answer = answer
        at.gate.set()
        await asyncio.gather(*first)
        assert await b == "together b"
        await asyncio.wait({a})
        assert a.cancelled()
        assert at.many == [["a", "b"]]
        assert await at.ask("later") == "alone later"


async def test_who_stops_alone_makes_room() -> None:
    async with desk() as at:
        first = await at.full()
        asked = await at.waiting("a")
        first[0].cancel()
        assert await asyncio.gather(*asked) == ["together a"]


async def test_closing_ends_whoever_waits() -> None:
    async with desk() as at:
        await at.full()
        asked = await at.waiting(*"ab")
        await at.together.aclose()
        await asyncio.gather(*asked, return_exceptions=True)
        assert all(one.cancelled() for one in asked)


async def test_each_is_refused_for_its_own_reason() -> None:
    async with desk(each(lambda item: bad(409, f"reason_{item['id']}"))) as at:
        asked = await at.gathered(*"ab")
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [(type(one), one.code) for one in told if isinstance(one, Conflict)] == [
            (Conflict, "reason_a"),
            (Conflict, "reason_b"),
        ]


def test_what_a_loop_has_left_half_done_holds_nobody_of_the_next_one_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    at = Together(Calls("http://127.0.0.1:1", Connections(), None), ROUTE, patience=60.0)
    left: list[asyncio.Task[Reply]] = []

    async def never() -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    async def answered() -> Reply:
        return Reply(200, b"{}", None, replayed=False)

    async def leave() -> None:
        left.extend(asyncio.create_task(at.ask(CompleteItem(id="x"), never)) for _ in range(5))
        await settled()

    async def ask() -> int:
        async with asyncio.timeout(5):
            reply = await at.ask(CompleteItem(id="x"), answered)
        await at.aclose()
        return reply.status

    for _ in range(3):
        asyncio.run(leave())
    assert asyncio.run(ask()) == 200
    left.clear()
    gc.collect()
    assert not [one for one in caplog.messages if "Together._send" in one]
