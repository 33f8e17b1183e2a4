"""How a store can fail one call: the misbehaviour `FakeStore.script` takes.

What matters about a failure is on which side of the effect it struck; the caller sees the same error either way.
"""

import asyncio
from dataclasses import dataclass, field

from coordinator.uploads.ports import StoreError

__all__ = ["FailAfter", "FailBefore", "Fault", "Hold", "Refuse"]


@dataclass(frozen=True, slots=True)
class FailBefore:
    """StoreOutcomeUnknown, and nothing happened; `answered` as in StoreOutcomeUnknown."""

    code: str = "InternalError"
    answered: bool = True


@dataclass(frozen=True, slots=True)
class FailAfter:
    """StoreOutcomeUnknown, and it happened: the answer was lost."""

    code: str = "ConnectionClosedError"


@dataclass(frozen=True, slots=True)
class Refuse:
    """The given error, and nothing happened."""

    error: StoreError


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """The call sets `reached` and waits for `released` before its effect, or after it and before the answer."""

    after_effect: bool = False
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        self.reached.set()
        await self.released.wait()


Fault = FailBefore | FailAfter | Refuse | Hold
