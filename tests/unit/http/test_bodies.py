import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from coordinator.errors import MalformedRequest, RequestError
from coordinator.http.bodies import decode, read_json
from coordinator.protocol import StartBody


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    size: int = 0


def request(*messages: Message, last: Any = None) -> Request[Any]:
    waiting = list(messages)

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        assert last is not None
        message: Message = await last()
        return message

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}
    return Request(scope, receive)


async def _never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_sender_that_trickles_is_cut_off() -> None:
    slow = request({"type": "http.request", "body": b'{"si', "more_body": True}, last=_never)
    with pytest.raises(MalformedRequest, match="did not arrive"):
        await read_json(slow, Wanted, limit=100, within=0.01)


async def test_a_sender_that_leaves_is_no_error_of_ours() -> None:
    left = request({"type": "http.disconnect"})
    with pytest.raises(ClientDisconnect):
        await read_json(left, Wanted, limit=100, within=5)


async def test_no_body_is_an_empty_object() -> None:
    empty = request({"type": "http.request", "body": b""})
    assert (await read_json(empty, Wanted, limit=100, within=5)).size == 0


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        decode(raw, StartBody)
    except RequestError as refused:
        assert refused.status in {400, 422}  # noqa: PT017 - most bytes raise, and how they do is what counts


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from(["filename", "size", "metadata", "sign", "x"]), _json))
def test_any_object_is_read_or_refused_with_the_place(document: dict[str, object]) -> None:
    try:
        decode(msgspec.json.encode(document), StartBody)
    except RequestError as refused:
        assert [error.path[0] for error in refused.errors] == ["$"]  # noqa: PT017 - as above
