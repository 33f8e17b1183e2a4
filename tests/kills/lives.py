"""The server under test, over many lives: born with an order to die, watched, and started again when it is dead."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.server import LOOPBACK, free_port
from tests.e2e.waiting import PATIENCE
from tests.kills.orders import Orders

__all__ = ["Life", "Lives", "Nursery", "nursery"]


@dataclass(eq=False)
class Life:
    """One process."""

    reached: list[str]
    """Where it tells the points."""
    pid: int = 0
    code: int | None = None
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    def hears(self, what: str) -> None:
        match what.split(" "):
            case ["ready"]:
                self._ready.set()
            case ["ended", code]:
                self.code = int(code)
                self._ended.set()
                self._ready.set()
            case _:
                self.reached.append(what)

    async def ready(self) -> bool:
        """Whether it serves; False when it died before."""
        await asyncio.wait_for(self._ready.wait(), PATIENCE)
        return self.code is None

    async def ended(self, patience: float | None = PATIENCE) -> int:
        await asyncio.wait_for(self._ended.wait(), patience)
        assert self.code is not None
        return self.code

    def kill(self) -> None:
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)


class Nursery:
    """Where servers are born; see `tests.kills.nursery`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._born: asyncio.Queue[int] = asyncio.Queue()
        self._lives: dict[int, Life] = {}
        self._unclaimed: list[tuple[int, str]] = []
        self._turn = asyncio.Lock()

    async def bear(self, settings: Mapping[str, str], reached: list[str], orders: Path, log: Path) -> Life:
        assert self._process.stdin is not None
        life = Life(reached)
        told = {"settings": dict(settings), "orders": str(orders), "log": str(log)}
        async with self._turn:
            self._process.stdin.write(json.dumps(told).encode() + b"\n")
            life.pid = await asyncio.wait_for(self._born.get(), PATIENCE)
        self._lives[life.pid] = life
        early, self._unclaimed = self._unclaimed, []
        for pid, what in early:
            self._tell(pid, what)
        return life

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            pid, what = line.decode().rstrip().split(" ", 1)
            if what == "born":
                self._born.put_nowait(int(pid))
            else:
                self._tell(int(pid), what)

    def _tell(self, pid: int, what: str) -> None:
        life = self._lives.get(pid)
        if life is None:
            self._unclaimed.append((pid, what))
        else:
            life.hears(what)
            if life.code is not None:
                del self._lives[pid]

    async def close(self) -> None:
        assert self._process.stdin is not None
        left = list(self._lives.values())
        for life in left:
            life.kill()
        for life in left:
            await life.ended()
        self._process.stdin.close()
        await asyncio.wait_for(self._process.wait(), PATIENCE)


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """Every server that it bore is dead at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.kills.nursery",
        cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    born = Nursery(process)
    listening = asyncio.create_task(born.listen())
    try:
        yield born
    finally:
        await born.close()
        await listening


class Lives:
    """A server on one port that is started again whenever it dies."""

    def __init__(
        self,
        nursery: Nursery,
        folder: Path,
        settings: Mapping[str, str],
        bury: Callable[[], Awaitable[None]],
    ) -> None:
        """`bury` is awaited between a death and the next birth."""
        port = free_port()
        self.url = f"http://{LOOPBACK}:{port}"
        self.orders = Orders(folder / "orders")
        self.log = folder / "log"
        self.reached: list[str] = []
        """The points that counted."""
        self.deaths: list[int] = []
        """How its lives ended."""
        self.life = Life(self.reached)
        self._nursery = nursery
        self._settings = {**settings, "COORDINATOR_PORT": str(port)}
        self._bury = bury
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.life = await self._born()
        self._watching = asyncio.create_task(self._watch())

    def forget(self) -> None:
        """Before a new order."""
        self.orders.withdraw()
        self.reached.clear()
        self.deaths.clear()

    async def served(self) -> None:
        """Raises when there is no server any more, and will be none."""
        if self._watching is not None and self._watching.done():
            await self._watching

    async def stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        self.life.kill()
        await self.life.ended()

    async def _watch(self) -> None:
        while True:
            self.deaths.append(await self.life.ended(patience=None))
            self.orders.withdraw()
            await self._bury()
            self.life = await self._born()

    async def _born(self) -> Life:
        life = await self._nursery.bear(self._settings, self.reached, self.orders.path, self.log)
        if not await life.ready():
            raise AssertionError(
                f"a server ended with {life.code} at its start: {self.log.read_text()[-2000:]}"
            )
        return life
