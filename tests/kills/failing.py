"""Inside the server that is to die: counts the points as they are reached, and kills the process at the one ordered.

The product is composed as always, but for `create_app(around=...)` and for the driver's two ways to commit. Of a commit
only what had an effect counts: a lost race and an empty claim are no points.
"""

import asyncio
import os
import select
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

import asyncpg

from coordinator.uploads.ledger import Started, UploadRepository
from coordinator.uploads.model import Upload
from coordinator.uploads.state import Event
from coordinator.uploads.store import ObjectStore, StoreError
from tests.kills.orders import Order
from tests.kills.points import STORE_CALLS, WRITES, move_name, survives

__all__ = ["Failpoints"]

_committing: Final[ContextVar[str | None]] = ContextVar("committing", default=None)
"""The commit that the code within is about; None: it reads, or it is not about an upload."""

_NOTHING_DONE: Final = (b"SELECT 0\0", b"UPDATE 0\0", b"INSERT 0 0\0")
"""How Postgres ends the answer to a statement that changed nothing."""


@dataclass
class Failpoints:
    order: Callable[[], Order | None]
    """While there is none, points do not count."""
    say: Callable[[str], None]
    """Hears of every point that counts, before anybody dies of it."""
    _serial: int = 0
    _reached: int = 0

    def around(self, ledger: UploadRepository, store: ObjectStore) -> tuple[UploadRepository, ObjectStore]:
        asyncpg.Connection.fetch = self._committed_by(asyncpg.Connection.fetch, _is_its_own_transaction)
        asyncpg.Connection.execute = self._committed_by(asyncpg.Connection.execute, _is_commit)
        calls = {name: partial(self._call, name) for name in STORE_CALLS}
        writes: dict[str, Any] = {name: partial(self._write, f"ledger.{name}") for name in WRITES}
        writes |= {"move": self._move, "start": self._start}
        return (
            cast(UploadRepository, _Watched(ledger, writes)),
            cast(ObjectStore, _Watched(store, calls)),
        )

    def hit(self, point: str) -> None:
        order = self.order()
        if order is None:
            return
        self.say(point)
        if point != order.point:
            return
        if self._last(order) and not survives(point):
            os.kill(os.getpid(), signal.SIGKILL)
        self._serial, self._reached = order.serial, self._so_far(order) + 1

    def _expects(self, point: str) -> bool:
        order = self.order()
        return order is not None and order.point == point and self._last(order)

    def _last(self, order: Order) -> bool:
        return self._so_far(order) + 1 == order.nth

    def _so_far(self, order: Order) -> int:
        return self._reached if order.serial == self._serial else 0

    async def _call(self, name: str, method: Callable[..., Awaitable[Any]], *args: Any, **more: Any) -> Any:
        self.hit(f"store.{name}.before_send")
        try:
            answer = await method(*args, **more)
        except StoreError:
            self.hit(f"store.{name}.after_response")
            raise
        self.hit(f"store.{name}.after_response")
        return answer

    async def _move(
        self, move: Callable[..., Awaitable[Upload | None]], upload: Upload, event: Event, *more: Any
    ) -> Upload | None:
        return cast(
            Upload | None, await self._write(move_name(upload.state, event), move, upload, event, *more)
        )

    async def _start(self, start: Callable[..., Awaitable[Started]], *args: Any) -> Started:
        name = move_name(None, Event.CREATED)
        started: Started = await self._within(name, start, *args)
        if started.kind == "created":
            self.hit(f"{name}.after_commit")
        return started

    async def _write(self, name: str, method: Callable[..., Awaitable[Any]], *args: Any, **more: Any) -> Any:
        found = await self._within(name, method, *args, **more)
        # these two answer nothing when they have done their work
        if found or name in {"ledger.postpone", "ledger.settle"}:
            self.hit(f"{name}.after_commit")
        return found

    async def _within(self, name: str, method: Callable[..., Awaitable[Any]], *args: Any, **more: Any) -> Any:
        before = _committing.set(name)
        try:
            return await method(*args, **more)
        finally:
            _committing.reset(before)

    def _committed_by(
        self, method: Callable[..., Awaitable[Any]], commits: Callable[[Any, str], bool]
    ) -> Callable[..., Awaitable[Any]]:
        """The driver's own `method`, as it is called on each of its connections."""

        async def watched(connection: Any, query: str, *args: Any, **more: Any) -> Any:
            name = _committing.get()
            if name is None or not commits(connection, query):
                return await method(connection, query, *args, **more)
            self.hit(f"{name}.before_commit")
            unread = [
                f"{name}.{moment}" for moment in ("commit_acknowledgement_lost", "commit_connection_cut")
            ]
            for point in filter(self._expects, unread):
                return await self._unless_done(connection, point, await _one_way(connection, query, args))
            answer = await method(connection, query, *args, **more)
            for point in unread if answer else ():
                self.hit(point)
            return answer

        return watched

    async def _unless_done(self, connection: Any, point: str, asking: Callable[[], Awaitable[Any]]) -> Any:
        """Send, and die, or hang up, as soon as the answer has come: it is never read.

        Returns when nothing was changed.
        """
        answering = asyncio.ensure_future(asking())
        wire = socket.socket(fileno=os.dup(connection._transport.get_extra_info("socket").fileno()))
        try:
            while not answering.done():
                await asyncio.sleep(0)
                # the event loop, which would read it, stands still meanwhile
                if select.select([wire], [], [], 0.02)[0]:
                    if not wire.recv(65536, socket.MSG_PEEK).count(b"Z\0\0\0\x05I"):
                        continue
                    if not any(nothing in wire.recv(65536, socket.MSG_PEEK) for nothing in _NOTHING_DONE):
                        self.hit(point)
                        connection.terminate()
                    break
            return await answering
        finally:
            wire.close()


class _Watched:
    """`inner`, some of whose methods are called by somebody else."""

    def __init__(self, inner: object, callers: Mapping[str, Callable[..., Any]]) -> None:
        self._inner = inner
        self._callers = callers

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return partial(self._callers[name], found) if name in self._callers else found


def _is_its_own_transaction(connection: Any, _query: str) -> bool:
    return not connection.is_in_transaction()


def _is_commit(_connection: Any, query: str) -> bool:
    return query == "COMMIT"


async def _one_way(connection: Any, query: str, args: Sequence[Any]) -> Callable[[], Awaitable[Any]]:
    """The statement in one message, so that the first answer to it is the last one."""
    if query == "COMMIT":
        return lambda: connection._protocol.query(query, None)
    prepared = await connection.prepare(query)
    return lambda: prepared.fetch(*args)
