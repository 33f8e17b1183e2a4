"""Which point a server is to die at: told through a file that both sides have mapped, so that a life may get many orders."""

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["JUST_TELL", "Order", "Orders"]

_SIZE: Final = 256


@dataclass(frozen=True, slots=True)
class Order:
    """Die at `point`, when it is reached for the `nth` time since the order was given."""

    point: str
    nth: int = 1
    serial: int = 0
    """Orders with another one are new, and count afresh."""


JUST_TELL: Final = Order("none")
"""Say which points are reached, and live."""


class Orders:
    """The file. There is no lock: the first byte says whether the rest is there, and is written last."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_SIZE))
        self.path = path
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SIZE)
        self._serial = 0

    def give(self, order: Order) -> None:
        self.withdraw()
        self._serial += 1
        text = f"{self._serial} {order.nth} {order.point}".encode().ljust(_SIZE - 1)
        self._map[1:_SIZE] = text
        self._map[0] = 1

    def withdraw(self) -> None:
        """Points do not count any more, and nobody hears of them."""
        self._map[0] = 0

    def current(self) -> Order | None:
        if self._map[0] == 0:
            return None
        serial, nth, point = self._map[1:_SIZE].decode().split()
        return Order(point, int(nth), int(serial))
