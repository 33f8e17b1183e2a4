"""Where every process stands before it calls the ledger or the store, until the schedule lets it go on.

One gate is opened at a time, and whoever went through it runs until it stands at the next: a run is a sequence of
choices, and a process can be killed, or left standing, at any of its awaits.
"""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.model.replica import Replica

WHO: "ContextVar[Replica]" = ContextVar("model_replica")
"""The process on whose behalf code runs; tasks inherit it."""


class Killed(BaseException):
    """What a dead process meets where it would go on: nothing of it may happen any more."""


@dataclass(eq=False)
class Gate:
    who: "Replica"
    name: str
    stuck: bool
    opened: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Gates:
    def __init__(self) -> None:
        self.waiting: list[Gate] = []

    async def stand(self, name: str, *, stuck: bool = False) -> None:
        who = WHO.get()
        if who.dead:
            raise Killed
        gate = Gate(who, name, stuck)
        self.waiting.append(gate)
        try:
            await gate.opened
        finally:
            if gate in self.waiting:
                self.waiting.remove(gate)
        if who.dead:
            raise Killed

    def open(self, gate: Gate) -> None:
        self.waiting.remove(gate)
        gate.opened.set_result(None)
