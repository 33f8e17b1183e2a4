import asyncio
import hashlib
from base64 import b64encode

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from coordinator.errors import DigestMismatch, MalformedRequest, TooSlow
from coordinator.relay.body import PartBody
from coordinator.relay.pace import Pace
from coordinator.uploads.requests import WantedPart


def piece(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


GONE: Message = {"type": "http.disconnect"}


class Arriving:
    """A sender whose every message takes `seconds` to come; after the last one it says nothing."""

    def __init__(self, *messages: Message, seconds: float = 0.0) -> None:
        self.waiting = list(messages)
        self.seconds = seconds
        self.now = 0.0
        self.counted = 0

    async def receive(self) -> Message:
        if not self.waiting:
            await asyncio.Event().wait()
        self.now += self.seconds
        return self.waiting.pop(0)

    def count(self, received: int) -> None:
        self.counted += received

    def body(
        self, size: int, *, patience: float = 60, md5: str | None = None, sha256: str | None = None
    ) -> PartBody:
        return PartBody(
            self.receive,
            WantedPart(1, size, md5, sha256),
            size,
            pace=Pace(min_rate=1000, patience=patience),
            count=self.count,
            monotonic=lambda: self.now,
        )


async def all_of(body: PartBody) -> bytes:
    return b"".join([received async for received in body])


def md5(content: bytes) -> str:
    return b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def sha256(content: bytes) -> str:
    return b64encode(hashlib.sha256(content).digest()).decode()


async def test_the_pieces_pass_as_they_come_and_are_counted() -> None:
    sender = Arriving(piece(b"abc"), piece(b""), piece(b"de", more=False))
    body = sender.body(5, md5=md5(b"abcde"), sha256=sha256(b"abcde"))
    assert [received async for received in body] == [b"abc", b"de"]
    assert await anext(body, None) is None
    assert sender.counted == 5


async def test_nothing_is_asked_for_of_an_empty_part() -> None:
    assert await all_of(Arriving().body(0, md5=md5(b""))) == b""
    with pytest.raises(DigestMismatch):
        Arriving().body(0, md5=md5(b"x"))


@pytest.mark.parametrize("wrong", [(md5(b"other"), None), (None, sha256(b"other"))], ids=["md5", "sha256"])
async def test_the_last_piece_is_held_back_when_a_digest_is_anothers(
    wrong: tuple[str | None, str | None],
) -> None:
    body = Arriving(piece(b"abc"), piece(b"de", more=False)).body(5, md5=wrong[0], sha256=wrong[1])
    assert await anext(body) == b"abc"
    with pytest.raises(DigestMismatch):
        await anext(body)


@pytest.mark.parametrize(
    "messages", [(piece(b"abc", more=False),), (piece(b"abc"), piece(b"def", more=False))]
)
async def test_another_length_than_announced_is_refused(messages: tuple[Message, ...]) -> None:
    with pytest.raises(MalformedRequest):
        await all_of(Arriving(*messages).body(5))


async def test_a_sender_that_goes_is_no_end_of_the_body() -> None:
    with pytest.raises(ClientDisconnect):
        await all_of(Arriving(piece(b"abc"), GONE).body(5))


async def test_a_sender_that_says_nothing_is_given_up() -> None:
    with pytest.raises(TooSlow):
        await all_of(Arriving(piece(b"abc")).body(5, patience=0.01))


async def test_a_sender_that_trickles_is_given_up_though_it_never_pauses_for_long() -> None:
    sender = Arriving(*[piece(b"1")] * 100, seconds=10)
    with pytest.raises(TooSlow):
        await all_of(sender.body(100, patience=60))
    assert sender.now == 70, "it was let wait once more for what was left of its time"


async def test_time_between_the_pieces_is_not_the_senders() -> None:
    sender = Arriving(*[piece(b"1")] * 10)
    body = sender.body(10, patience=60)
    async for _ in body:
        sender.now += 1000
    assert sender.counted == 10
