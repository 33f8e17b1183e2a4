"""Statements of one kind that are asked for at the same time, as one statement over many rows.

Most of what a small statement costs is its way there and back, on both sides. What is asked for in one turn of the loop
goes together; what comes while a statement of the kind is under way goes with the next one, so that the busier a process
is, the fewer statements it sends. A lone one goes at once.

A statement over many rows must do for each of them what one over that row alone does, or leave the row as it is. Where it
could not be sent through as a whole, nothing of it has happened, and each is told to ask alone: one row's trouble is not
another's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from coordinator.database.trouble import Locked, Repeatable, StatementRefused

__all__ = ["Gathered"]

_MOST: Final = 100
"""Rows of one statement."""

_PATIENCE: Final = 0.05
"""Seconds to wait for the statement before: one that waits for a lock holds nobody else up."""

A = TypeVar("A")
R = TypeVar("R")


@dataclass(eq=False, slots=True)
class _Batch(Generic[A, R]):
    asked: list[A] = field(default_factory=list)
    begun: bool = False
    task: "asyncio.Task[Sequence[R | None]]" = field(init=False)


class Gathered(Generic[A, R]):
    def __init__(self, execute: Callable[[Sequence[A]], Awaitable[Sequence[R | None]]]) -> None:
        """`execute` answers in the order of what was asked, with None for what has to be asked alone."""
        self._execute = execute
        self._newest: _Batch[A, R] | None = None

    async def of(self, asked: A) -> R | None:
        """None: ask alone. Raises what `execute` does, to all who share it. Whoever stops waiting leaves the others theirs."""
        batch = self._newest
        if batch is None or batch.begun or len(batch.asked) == _MOST:
            before, batch = batch, _Batch[A, R]()
            batch.task = asyncio.create_task(self._run(batch, before))
            batch.task.add_done_callback(_seen)
            self._newest = batch
        position = len(batch.asked)
        batch.asked.append(asked)
        return (await asyncio.shield(batch.task))[position]

    async def _run(self, batch: _Batch[A, R], before: _Batch[A, R] | None) -> Sequence[R | None]:
        if before is not None:
            await asyncio.wait({before.task}, timeout=_PATIENCE)
        batch.begun = True
        try:
            return await self._execute(batch.asked)
        except (StatementRefused, Repeatable, Locked):
            return [None] * len(batch.asked)
        finally:
            if self._newest is batch:
                self._newest = None


def _seen(batch: "asyncio.Task[object]") -> None:
    """An error is told to those who wait, and to nobody where nobody does."""
    if not batch.cancelled():
        batch.exception()
