"""Signed URLs, kept just in time: a small window ahead of need, never all at the start.

When half of the window is used up, the next part of it is signed in the background. A URL that is about to expire is
signed again before use; one fresh from the coordinator is used whatever this machine's clock says.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from coordinator.client.errors import WrongServer
from coordinator.protocol import PartToSign, SignedPartAnswer

__all__ = ["SigningWindow", "window_size"]

_MARGIN: Final = 30.0
_MOST_AHEAD: Final = 64


def window_size(places: int) -> int:
    """How many parts to keep signed ahead."""
    return min(_MOST_AHEAD, max(2, 2 * places))


class SigningWindow:
    def __init__(
        self,
        sign: Callable[[Sequence[PartToSign]], Awaitable[Sequence[SignedPartAnswer]]],
        *,
        upcoming: Callable[[int], Iterable[PartToSign]],
        size: Callable[[], int],
        now: Callable[[], float],
    ) -> None:
        """`upcoming(most)`: the parts that can be signed and will be needed next; `now`: the coordinator's clock."""
        self._sign = sign
        self._upcoming = upcoming
        self._size = size
        self._now = now
        self._held: dict[int, SignedPartAnswer] = {}
        self._asked: dict[int, asyncio.Task[None]] = {}

    def put(self, parts: Iterable[SignedPartAnswer]) -> None:
        self._held |= {part.part_number: part for part in parts}

    async def take(self, part: PartToSign) -> SignedPartAnswer:
        """The URL for one part; it leaves the window."""
        number = part.part_number
        if not self._usable(number):
            asked = self._asked.get(number)
            if asked is None:
                asked = self._ask(part)
            await asyncio.shield(asked)
        signed = self._held.pop(number, None)
        if signed is None:
            raise WrongServer(f"The upload service did not sign part {number}. It may be of another version.")
        self._refill()
        return signed

    def is_fresh(self, signed: SignedPartAnswer) -> bool:
        return signed.expires_at.timestamp() - self._now() > _MARGIN

    async def close(self) -> None:
        asking = set(self._asked.values())
        for one in asking:
            one.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    def _usable(self, number: int) -> bool:
        signed = self._held.get(number)
        return signed is not None and self.is_fresh(signed)

    def _unsigned(self, part: PartToSign) -> bool:
        return part.part_number not in self._asked and not self._usable(part.part_number)

    def _refill(self) -> None:
        size = self._size()
        ahead = list(self._upcoming(size))
        unsigned = [part for part in ahead if self._unsigned(part)]
        if unsigned and len(ahead) - len(unsigned) <= size // 2:
            self._ask(unsigned[0])

    def _ask(self, first: PartToSign) -> asyncio.Task[None]:
        size = self._size()
        wanted = {first.part_number: first}
        for part in self._upcoming(size):
            if len(wanted) < size and self._unsigned(part):
                wanted.setdefault(part.part_number, part)
        asking = asyncio.create_task(self._fetch(wanted))
        asking.add_done_callback(_seen)
        self._asked |= dict.fromkeys(wanted, asking)
        return asking

    async def _fetch(self, wanted: dict[int, PartToSign]) -> None:
        try:
            self.put(await self._sign(list(wanted.values())))
        finally:
            for number in wanted:
                self._asked.pop(number, None)


def _seen(asking: asyncio.Task[None]) -> None:
    """An error that nobody waited for is no news: whoever needs the part asks again and meets it."""
    if not asking.cancelled():
        asking.exception()
