"""Where a scenario is played: a server that may die any moment, its store, its ledger, and a client that insists.

The client is told nothing of deaths. It does what any client has to: it asks again, with the same Idempotency-Key,
until the answer is a definite one. Time is made to pass by moving all times of a row back by the same span, which no
rule can tell from waiting, because times are compared with the database's clock alone; only rows that nobody drives are
moved. So a backoff of five minutes, a URL's life and a lease cost nothing.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from coordinator.access.principals import Scope
from coordinator.cli.keys import create_key
from coordinator.local.bucket import LocalStore, store_client
from tests.e2e.device import Device, Json, device
from tests.e2e.gate import LOOPBACK
from tests.e2e.server import settings_for
from tests.kills.audit import Audit, connections
from tests.kills.lives import Lives, Nursery
from tests.kills.orders import JUST_TELL, Order
from tests.kills.wire import Wire

__all__ = ["Stage", "stage"]

PATIENCE: Final = 60.0
"""Seconds until a definite answer, or until all is settled."""

_LOOK: Final = 0.02
_WAITING: Final = {"completing", "idempotency_in_progress", "upload_not_open"}

_TIMES: Final = ", ".join(
    f"{column} = {column} - elapsed"
    for column in (
        "created_at",
        "complete_attempted_at",
        "gone_since",
        "urls_until",
        "expires_at",
        "hard_expires_at",
        "completed_at",
        "lease_until",
        "wake_at",
    )
)
_PASS: Final = f"""
    WITH span AS (SELECT id AS moved, {{until}} - now() AS elapsed FROM uploads WHERE filename = $1 AND {{until}} > now())
    UPDATE uploads SET {_TIMES} FROM span WHERE id = moved AND {{which}}
"""
_TO_WAKE: Final = _PASS.format(until="wake_at", which="lease_until IS NULL AND (state <> 'open' OR $2)")
_TO_LEASE_END: Final = _PASS.format(until="lease_until", which="lease_until > now()")

IN_PARTS: Final = "in_parts"
"""The policy of all uploads but those of method `put`: their contents are small, and their lives are not."""

SETTINGS: Final = {
    "COORDINATOR_LEASE": "1",
    "COORDINATOR_SWEEP_INTERVAL": "0.05",
    "COORDINATOR_COMPLETE_DEADLINE": "2",
    "COORDINATOR_LATE_CHECK_AFTER": "0",
    "COORDINATOR_URL_EXPIRES": "60",
    "COORDINATOR_DRAIN": "0",
    "COORDINATOR_DATABASE_POOL_SIZE": "2",
    "COORDINATOR_POLICIES": json.dumps({IN_PARTS: {"small_files": "multipart"}}),
}


@dataclass
class Stage:
    lives: Lives
    wire: Wire
    client: Device
    audit: Audit
    filename: str = ""
    content: bytes = b""
    order: Order = JUST_TELL
    idle: bool = False
    """Nobody works on the upload any more: time passes for open ones too."""
    still: bool = False
    """Time does not pass for now."""
    _key: dict[str, str] = field(default_factory=dict)

    def set(self, content: bytes, order: Order) -> None:
        """For a new upload."""
        self.lives.forget()
        self.wire.reset()
        self.filename = f"{secrets.token_hex(8)}.bin"
        self._key = {"Idempotency-Key": secrets.token_hex(16)}
        self.content, self.order, self.idle, self.still = content, order, False, False

    def arm(self) -> None:
        """From here on the points count."""
        self.lives.orders.give(self.order)

    async def insist(self, ask: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
        """The first definite answer."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(httpx2.TransportError):
                    answer = await ask()
                    if _is_definite(answer):
                        return answer
                await self.lives.served()
                await asyncio.sleep(_LOOK)

    async def ask_start(self, **more: Any) -> httpx2.Response:
        wishes = {"filename": self.filename, "size": len(self.content), "sign": 1, "policy": IN_PARTS} | more
        return await self.client.api.post("/v1/uploads", json=wishes, headers=self._key)

    async def started(self, **more: Any) -> Json:
        answer = await self.insist(lambda: self.ask_start(**more))
        assert answer.status_code in {200, 201}, answer.text
        upload: Json = answer.json()["upload"]
        return upload

    async def sent(self, **more: Any) -> Json:
        """Started, and all parts sent and reported."""
        upload = await self.started(**more)
        numbers = range(1, (upload["part_count"] or 1) + 1)
        await self.send(upload, [{"part_number": number} for number in numbers])
        return upload

    async def send(self, upload: Json, wanted: list[Json]) -> None:
        url = f"/v1/uploads/{upload['id']}/parts"
        signed = await self.insist(lambda: self.client.api.post(f"{url}/sign", json={"parts": wanted}))
        assert signed.status_code == 200, signed.text
        claims = [await self.client.send(part, self.content) for part in signed.json()["parts"]]
        told = await self.insist(lambda: self.client.api.put(url, json={"parts": claims}))
        assert told.status_code == 200, told.text

    async def relay(self, upload: Json) -> None:
        """All of it as the one part that it is, through the server."""
        url = f"/v1/uploads/{upload['id']}/parts/1"
        told = await self.insist(lambda: self.client.api.put(url, content=self.content))
        assert told.status_code == 200, told.text

    async def complete(self, upload: Json, **more: Any) -> httpx2.Response:
        url = f"/v1/uploads/{upload['id']}/complete"
        return await self.insist(lambda: self.client.api.post(url, json=more))

    async def abort(self, upload: Json) -> httpx2.Response:
        return await self.insist(lambda: self.client.abort(upload))

    async def known(self) -> Json | None:
        """The upload of this name, as the service lists it."""
        answer = await self.insist(
            lambda: self.client.api.get("/v1/uploads", params={"prefix": self.filename})
        )
        uploads = answer.json()["uploads"]
        return uploads[0] if uploads else None

    async def settled(self) -> None:
        """All that was asked for has ended, nothing wakes it any more, and a server that had to die has done so."""
        await self.until(lambda: self.audit.settled(self.filename))
        if self.lives.orders.current() is not None:
            await self._swept()
        # the dead do not answer, and the next one is not born before they are counted
        await self.insist(lambda: self.client.api.get("/healthz"))

    async def _swept(self) -> None:
        """What the last commit was followed by has been told: the sweep has gone on to other things, or died."""
        reached, claim = self.lives.reached, "ledger.claim_due.before_commit"
        twice = reached.count(claim) + 2

        async def told() -> bool:
            return bool(self.lives.deaths) or reached.count(claim) >= twice

        await self.until(told)

    async def row(self) -> dict[str, Any]:
        [row] = await self.audit.rows(self.filename)
        return row

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await condition():
                await self.lives.served()
                await asyncio.sleep(_LOOK)

    @asynccontextmanager
    async def time_passing(self) -> AsyncIterator[None]:
        """Whatever rests does not rest long."""
        passing = asyncio.create_task(self._pass_time())
        try:
            yield
        finally:
            passing.cancel()
            with suppress(asyncio.CancelledError):
                await passing

    async def _pass_time(self) -> None:
        while True:
            if not self.still:
                await self.audit.pool.execute(_TO_WAKE, self.filename, self.idle)
            await asyncio.sleep(_LOOK)

    async def bury(self) -> None:
        """The dead one's lease runs out."""
        await self.audit.pool.execute(_TO_LEASE_END, self.filename)

    async def sending(self, call: str) -> None:
        """A request stands between server and store."""
        point, order = f"store.{call}.after_send", self.lives.orders.current()
        if order is None:
            return
        self.lives.reached.append(point)
        if order.point == point and self.lives.reached.count(point) == order.nth:
            self.lives.life.kill()
            await self.lives.life.ended()


def _is_definite(answer: httpx2.Response) -> bool:
    if answer.status_code in {202, 503}:
        return False
    return answer.status_code != 409 or answer.json()["code"] not in _WAITING


@asynccontextmanager
async def stage(
    nursery: Nursery, folder: Path, database_url: str, store: LocalStore, tenant: str
) -> AsyncIterator[Stage]:
    """A running server for the uploads of one tenant, and everything around it."""
    key = await create_key(database_url, tenant=tenant, owner=None, name="kills", scopes=frozenset(Scope))
    async with AsyncExitStack() as ending:
        wire = await ending.enter_async_context(_wire_to(store))
        pool = await connections(database_url)
        ending.push_async_callback(pool.close)
        client = await ending.enter_async_context(store_client(store))
        addresses = {
            "COORDINATOR_STORE__ENDPOINT_URL": wire.endpoint_url,
            "COORDINATOR_STORE__PUBLIC_ENDPOINT_URL": store.endpoint_url,
        }

        async def bury() -> None:
            await made.bury()

        lives = Lives(nursery, folder, settings_for(database_url, store, **SETTINGS, **addresses), bury)
        user = await ending.enter_async_context(device(lives.url, key.text))
        made = Stage(lives, wire, user, Audit(pool, client, store.bucket))
        wire.on_send = made.sending
        await lives.start()
        ending.push_async_callback(lives.stop)
        yield made


@asynccontextmanager
async def _wire_to(store: LocalStore) -> AsyncIterator[Wire]:
    wire = Wire(store.endpoint_url)
    server = await asyncio.start_server(wire.connection, LOOPBACK, 0)
    wire.endpoint_url = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        wire.close()
        server.close()
