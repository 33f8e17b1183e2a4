"""Tells the coordinator which parts were sent, in batches: at most one a second, or a hundred parts.

A claim is a hint (completion looks at the store itself), so a batch that fails in the background only goes back into
the queue; `flush` before completing meets the error.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from coordinator.client.errors import ClientError
from coordinator.protocol import ClaimBody

__all__ = ["Reporter"]

_EVERY: Final = 1.0
_MOST: Final = 100


class Reporter:
    def __init__(self, send: Callable[[Sequence[ClaimBody]], Awaitable[object]]) -> None:
        self._send = send
        self._queue: list[ClaimBody] = []
        self.etags: dict[int, str | None] = {}
        """What each part was last reported with."""
        self._background: asyncio.Task[None] | None = None
        self._full = asyncio.Event()

    def add(self, claim: ClaimBody) -> None:
        self._queue.append(claim)
        self.etags[claim.part_number] = claim.etag
        if len(self._queue) >= _MOST:
            self._full.set()
        if self._background is None or self._background.done():
            self._background = asyncio.create_task(self._report())

    async def flush(self) -> None:
        """Everything added so far has reached the coordinator."""
        await self.stop()
        while self._queue:
            await self._send_batch()

    async def stop(self) -> None:
        """Nothing is sent on its own any more; what is queued waits for `flush`."""
        if self._background is not None:
            self._background.cancel()
            # not awaited itself: its end would look like our own cancellation, and hide one
            await asyncio.wait({self._background})
            self._background = None

    async def _report(self) -> None:
        while self._queue:
            with suppress(TimeoutError):
                async with asyncio.timeout(_EVERY):
                    await self._full.wait()
            try:
                await self._send_batch()
            except ClientError:
                return  # whoever completes meets it

    async def _send_batch(self) -> None:
        batch, self._queue = self._queue[:_MOST], self._queue[_MOST:]
        if len(self._queue) < _MOST:
            self._full.clear()
        try:
            await self._send(batch)
        except BaseException:
            self._queue = batch + self._queue
            raise
