import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from coordinator.client.errors import ServerUnreachable
from coordinator.client.window import SigningWindow
from coordinator.protocol import PartToSign, SignedPartAnswer

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def signed(number: int, *, lives: int = 600) -> SignedPartAnswer:
    return SignedPartAnswer(
        part_number=number,
        offset=0,
        size=1,
        method="PUT",
        url="u",
        headers={},
        expires_at=NOW + timedelta(seconds=lives),
    )


class Signer:
    def __init__(self, count: int, size: int) -> None:
        self.asked: list[list[int]] = []
        self.pending = list(range(1, count + 1))
        self.fails = False
        self.window = SigningWindow(self.sign, upcoming=self.upcoming, size=lambda: size, now=NOW.timestamp)

    async def sign(self, parts: Sequence[PartToSign]) -> list[SignedPartAnswer]:
        self.asked.append([part.part_number for part in parts])
        await asyncio.sleep(0)
        if self.fails:
            raise ServerUnreachable("no", "lost")
        return [signed(part.part_number) for part in parts]

    def upcoming(self, most: int) -> list[PartToSign]:
        return [PartToSign(part_number=number) for number in self.pending[:most]]

    async def take(self) -> int:
        number = self.pending.pop(0)
        return (await self.window.take(PartToSign(part_number=number))).part_number


async def test_signs_a_window_ahead_and_never_all() -> None:
    signer = Signer(100, size=8)
    for number in range(1, 101):
        assert await signer.take() == number
    await signer.window.close()
    assert max(map(len, signer.asked)) <= 8
    assert len(signer.asked) <= 30
    assert sorted(number for batch in signer.asked for number in batch) == list(range(1, 101))


async def test_what_is_about_to_expire_is_signed_again() -> None:
    signer = Signer(1, size=4)
    signer.window.put([signed(1, lives=10)])
    await signer.take()
    assert signer.asked == [[1]]
    assert not signer.window.is_fresh(signed(1, lives=10))
    assert signer.window.is_fresh(signed(1))


async def test_who_needs_a_part_meets_the_error_and_may_ask_again() -> None:
    signer = Signer(4, size=2)
    signer.fails = True
    with pytest.raises(ServerUnreachable):
        await signer.window.take(PartToSign(part_number=1))
    signer.fails = False
    assert (await signer.window.take(PartToSign(part_number=1))).part_number == 1
    await signer.window.close()
