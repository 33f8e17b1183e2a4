"""What happens between browser and store: a pass-through on loopback that counts part PUTs and, on command, disturbs them.

It leaves requests and answers as they are, Host included, so that URLs signed for its own address verify at the store.
Only `Connection` is set to `close`: one request a connection. What a PUT's `status` says is the store's own answer, or
the refusal it was ordered to give.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from tests.browser.brief import end_of, passes
from tests.browser.exchange import Put, Request, read_request

PATIENCE = 90.0
PIECE = 64 * 1024
SMALL_WINDOW = 64 * 1024
EXPOSED = re.compile(rb"Access-Control-Expose-Headers:", re.IGNORECASE)

# as SeaweedFS words it, with the CORS headers it sends
REFUSAL = (
    "HTTP/1.1 {status} Refused\r\n"
    "Access-Control-Allow-Origin: {origin}\r\n"
    "Access-Control-Expose-Headers: ETag\r\n"
    "Vary: Origin\r\n"
    "Content-Type: application/xml\r\n"
    "Content-Length: {length}\r\n"
    "Connection: close\r\n\r\n"
)
REFUSAL_BODY = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


class Observer:
    """`puts` are all PUTs that arrived here, in order. The orders (`hold` and so on) count for parts by their number."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.store: str | None = None
        self.puts: list[Put] = []
        self._held_after: int | None = None
        self._held_beyond = 0
        self._refused: set[int] = set()
        self._spoiled: set[int] = set()
        self._cut: set[int] = set()
        self._damaged: set[int] = set()
        self._kept: set[int] = set()
        self._failing: int | None = None
        self._blocked = False
        self._hides_etags = False
        self._changed = asyncio.Event()
        self._visits: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def under_way(self) -> list[Put]:
        return [put for put in self.puts if put.ended is None]

    def finished(self) -> set[int]:
        """Numbers of the parts that the store has acknowledged."""
        return {put.part_number for put in self.puts if put.status == 200}

    def forget(self) -> None:
        self.puts = []

    def hold(self, *, after: int = 0, beyond: int = 0) -> None:
        """Parts with numbers beyond `beyond` are taken up to `after` bytes and no further."""
        self._held_after, self._held_beyond = after, beyond
        self._change()

    def release(self) -> None:
        self._held_after = None
        self._blocked = self._hides_etags = False
        self._failing = None
        self._change()

    def refuse(self, part_number: int) -> None:
        """The part's next PUT is answered 403; the store does not hear of it."""
        self._refused.add(part_number)

    def spoil(self, part_number: int) -> None:
        """The signature of the part's next PUT is damaged, so that the store itself refuses it."""
        self._spoiled.add(part_number)

    def cut(self, part_number: int) -> None:
        """The connection of the part's next PUT is closed in the middle."""
        self._cut.add(part_number)

    def damage(self, part_number: int) -> None:
        """A bit of the part's next PUT is another when it reaches the store."""
        self._damaged.add(part_number)

    def keep_until_expired(self, part_number: int) -> None:
        """The store hears of the part's next PUT only when the URL has ended."""
        self._kept.add(part_number)

    def block(self) -> None:
        """Nothing passes, and nothing says so: connections are closed without an answer."""
        self._blocked = True

    def drop(self) -> None:
        """What is under way ends in the middle."""
        for visit in self._visits:
            visit.cancel()

    def fail_each(self, nth: int) -> None:
        """Every `nth` PUT fails: by turns it is cut in the middle, and answered 500, 403 and 503."""
        self._failing = nth

    def hide_etags(self) -> None:
        """Answers let pages see no header that the store would have them see."""
        self._hides_etags = True

    async def until(self, condition: Callable[[], bool], *, patience: float = PATIENCE) -> None:
        async with asyncio.timeout(patience):
            while not condition():
                await self._changed.wait()

    def _change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._visited, "127.0.0.1", self.port, limit=PIECE)
        for listening in server.sockets:
            # the less the kernel takes ahead of us, the closer what the page shows is to what we counted
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW)
        try:
            yield
        finally:
            server.close()
            for visit in self._visits:
                visit.cancel()
            await asyncio.gather(*self._visits, return_exceptions=True)

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.current_task()
        assert visit is not None
        self._visits.add(visit)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                if self._blocked:
                    return
                await self._pass(await read_request(reader), reader, writer)
        finally:
            self._visits.discard(visit)
            writer.close()

    async def _pass(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        put = request.put(asyncio.get_running_loop().time())
        if put is None:
            await self._exchange(request, None, reader, writer)
            return
        self.puts.append(put)
        self._change()
        try:
            if _ordered(self._kept, put):
                await passes(end_of(request.target))
            status = 403 if _ordered(self._refused, put) else self._failure(put)
            if status is not None:
                await self._refusal(request, put, status, reader, writer)
            else:
                spoiled = _ordered(self._spoiled, put)
                await self._exchange(request.spoiled() if spoiled else request, put, reader, writer)
        finally:
            put.ended = asyncio.get_running_loop().time()
            self._change()

    def _failure(self, put: Put) -> int | None:
        turn, rest = divmod(len(self.puts), self._failing or len(self.puts) + 1)
        if rest:
            return None
        status = (503, None, 500, 403)[turn % 4]
        if status is None:
            self._cut.add(put.part_number)
        return status

    async def _refusal(
        self,
        request: Request,
        put: Put,
        status: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        await self._take(put, reader, None)
        head = REFUSAL.format(status=status, origin=request.headers["origin"], length=len(REFUSAL_BODY))
        put.status = status
        writer.write((head + REFUSAL_BODY).encode())
        await writer.drain()

    async def _exchange(
        self,
        request: Request,
        put: Put | None,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        at = urlsplit(self.store or "")
        store_reader, store_writer = await asyncio.open_connection(at.hostname, at.port)
        answer = asyncio.ensure_future(self._answer(put, store_reader, writer))
        try:
            store_writer.write(request.head())
            if put is not None:
                await self._take(put, reader, store_writer)
            await answer
        finally:
            answer.cancel()
            await asyncio.gather(answer, return_exceptions=True)
            store_writer.close()

    async def _take(self, put: Put, reader: asyncio.StreamReader, store: asyncio.StreamWriter | None) -> None:
        """The body, as far as it may go; a store that has turned away no longer gets it."""
        cut = put.size // 2 if _ordered(self._cut, put) else None
        damaged = _ordered(self._damaged, put)
        while put.taken < put.size:
            if put.taken >= self._allowed(put):
                await self._changed.wait()
                continue
            most = min(PIECE, self._allowed(put) - put.taken)
            piece = await reader.read(most)
            if not piece or (cut is not None and put.taken >= cut):
                raise ConnectionAbortedError
            if damaged and put.taken == 0:
                piece = bytes([piece[0] ^ 1]) + piece[1:]
            put.taken += len(piece)
            self._change()
            if store is not None and not store.is_closing():
                store.write(piece)
                with suppress(ConnectionError):
                    await store.drain()

    def _allowed(self, put: Put) -> int:
        held = self._held_after is not None and put.part_number > self._held_beyond
        return min(put.size, self._held_after or 0) if held else put.size

    async def _answer(
        self, put: Put | None, store: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        first = True
        while piece := await store.read(PIECE):
            if first and put is not None:
                put.status = int(piece.split(b" ", 2)[1])
                put.answer = piece
                self._change()
            if first and self._hides_etags:
                piece = EXPOSED.sub(b"X-Exposed-No-More:", piece, count=1)
            first = False
            writer.write(piece)
            await writer.drain()


def _ordered(orders: set[int], put: Put) -> bool:
    """Whether there is an order for this part; it counts once."""
    if put.part_number not in orders:
        return False
    orders.discard(put.part_number)
    return True
