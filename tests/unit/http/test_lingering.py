import asyncio

import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from coordinator.http.lingering import Lingering

MORE: Message = {"type": "http.request", "body": b"x" * 70_000, "more_body": True}
LAST: Message = {"type": "http.request", "body": b"x", "more_body": False}
GONE: Message = {"type": "http.disconnect"}


async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(b"no", 401)(scope, receive, send)


async def reading(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await Response(b"yes")(scope, receive, send)


class Sender:
    """Sends its messages, then nothing; notes what it heard, and when."""

    def __init__(self, *messages: Message, **headers: str) -> None:
        self.waiting = list(messages)
        self.heard: list[Message] = []
        self.left_when_answered = -1
        self.asked = False
        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        self.scope: Scope = {"type": "http", "method": "PUT", "path": "/", "headers": named}

    async def receive(self) -> Message:
        self.asked = True
        if not self.waiting:
            await asyncio.Event().wait()
        return self.waiting.pop(0)

    async def send(self, message: Message) -> None:
        self.heard.append(message)
        if message.get("body"):
            self.left_when_answered = len(self.waiting)

    @property
    def closed(self) -> bool:
        return (b"connection", b"close") in self.heard[0]["headers"]

    @property
    def ended(self) -> bool:
        return not self.heard[-1].get("more_body", False)


@pytest.mark.parametrize("end", [LAST, GONE], ids=["to the end", "until it goes"])
async def test_the_answer_goes_out_before_the_rest_is_thrown_away(end: Message) -> None:
    sender = Sender(MORE, MORE, end, content_length="200000")
    await Lingering(refusing)(sender.scope, sender.receive, sender.send)
    assert sender.left_when_answered == 3
    assert sender.waiting == []
    assert sender.closed
    assert sender.ended


@pytest.mark.parametrize(("at_most", "idle"), [(0.01, 60), (60, 0.01)])
async def test_a_sender_that_does_not_end_is_left(at_most: float, idle: float) -> None:
    sender = Sender(MORE, transfer_encoding="chunked")
    await asyncio.wait_for(
        Lingering(refusing, at_most=at_most, idle=idle)(sender.scope, sender.receive, sender.send), 30
    )
    assert sender.closed
    assert sender.ended


async def test_who_waits_for_100_continue_is_not_waited_for() -> None:
    sender = Sender(content_length="1", expect="100-continue")
    await Lingering(refusing)(sender.scope, sender.receive, sender.send)
    assert not sender.asked, "the server would say `100 Continue` now"
    assert sender.closed
    assert sender.ended


async def test_a_body_that_was_read_leaves_the_connection_alone() -> None:
    sender = Sender(MORE, LAST, content_length="70001")
    await Lingering(reading)(sender.scope, sender.receive, sender.send)
    assert not sender.closed
    assert sender.ended


@pytest.mark.parametrize("headers", [{}, {"content_length": "0"}, {"content_length": "65536"}], ids=str)
async def test_small_bodies_are_the_servers_business(headers: dict[str, str]) -> None:
    sender = Sender(LAST, **headers)
    await Lingering(refusing)(sender.scope, sender.receive, sender.send)
    assert not sender.closed
    assert sender.waiting == [LAST]
