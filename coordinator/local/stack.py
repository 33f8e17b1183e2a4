"""Postgres and SeaweedFS together, on one data directory: all that `coordinator dev` needs around the service.

Promises: loopback only; the same addresses and secrets at every start on the same directory; both servers end with this
program, however it ends; what was committed or acknowledged before a kill is there at the next start.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from coordinator.local.bucket import LocalStore
from coordinator.local.data_directory import DataDirectory
from coordinator.local.ports import LOOPBACK, require_free
from coordinator.local.postgres import running_postgres
from coordinator.local.seaweedfs import running_seaweedfs

BUCKET = "uploads"
ELSEWHERE = Path("/var/lib/coordinator")


class LocalStack:
    """An async context manager. Entered, it has `directory`, `port`, `origins`, `database_url` and `store`.

    `port` is the service's own, 1 to 65,535; None means the kept one, or at the first start a free one. `origins` are
    allowed at the store beside the service's own. Keep further secrets with `directory.secret(name, make)`.
    Raises ConfigurationError (directory in use, port taken, wheels missing) and ServerStartError.
    """

    directory: DataDirectory
    database_url: str
    store: LocalStore

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        origins: Sequence[str] = (),
        elsewhere: Path = ELSEWHERE,
    ) -> None:
        self.directory = DataDirectory(data_dir, port=port, elsewhere=elsewhere)
        self._more_origins = tuple(origins)
        self._exits = AsyncExitStack()

    @property
    def data_dir(self) -> Path:
        return self.directory.path

    @property
    def port(self) -> int:
        return self.directory.state.service_port

    @property
    def origins(self) -> tuple[str, ...]:
        own = (f"http://{LOOPBACK}:{self.port}", f"http://localhost:{self.port}")
        return tuple(dict.fromkeys((*own, *self._more_origins)))

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exits:
            exits.enter_context(self.directory)
            require_free(
                {"the service": self.port}, setting="--port", remedy="stop it, or give another --port"
            )
            await self._start_both(exits)
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exits.aclose()

    async def _start_both(self, exits: AsyncExitStack) -> None:
        try:
            async with asyncio.TaskGroup() as starts:
                starts.create_task(self._start_postgres(exits))
                starts.create_task(self._start_seaweedfs(exits))
        except ExceptionGroup as group:
            # the first failure cancels the other start; one plain error reads better
            raise group.exceptions[0] from group

    async def _start_postgres(self, exits: AsyncExitStack) -> None:
        state = self.directory.state
        server = running_postgres(
            self.directory.postgres,
            port=state.postgres_port,
            password=state.postgres_password,
            log=self.directory.logs / "postgres.log",
        )
        self.database_url = await exits.enter_async_context(server)

    async def _start_seaweedfs(self, exits: AsyncExitStack) -> None:
        state = self.directory.state
        server = running_seaweedfs(
            self.directory.seaweedfs,
            ports=state.store_ports,
            access_key_id=state.access_key_id,
            secret_access_key=state.secret_access_key,
            bucket=BUCKET,
            origins=self.origins,
            log=self.directory.logs / "seaweedfs.log",
        )
        self.store = await exits.enter_async_context(server)
