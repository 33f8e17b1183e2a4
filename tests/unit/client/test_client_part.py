"""A part's tries: what each failure costs, and with which URL the next one is made."""

from datetime import UTC, datetime

import pytest

from coordinator.client import part as module
from coordinator.client.errors import StoreRefused
from coordinator.client.part import send_part
from coordinator.client.retry import TransferFailed
from coordinator.protocol import SignedPartAnswer

EXPIRES = datetime(2026, 1, 1, tzinfo=UTC)


class Scripted:
    """What a part needs of its upload; its tries fail as `failures` say, in turn, and then no more."""

    def __init__(self, *failures: TransferFailed, lives: int = 100) -> None:
        self.failures = list(failures)
        self.tried: list[str] = []
        """The URL of each try."""
        self.lives = lives
        """Tries, until a URL is too old."""
        self._urls = 0
        self._age = 0

    async def signed(self) -> SignedPartAnswer:
        self._urls += 1
        self._age = 0
        return SignedPartAnswer(
            part_number=1,
            offset=0,
            size=1,
            method="PUT",
            url=str(self._urls),
            headers={},
            expires_at=EXPIRES,
        )

    def is_fresh(self, signed: SignedPartAnswer) -> bool:
        return signed.url == str(self._urls) and self._age < self.lives

    async def put(self, signed: SignedPartAnswer) -> str | None:
        self.tried.append(signed.url)
        self._age += 1
        if self.failures:
            raise self.failures.pop(0)
        return "etag"

    def on_waiting(self, failure: TransferFailed) -> None: ...

    async def check_content(self) -> None: ...

    async def check_upload(self) -> None: ...

    def may_relay(self, unreached: int) -> bool:
        return unreached > len(self.tried)

    async def relay(self) -> str | None:
        raise AssertionError("nobody may")


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """After how many failures each wait was; none takes any time."""
    found: list[int] = []

    def backoff(failures: int, *_: object) -> float:
        found.append(failures)
        return 0.0

    monkeypatch.setattr(module, "backoff", backoff)
    return found


async def test_any_403_is_signed_again_and_three_fresh_ones_are_enough(waits: list[int]) -> None:
    once = Scripted(TransferFailed(403))
    assert await send_part(once) == "etag"
    assert once.tried == ["1", "2"]
    assert not waits, "an old URL is the usual reason"
    ever = Scripted(*[TransferFailed(403)] * 9)
    with pytest.raises(StoreRefused, match="tell the service's operator"):
        await send_part(ever)
    assert ever.tried == ["1", "2", "3", "4"]
    assert waits == [4, 6], "a key that has just been changed is given time"


async def test_a_busy_store_is_waited_for_with_the_same_url_until_that_is_too_old() -> None:
    ports = Scripted(*[TransferFailed(503)] * 5, lives=3)
    await send_part(ports)
    assert ports.tried == ["1", "1", "1", "2", "2", "2"]


async def test_no_answer_at_all_is_signed_again_once() -> None:
    ports = Scripted(*[TransferFailed(0)] * 3)
    await send_part(ports)
    assert ports.tried == ["1", "2", "2", "2"]


async def test_what_is_there_already_is_not_sent_again() -> None:
    ports = Scripted(TransferFailed(412))
    assert await send_part(ports) is None
    assert ports.tried == ["1"]
