"""One process of the coordinator: its tasks, its service, and how it dies."""

import asyncio
import contextvars
from collections.abc import Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.signing.presigner import Addressing, Presigner
from coordinator.uploads.driver import Driver
from coordinator.uploads.driving import Driving
from coordinator.uploads.model import LeaseOwner
from coordinator.uploads.plan import S3Limits
from coordinator.uploads.service import UploadService
from coordinator.uploads.store import LonePut
from coordinator.workers.sweeper import Sweeper
from tests.model.gated_ledger import GatedLedger
from tests.model.gates import WHO
from tests.model.virtual_loop import VirtualLoop

if TYPE_CHECKING:
    from tests.model.world import World

LIMITS = S3Limits(min_part_size=4, max_part_size=8, max_parts=4, max_object_size=32)
ADDRESSING = Addressing("https://store.example", "auto", "uploads", "path")
CREDENTIALS = StaticCredentials(Credentials("AKID", "hush"))


class Replica:
    def __init__(self, world: "World", name: str) -> None:
        self.name = name
        self.dead = False
        self.tasks: set[asyncio.Task[Any]] = set()
        ledger = GatedLedger(world, world.floor.uploads)
        self.driver = Driver(Driving(ledger, world.store, LeaseOwner(name), world.timing))
        presigner = Presigner(addressing=ADDRESSING, credentials=CREDENTIALS, clock=world.now)
        lone_put = LonePut(once=not world.store.profile.ignores_if_none_match)
        self.service = UploadService(
            self.driver, presigner, limits=LIMITS, quota=world.quota, lone_put=lone_put
        )
        self.sweeper = Sweeper(self.driver, timedelta(seconds=1))

    def __repr__(self) -> str:
        return self.name

    def run(self, loop: VirtualLoop, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin, as a task of this process."""
        context = contextvars.copy_context()
        context.run(WHO.set, self)
        return loop.create_task(work, context=context)

    def kill(self) -> None:
        """SIGKILL, as far as one process can play it: no task of it touches the ledger or the store any more."""
        self.dead = True
        for task in list(self.tasks):
            task.cancel()


def owned_task(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
    """A task factory: each task is known to the process that made it."""
    task = asyncio.Task(work, loop=loop, **options)
    context = options.get("context")
    who = WHO.get(None) if context is None else context.get(WHO)
    if who is not None:
        who.tasks.add(task)
        task.add_done_callback(who.tasks.discard)
    return task
