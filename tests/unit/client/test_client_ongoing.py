"""What whoever watches an upload is told of it."""

import asyncio
from typing import Any, cast

from coordinator.client.delivery import Delivery, Watcher
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
