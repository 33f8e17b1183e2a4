"""Which parts of a content of known size are to be sent, one after another, and what each carries."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Protocol

from coordinator.client.bodies import Body
from coordinator.client.digests import PartDigests
from coordinator.client.files import Content
from coordinator.protocol import PartToSign
from coordinator.uploads.plan import Plan

__all__ = ["ContentSupply", "Outgoing", "Supply"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One part, ready to be sent as often as it takes."""

    to_sign: PartToSign
    body: Body

    @property
    def number(self) -> int:
        return self.to_sign.part_number

    @property
    def size(self) -> int:
        return self.body.size


class Supply(Protocol):
    async def next(self) -> Outgoing | None:
        """None: there are no more."""

    def upcoming(self, most: int) -> Iterable[PartToSign]:
        """Parts that will be needed next and can be signed already."""

    def settle(self, outgoing: Outgoing) -> None:
        """The part is at the store, or given up: what was held for it may go."""

    def close(self) -> None:
        """Nothing more is sent: what is held for parts that never took off goes, too."""


class ContentSupply:
    """Parts of a content whose size is known."""

    def __init__(
        self, content: Content, plan: Plan, numbers: Sequence[int], digests: PartDigests | None
    ) -> None:
        self._content = content
        self._plan = plan
        self._pending = deque(numbers)
        self._digests = digests

    async def next(self) -> Outgoing | None:
        """Raises FileChanged."""
        if not self._pending:
            return None
        number = self._pending.popleft()
        self._content.check()
        to_sign = PartToSign(part_number=number)
        if self._digests is not None:
            self._digests.ahead(chain([number], self._pending))
            to_sign = await self._digests.of(number)
        offset = self._plan.offset(number)
        return Outgoing(to_sign, self._content.body(offset, self._plan.size_of(number)))

    def upcoming(self, most: int) -> Iterable[PartToSign]:
        numbers = islice(self._pending, most)
        if self._digests is None:
            return [PartToSign(part_number=number) for number in numbers]
        return self._digests.ready(numbers)

    def settle(self, outgoing: Outgoing) -> None:
        if self._digests is not None:
            self._digests.forget(outgoing.number)

    def close(self) -> None:
        self._pending.clear()
