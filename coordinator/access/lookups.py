"""One look into the database for all who ask the same at the same time.

Whoever asks is answered by a look that begins after the question, never by an earlier one, so that what was revoked
before is refused. Those who come while a look is under way wait for the next one, and share it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

__all__ = ["Lookups"]

_PATIENCE: Final = 0.05
"""Seconds to wait for the look before: one connection that has died holds nobody else up."""

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class _Look(Generic[T]):
    begun: bool = False
    task: "asyncio.Task[T]" = field(init=False)


class Lookups(Generic[T]):
    def __init__(self, look: Callable[[str], Awaitable[T]]) -> None:
        self._look = look
        self._newest: dict[str, _Look[T]] = {}

    async def of(self, name: str) -> T:
        """Raises what the look does, to all who share it. Whoever stops waiting leaves the others theirs."""
        look = self._newest.get(name)
        if look is None or look.begun:
            before, look = look, _Look[T]()
            look.task = asyncio.create_task(self._run(look, before, name))
            look.task.add_done_callback(_seen)
            self._newest[name] = look
        return await asyncio.shield(look.task)

    async def _run(self, look: _Look[T], before: _Look[T] | None, name: str) -> T:
        if before is not None:
            await asyncio.wait({before.task}, timeout=_PATIENCE)
        look.begun = True
        try:
            return await self._look(name)
        finally:
            if self._newest.get(name) is look:
                del self._newest[name]


def _seen(look: "asyncio.Task[T]") -> None:
    """An error is told to those who wait, and to nobody where nobody does."""
    if not look.cancelled():
        look.exception()
