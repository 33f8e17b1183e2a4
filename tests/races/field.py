"""Three servers over one Postgres and one SeaweedFS, and a client at each of them."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coordinator.access.principals import Scope
from coordinator.cli.keys import create_key
from coordinator.local.bucket import LocalStore, store_client
from tests.e2e.device import device
from tests.e2e.gate import LOOPBACK
from tests.e2e.server import settings_for
from tests.kills.audit import Audit, End, connections
from tests.kills.lives import Lives, nursery
from tests.kills.orders import JUST_TELL
from tests.kills.stage import SETTINGS, Stage
from tests.races.watch import Watch

__all__ = ["Field", "field"]

REPLICAS: Final = 3

# nobody is killed here, so nobody has to be taken over from soon
_SETTINGS: Final = SETTINGS | {"COORDINATOR_LEASE": "10", "COORDINATOR_COMPLETE_DEADLINE": "60"}

# clients wait for the successors of the dead, and no longer than `PATIENCE`
_MORTAL: Final = SETTINGS | {"COORDINATOR_LEASE": "5", "COORDINATOR_COMPLETE_DEADLINE": "10"}


@dataclass
class Field:
    stages: list[Stage]
    watch: Watch
    audit: Audit

    def set(self, content: bytes) -> None:
        """For a new upload that all of them know."""
        first, *others = self.stages
        first.set(content, JUST_TELL)
        for other in others:
            other.content, other.filename, other._key = first.content, first.filename, first._key

    def set_content(self, content: bytes) -> None:
        """What a client has sent instead."""
        for stage in self.stages:
            stage.content = content

    def turned(self, by: int) -> list[Stage]:
        """The three, another one first."""
        return self.stages[by % REPLICAS :] + self.stages[: by % REPLICAS]

    async def row(self) -> dict[str, Any]:
        return await self.stages[0].row()

    async def settled(self) -> None:
        async with self.stages[0].time_passing():
            await self.stages[0].settled()

    async def wrong(self, end: End, told: str | None = None) -> list[str]:
        """What the audit finds when all is settled."""
        await self.settled()
        first = self.stages[0]
        return await self.audit.wrong(first.filename, first.content, [end], told, nothing=False)


@asynccontextmanager
async def field(
    folder: Path, database_url: str, store: LocalStore, tenant: str, *, mortal: bool = False
) -> AsyncIterator[Field]:
    """`mortal`: a server that dies is born again, where otherwise its death is a failure."""
    key = await create_key(database_url, tenant=tenant, owner=None, name="races", scopes=frozenset(Scope))
    async with AsyncExitStack() as ending:
        watch = Watch(store.endpoint_url)
        server = await asyncio.start_server(watch.connection, LOOPBACK, 0)
        ending.callback(server.close)
        pool = await connections(database_url)
        ending.push_async_callback(pool.close)
        client = await ending.enter_async_context(store_client(store))
        audit = Audit(pool, client, store.bucket)
        born = await ending.enter_async_context(nursery())
        settings = settings_for(database_url, store, **(_MORTAL if mortal else _SETTINGS)) | {
            "COORDINATOR_STORE__ENDPOINT_URL": f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}",
            "COORDINATOR_STORE__PUBLIC_ENDPOINT_URL": store.endpoint_url,
        }
        stages = []
        for number in range(REPLICAS):
            own = folder / f"replica-{number}-{secrets.token_hex(4)}"
            own.mkdir()
            lives = Lives(born, own, settings, _unmourned if mortal else _nobody_dies)
            user = await ending.enter_async_context(device(lives.url, key.text))
            stages.append(Stage(lives, watch, user, audit))
            await lives.start()
            ending.push_async_callback(lives.stop)
        yield Field(stages, watch, audit)


async def _unmourned() -> None:
    pass


async def _nobody_dies() -> None:
    raise AssertionError("a server died in a race")
