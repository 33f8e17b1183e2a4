"""Whether what the service needs answers: asked by probes, so never slow and never a burden.

Checks run at once, each with its own end, and their outcome is remembered for a moment: however often strangers ask,
the database and the store hear of it once a second.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal

import structlog

from coordinator.protocol import HealthAnswer

__all__ = ["Check", "Readiness"]

log = structlog.stdlib.get_logger()

Check = Callable[[], Awaitable[object]]
"""Returns when all is well; raises when it is not."""

Outcome = Literal["ok", "failing"]

_REMEMBERED: Final = 1.0


class Readiness:
    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        within: float,
        monotonic: Callable[[], float],
        warning: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`within`: seconds that one check may take. `warning` is asked after them, and fails nothing."""
        self._warning = warning
        self._checks = dict(checks)
        self._within = within
        self._monotonic = monotonic
        self._asking = asyncio.Lock()
        self._last: tuple[float, HealthAnswer] | None = None

    async def answer(self) -> HealthAnswer:
        """At most a second old."""
        async with self._asking:
            if self._last is None or self._monotonic() - self._last[0] > _REMEMBERED:
                self._last = (self._monotonic(), await self._ask())
            return self._last[1]

    async def _ask(self) -> HealthAnswer:
        outcomes = await asyncio.gather(*(self._outcome(name) for name in self._checks))
        checks = dict(zip(self._checks, outcomes, strict=True))
        warning = self._warning()
        return HealthAnswer(
            status="failing" if "failing" in outcomes else "ok",
            checks=checks,
            warnings=[] if warning is None else [warning],
        )

    async def _outcome(self, name: str) -> Outcome:
        try:
            async with asyncio.timeout(self._within):
                await self._checks[name]()
        except Exception as failed:  # noqa: BLE001 - whatever a check raises is its answer
            log.warning("ready.failing", check=name, error=type(failed).__name__)
            return "failing"
        return "ok"
