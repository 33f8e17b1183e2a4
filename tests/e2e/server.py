"""`coordinator serve` on a real port, with many lives on one address: killed, started again, stopped."""

import secrets
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from coordinator.local.bucket import LocalStore
from coordinator.local.ports import choose_ports
from tests.e2e import program
from tests.e2e.program import Ended, Program, run
from tests.e2e.waiting import eventually
from tests.ports import OwnPorts

LOOPBACK = "127.0.0.1"

IMPATIENT = {
    "COORDINATOR_LEASE": "1",
    "COORDINATOR_SWEEP_INTERVAL": "0.2",
    "COORDINATOR_COMPLETE_DEADLINE": "20",
}
"""So that what a crash left behind is taken up soon; a store on a busy machine still has time for a Complete."""


def settings_for(database_url: str, store: LocalStore, **more: str) -> dict[str, str]:
    """What `coordinator serve` needs in its environment."""
    return {
        "DATABASE_URL": database_url,
        "COORDINATOR_DATABASE_POOL_SIZE": "4",
        "COORDINATOR_TOKEN_SECRET": secrets.token_hex(32),
        "COORDINATOR_STORE__ENDPOINT_URL": store.endpoint_url,
        "COORDINATOR_STORE__REGION": store.region,
        "COORDINATOR_STORE__BUCKET": store.bucket,
        "COORDINATOR_STORE__ACCESS_KEY_ID": store.access_key_id,
        "COORDINATOR_STORE__SECRET_ACCESS_KEY": store.secret_access_key,
        **more,
    }


async def new_key(folder: Path, database_url: str, *options: str) -> str:
    made = await run(folder, ["keys", "create", "--name", "test", *options], {"DATABASE_URL": database_url})
    assert made.code == 0, made.stderr
    return made.stdout.strip()


def free_port() -> int:
    [port] = choose_ports(1, rng=OwnPorts())
    return port


class Server:
    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self._folder = folder
        self._port = free_port()
        self._lives: list[Program] = []
        self.settings = {**settings, "COORDINATOR_PORT": str(self._port)}
        self.url = f"http://{LOOPBACK}:{self._port}"

    @property
    def running(self) -> bool:
        return bool(self._lives) and self._lives[-1].running

    @property
    def pid(self) -> int:
        return self._lives[-1].process.pid

    async def start(self, **changes: str) -> None:
        """A new life; returns when `/readyz` says so."""
        self._lives.append(await program.start(self._folder, ["serve"], {**self.settings, **changes}))
        async with httpx2.AsyncClient(base_url=self.url) as http:
            await eventually(lambda: self._ready(http), lambda ready: ready)

    async def kill(self) -> None:
        await self._lives[-1].signal(signal.SIGKILL)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        return await self._lives[-1].signal(number)

    def output(self) -> str:
        """Everything that any of its lives has said."""
        return "".join(life.stdout + life.stderr for life in self._lives)

    async def _ready(self, http: httpx2.AsyncClient) -> bool:
        assert self.running, self._lives[-1].stderr
        try:
            return (await http.get("/readyz")).status_code == 200
        except httpx2.TransportError:
            return False


@asynccontextmanager
async def new_server(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[Server]:
    """A running server; whatever runs of it at the end is killed."""
    server = Server(folder, settings)
    try:
        await server.start()
        yield server
    finally:
        if server.running:
            await server.kill()
