"""What a start asks the coordinator for."""

from typing import Any, ClassVar, cast

import pytest

from coordinator.client.api import Coordinator, Started
from coordinator.client.digests import Hashing
from coordinator.client.files import Content
from coordinator.client.options import UploadOptions
from coordinator.client.pace import Pace
from coordinator.client.start import Start
from coordinator.protocol import StartBody
from coordinator.uploads.plan import GIB, MIB


class Large:
    """A file, as far as a start looks at it."""

    path = None
    modified_ns = None
    size = GIB
    filename = "film.mov"


class Asked:
    """A coordinator that writes down what it is asked for."""

    def __init__(self) -> None:
        self.starts: list[tuple[StartBody, str]] = []

    async def start(self, body: StartBody, idempotency_key: str) -> Started:
        self.starts.append((body, idempotency_key))
        return Started(created=True, upload=cast("Any", _Nothing()), parts=[])


class _Nothing:
    metadata: ClassVar[dict[str, str]] = {}
    filename = ""


def slow() -> Pace:
    pace = Pace(lambda: 0.0)
    pace.arrived(8 * MIB, 600)
    return pace


def start(asked: Asked, pace: Pace, **options: Any) -> Start:
    return Start(cast("Coordinator", asked), Hashing(), UploadOptions(**options), "film.mov", 16, pace)


@pytest.mark.parametrize("known", ["at first", "later"])
async def test_a_slow_line_asks_for_smaller_parts_and_a_repeated_start_for_the_same(known: str) -> None:
    asked, pace = Asked(), slow()
    if known == "later":
        pace.forget()
    starting = start(asked, pace)
    await starting.run(cast("Content", Large()), "f" * 64)
    pace.forget()
    if known == "later":
        pace.arrived(8 * MIB, 600)
    await starting.run(cast("Content", Large()), "f" * 64)
    assert asked.starts[0] == asked.starts[1]
    assert asked.starts[0][0].part_size == (5 * MIB if known == "at first" else None)


async def test_a_part_size_that_was_given_is_asked_for() -> None:
    asked = Asked()
    await start(asked, slow(), part_size=64 * MIB).run(cast("Content", Large()), "f" * 64)
    await start(asked, Pace(lambda: 0.0)).run(cast("Content", Large()), "f" * 64)
    await start(asked, slow()).run(None, None)
    assert [body.part_size for body, _ in asked.starts] == [64 * MIB, None, None]
