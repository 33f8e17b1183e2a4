"""An event loop whose time stands still until somebody moves it, and that knows when nothing more can happen.

With it, a pause of five minutes costs nothing, and the same choices lead to the same run, step by step.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual = 0.0
        self._statements = 0
        self._answered: asyncio.Future[None] | None = None
        super().__init__()
        # a timer must fire when its own time has come, also where floating point numbers lie far apart
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._virtual

    def move_to(self, time: float) -> None:
        self._virtual = time

    def next_timer(self) -> float | None:
        """When the next timer fires; None when there is none."""
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]  # CPython's own list
        return min((timer.when() for timer in scheduled if not timer.cancelled()), default=None)

    @asynccontextmanager
    async def talking(self) -> AsyncIterator[None]:
        """Around whatever waits for the real world: only then is there something to wait for."""
        self._statements += 1
        try:
            yield
        finally:
            self._statements -= 1
            if self._answered is not None and not self._answered.done():
                self._answered.set_result(None)

    async def quiet(self) -> None:
        """Until every task waits for something that will not come by itself."""
        ready: Any = self._ready  # type: ignore[attr-defined]  # CPython's own queue
        while True:
            if self._statements:
                self._answered = self.create_future()
                await self._answered
                continue
            await asyncio.sleep(0)
            if not ready and not self._statements:
                return
