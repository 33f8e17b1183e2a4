"""A server with one faulty wire to its store and another one for its clients, and what may be seen of both ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from coordinator.local.bucket import LocalStore
from tests.e2e.audit import Audit
from tests.e2e.device import Device, device
from tests.e2e.server import IMPATIENT, Server, new_key, new_server, settings_for
from tests.e2e.waiting import eventually
from tests.faults.faulty import Wire, wire_to
from tests.faults.persistent import Persistent

PARTS_AT_ONCE = 4
CASES_AT_ONCE = 12


@dataclass(frozen=True, slots=True)
class Line:
    server: Server
    audit: Audit
    inside: Wire
    """Between the server and the store."""
    outside: Wire
    """Between clients and the store."""
    device: Device
    sending: asyncio.Semaphore
    cases: asyncio.Semaphore
    """How many of a matrix run at once."""

    def client(self, **more: Any) -> Persistent:
        return replace(Persistent(self.device, self.sending), **more)

    async def check_late(self, upload_id: str) -> None:
        """Let the time come at which an ended upload is looked at once more, and see it done."""
        await self.audit.rows("UPDATE uploads SET wake_at = now() WHERE id = $1", upload_id)
        await eventually(lambda: self.audit.row(upload_id), lambda row: row["wake_at"] is None)


@asynccontextmanager
async def new_line(database_url: str, store: LocalStore, folder: Path) -> AsyncIterator[Line]:
    async with wire_to(store.endpoint_url) as inside, wire_to(store.endpoint_url) as outside:
        addresses = {
            "COORDINATOR_STORE__ENDPOINT_URL": inside.endpoint_url,
            "COORDINATOR_STORE__PUBLIC_ENDPOINT_URL": outside.endpoint_url,
        }
        # a Complete is sent again after this: whoever sends here waits for it, however late it comes
        soon = {"COORDINATOR_COMPLETE_DEADLINE": "2"}
        settings = settings_for(database_url, store, **(IMPATIENT | soon), **addresses)
        key = await new_key(folder, database_url)
        async with new_server(folder, settings) as server, device(server.url, key) as user:
            yield Line(
                server,
                Audit(database_url, store),
                inside,
                outside,
                user,
                asyncio.Semaphore(PARTS_AT_ONCE),
                asyncio.Semaphore(CASES_AT_ONCE),
            )
            assert "http.internal" not in server.output()
            assert "drive.broken" not in server.output()
