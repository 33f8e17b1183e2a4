"""What whoever watches an upload is told of it."""

import asyncio
from functools import partial
from typing import Any, cast

import pytest

from coordinator.client.delivery import Delivery, Watcher
from coordinator.client.errors import WrongUse
from coordinator.client.ongoing import OngoingUpload
from tests.unit.client.test_client_completion import OPEN


class Delivered:
    """A delivery that goes through the stages as it is told to."""

    meter = None

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    async def run(self) -> Any:
        for stage in ("waiting", "preparing", "uploading"):
            await asyncio.sleep(0)
            self._watcher.on_stage(cast("Any", stage))
        return OPEN


async def test_nobody_is_waited_for_before_it_is_known() -> None:
    told: list[str] = []
    sending = OngoingUpload(
        "film.mov",
        lambda watcher, _: cast("Delivery", Delivered(watcher)),
        on_progress=lambda progress: told.append(progress.stage),
    )
    assert sending.progress.stage == "preparing"
    await sending
    assert told == ["waiting", "preparing", "uploading", "completed"]


async def test_an_async_onlooker_is_refused_before_anything_begins() -> None:
    async def told(_: object) -> None:
        raise AssertionError("nobody awaits it")

    class Told:
        async def __call__(self, _: object) -> None:
            await told(_)

    for given in (told, partial(told), Told()):
        wrong: Any = given
        with pytest.raises(WrongUse, match=r"plain function: .* \(async for"):
            OngoingUpload(
                "film.mov", lambda watcher, _: cast("Delivery", Delivered(watcher)), on_progress=wrong
            )


async def test_an_onlooker_that_turns_out_to_be_async_is_told_of_once() -> None:
    async def told(_: object) -> None:
        raise AssertionError("nobody awaits it")

    wrong: Any = lambda progress: told(progress)  # noqa: E731, PLW0108 - nothing tells what it will answer with
    sending = OngoingUpload(
        "film.mov", lambda watcher, _: cast("Delivery", Delivered(watcher)), on_progress=wrong
    )
    await sending
    [warning] = sending.warnings
    assert "plain function" in warning


async def test_who_is_cancelled_while_watching_leaves_nothing_behind() -> None:
    class Waiting(Delivered):
        async def run(self) -> Any:
            await asyncio.Event().wait()

    sending = OngoingUpload("film.mov", lambda watcher, _: cast("Delivery", Waiting(watcher)))

    async def watch() -> None:
        async for _ in sending:
            pass

    before = asyncio.all_tasks()
    watching = asyncio.create_task(watch())
    for _ in range(5):
        await asyncio.sleep(0)
    watching.cancel()
    await asyncio.wait({watching})
    await sending.cancel()
    assert {one for one in asyncio.all_tasks() - before if not one.cancelling()} == set()
