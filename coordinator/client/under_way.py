"""What a client has under way, and which upload is whose.

Copies of a file share its fingerprint, and each of them gets an upload of its own. What is found for one file must be
known before the next one of its fingerprint is judged: they take turns.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakValueDictionary

from coordinator.protocol import UploadAnswer

__all__ = ["UnderWay"]


_SETTLE: Final = 2.0
"""Seconds a start has for its answer when the client is closed."""


@dataclass(frozen=True, slots=True)
class _Held:
    file: object
    upload_id: str
    fingerprint: str | None


class UnderWay:
    """Who sends holds one upload at a time. Files are told apart by any value: a path with a name, or what stands for it."""

    def __init__(self) -> None:
        self._held: dict[Hashable, _Held] = {}
        self._starts: set[asyncio.Task[Any]] = set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, fingerprint: str | None) -> AsyncIterator[None]:
        """Without a fingerprint nothing is waited for."""
        if fingerprint is None:
            yield
            return
        async with self._turns.setdefault(fingerprint, asyncio.Lock()):
            yield

    def begins(self, start: asyncio.Task[Any]) -> None:
        """A start outlives the upload that asked for it. One that fails after that was cancelled is no news."""
        self._starts.add(start)
        start.add_done_callback(self._starts.discard)
        start.add_done_callback(lambda one: one.cancelled() or one.exception())

    async def settle(self) -> None:
        """Returns when no start is under way any more."""
        starts = list(self._starts)
        if starts:
            await asyncio.wait(starts, timeout=_SETTLE)
        for one in starts:
            one.cancel()
        await asyncio.gather(*starts, return_exceptions=True)

    def hold(self, holder: Hashable, file: object, upload: UploadAnswer) -> None:
        self._held[holder] = _Held(file, str(upload.id), upload.fingerprint)

    def release(self, holder: Hashable) -> None:
        """May be called again."""
        self._held.pop(holder, None)

    def is_anothers(self, file: object, upload_id: str) -> bool:
        return any(one.upload_id == upload_id and one.file != file for one in self._held.values())

    def sends_copy(self, file: object, fingerprint: str) -> bool:
        """Whether another file has the live upload of this fingerprint, which a start with it would come to."""
        return any(one.fingerprint == fingerprint and one.file != file for one in self._held.values())
