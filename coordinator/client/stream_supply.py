"""The parts of a stream, as it yields them. A part that an earlier run has sent is compared and not sent again."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from coordinator.client.digests import Algorithm, Hashing, to_sign
from coordinator.client.errors import StreamTooLong
from coordinator.client.progress import Meter
from coordinator.client.stream import HeldPart, Stream
from coordinator.client.supply import Outgoing
from coordinator.client.verifying import evidence_of, other_content
from coordinator.protocol import PartAnswer, PartToSign
from coordinator.uploads.plan import AWS_LIMITS

__all__ = ["StreamSupply"]

_MOST_HELD: Final = 6
"""Parts read and not yet at the store."""

_MOST_PARTS: Final = AWS_LIMITS.max_parts


class StreamSupply:
    def __init__(
        self,
        stream: Stream,
        part_size: int,
        hashing: Hashing,
        algorithm: Algorithm | None,
        *,
        stored: Mapping[int, PartAnswer],
        meter: Meter,
    ) -> None:
        self._stream = stream
        self._part_size = part_size
        self._hashing = hashing
        self._algorithm = algorithm
        self._stored = stored
        self._meter = meter
        self._number = 0
        self._held: dict[int, HeldPart] = {}
        self._room = asyncio.Semaphore(_MOST_HELD)

    async def next(self) -> Outgoing | None:
        """Raises StreamTooLong, FileChanged, NoRoom, and what the source raises."""
        while not (self._stream.ended and self._number):
            if self._number == _MOST_PARTS:
                raise _too_long(self._stream.filename, self._part_size)
            await self._room.acquire()
            part = await self._stream.next_part(self._part_size)
            self._number += 1
            self._held[self._number] = part
            try:
                outgoing = await self._unless_stored(self._number, part)
            except BaseException:
                self._drop(self._number)
                raise
            if outgoing is not None:
                return outgoing
        return None

    def upcoming(self, most: int) -> Iterable[PartToSign]:  # noqa: ARG002 - of a stream nothing is known ahead
        return ()

    def settle(self, outgoing: Outgoing) -> None:
        self._drop(outgoing.number)

    def close(self) -> None:
        for number in list(self._held):
            self._drop(number)

    async def _unless_stored(self, number: int, part: HeldPart) -> Outgoing | None:
        if await self._is_stored(number, part):
            self._meter.stored(number, part.size)
            self._drop(number)
            return None
        return await self._outgoing(number, part)

    async def _outgoing(self, number: int, part: HeldPart) -> Outgoing:
        if self._algorithm is None:
            return Outgoing(PartToSign(part_number=number, size=part.size), part.body())
        digest = await self._hashing.submit(part, self._algorithm, 0, part.size)
        return Outgoing(to_sign(number, self._algorithm, digest, part.size), part.body())

    async def _is_stored(self, number: int, part: HeldPart) -> bool:
        stored = self._stored.get(number)
        evidence = None if stored is None else evidence_of(stored)
        if stored is None or evidence is None:
            return False
        same = stored.size == part.size
        same = same and await self._hashing.submit(part, evidence.algorithm, 0, part.size) == evidence.digest
        if not same and evidence.certain:
            raise other_content(self._stream.filename)
        return same

    def _drop(self, number: int) -> None:
        part = self._held.pop(number, None)
        if part is not None:
            part.drop()
            self._room.release()


def _too_long(filename: str, part_size: int) -> StreamTooLong:
    return StreamTooLong(
        f"{filename} is longer than {_MOST_PARTS * part_size:,} bytes, the most that {_MOST_PARTS:,} parts of {part_size:,} bytes "
        "hold, and an upload has no more parts. Upload it again with a greater part size (part_size)."
    )
