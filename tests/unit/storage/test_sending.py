"""What a store may do while a part is on its way to it."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.storage.options import S3Options
from coordinator.storage.s3 import S3Store, open_s3_store
from coordinator.uploads.model import MultipartUploadId
from coordinator.uploads.store import (
    StoreError,
    StoreMisconfigured,
    StoreOutcomeUnknown,
    StoreRefused,
    StoreUploadGone,
)
from tests.unit.storage.canned import answer, error

PIECE = b"x" * 65_536
PIECES = 160
SIZE = PIECES * len(PIECE)
UPLOAD = MultipartUploadId("the-upload")

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Body:
    """Counts what is taken of it."""

    def __init__(self, pieces: int = PIECES, *, then: BaseException | None = None) -> None:
        self.taken = 0
        self._pieces = pieces
        self._then = then

    def __aiter__(self) -> "Body":
        return self

    async def __anext__(self) -> bytes:
        if self.taken == self._pieces:
            if self._then is not None:
                raise self._then
            raise StopAsyncIteration
        self.taken += 1
        await asyncio.sleep(0)
        return PIECE


class GivenUp(Exception): ...


@asynccontextmanager
async def store_that(behaves: Behaviour, *, patience: float = 30) -> AsyncIterator[tuple[S3Store, list[str]]]:
    heads: list[str] = []

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        try:
            await behaves(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            heads.append("gone")
        writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    options = S3Options(
        endpoint_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}",
        region="us-east-1",
        bucket="uploads",
        credentials=StaticCredentials(Credentials("the-key-id", "the-secret")),
        part_patience=patience,
    )
    async with open_s3_store(options) as store:
        yield store, heads
    server.close()
    await server.wait_closed()


async def sent(store: S3Store, body: Body, **digests: str) -> str:
    return await store.upload_part("the/key", UPLOAD, 3, body, size=SIZE, **digests)


async def takes_it(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(SIZE)
    writer.write(answer(200, "", 'ETag: "the-etag"'))
    await writer.drain()


async def test_one_request_with_its_length_and_digests_and_nothing_that_was_not_asked_for() -> None:
    async with store_that(takes_it) as (store, heads):
        assert await sent(store, Body(), md5="1B2M2Y8AsgTpgAmY7PhCfg==") == "the-etag"
    [head] = heads
    lines = head.split("\r\n")
    assert lines[0].startswith("put /uploads/the/key?partnumber=3&uploadid=the-upload&x-amz-algorithm=")
    assert "signedheaders=content-length%3bcontent-md5%3bhost" in lines[0]
    names = {line.partition(":")[0] for line in lines[1:] if line}
    assert names == {"host", "content-length", "content-md5", "connection"}
    assert f"content-length: {SIZE}" in lines


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (error(404, "NoSuchUpload"), StoreUploadGone),
        (error(403, "AccessDenied"), StoreMisconfigured),
        (error(400, "BadDigest"), StoreRefused),
        (error(501, "NotImplemented"), StoreRefused),
        (error(503, "SlowDown"), StoreOutcomeUnknown),
        (error(400, "RequestTimeout"), StoreOutcomeUnknown),
        (answer(404, "<html>" + "x" * 200_000), StoreOutcomeUnknown),
        (answer(200, ""), StoreOutcomeUnknown),
        (answer(204, "", 'ETag: "e"'), StoreOutcomeUnknown),
        (b"HTTP/1.1 200 OK\r\nContent-", StoreOutcomeUnknown),
        (b"", StoreOutcomeUnknown),
    ],
)
async def test_what_the_store_says_in_the_end(said: bytes, kind: type[StoreError]) -> None:
    async def says(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(SIZE)
        writer.write(said)
        await writer.drain()

    async with store_that(says) as (store, heads):
        with pytest.raises(kind) as refused:
            await sent(store, Body())
    assert type(refused.value) is kind
    assert refused.value.operation == "upload_part"
    assert "http" not in str(refused.value)
    assert len(heads) == 1, "it was sent once"


async def test_a_redirect_is_not_followed() -> None:
    async def points_elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(SIZE)
        writer.write(answer(307, "", "Location: http://127.0.0.1:1/elsewhere"))
        await writer.drain()

    async with store_that(points_elsewhere) as (store, _):
        with pytest.raises(StoreOutcomeUnknown, match="307"):
            await sent(store, Body())


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(SIZE // 2)
    plug: socket.socket = writer.get_extra_info("socket")
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hangs_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(SIZE // 2)


async def takes_too_early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(SIZE // 2)
    writer.write(answer(200, "", 'ETag: "too-early"'))
    await writer.drain()
    await reader.readexactly(SIZE // 2)


async def stops_taking(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def never_answers(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(SIZE)
    await reader.read()


@pytest.mark.parametrize("behaves", [resets, hangs_up, takes_too_early], ids=lambda given: given.__name__)
async def test_a_store_that_breaks_off_leaves_the_outcome_unknown(behaves: Behaviour) -> None:
    body = Body()
    async with store_that(behaves) as (store, heads):
        with pytest.raises(StoreOutcomeUnknown):
            await sent(store, body)
        taken = body.taken
        await asyncio.sleep(0)
    assert body.taken == taken, "nothing is taken of the body after the end of the call"
    assert len([head for head in heads if head != "gone"]) == 1


@pytest.mark.parametrize("behaves", [stops_taking, never_answers], ids=lambda given: given.__name__)
async def test_a_store_that_stalls_is_given_up(behaves: Behaviour) -> None:
    async with store_that(behaves, patience=0.3) as (store, _):
        with pytest.raises(StoreOutcomeUnknown, match="TimeoutError"):
            await sent(store, Body())


async def test_waiting_for_the_body_is_no_stall_of_the_store() -> None:
    class Slow(Body):
        async def __anext__(self) -> bytes:
            if self.taken == PIECES // 2:
                await asyncio.sleep(1.5)
            return await super().__anext__()

    async with store_that(takes_it, patience=1) as (store, _):
        assert await sent(store, Slow()) == "the-etag"


async def test_what_the_body_raises_comes_out_and_the_store_is_cut_off() -> None:
    cut = asyncio.Event()

    async def hears_the_end(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        with pytest.raises(asyncio.IncompleteReadError):
            await reader.readexactly(SIZE)
        cut.set()

    async with store_that(hears_the_end) as (store, _):
        with pytest.raises(GivenUp):
            await sent(store, Body(PIECES // 2, then=GivenUp()))
        await asyncio.wait_for(cut.wait(), 30)


async def test_a_body_that_ends_early_is_not_a_part() -> None:
    async with store_that(takes_it) as (store, _):
        with pytest.raises(StoreOutcomeUnknown, match="ShortBody"):
            await sent(store, Body(PIECES - 1))


async def test_a_caller_that_gives_up_cuts_the_store_off() -> None:
    cut = asyncio.Event()

    async def hears_the_end(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(SIZE // 2)
        giving_up.cancel()
        with pytest.raises(asyncio.IncompleteReadError):
            await reader.readexactly(SIZE)
        cut.set()

    class Endless(Body):
        async def __anext__(self) -> bytes:
            if self.taken > PIECES // 2:
                await asyncio.Event().wait()
            return await super().__anext__()

    async with store_that(hears_the_end) as (store, _):
        giving_up = asyncio.create_task(sent(store, Endless()))
        with pytest.raises(asyncio.CancelledError):
            await giving_up
        await asyncio.wait_for(cut.wait(), 30)
