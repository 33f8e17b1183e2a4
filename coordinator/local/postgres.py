"""A Postgres of our own: TCP on loopback only, passwords as SCRAM, no unix socket, data kept between starts.

A cluster is made aside and renamed when it is whole, so that a start interrupted at any point can be repeated. A kill at
any time is a crash to Postgres: the next start replays its log. Its stale pid file is removed here, because to Postgres a
zombie or a foreign process with the old pid is a running server; the lease proves that there is none.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg

from coordinator.local.binaries import find_postgres
from coordinator.local.lease import wait_for_lease
from coordinator.local.ports import LOOPBACK, require_free
from coordinator.local.private_file import write_private
from coordinator.local.process import ServerProcess, ServerStartError
from coordinator.local.system_user import user_for_postgres

ROLE = "coordinator"
DATABASE = "coordinator"
LEFTOVERS_PATIENCE = 15.0
START_PATIENCE = 60.0
STOP_PATIENCE = 8.0
PAUSE = 0.02

SETTINGS = {
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # a failing statement may hold a secret
    "log_min_error_statement": "panic",
}
# for data that nobody will miss
VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Cluster:
    """One Postgres data directory and the programs that serve it."""

    def __init__(self, directory: Path, *, port: int, password: str, log: Path, durable: bool) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.port = port
        self.password = password
        self.log = log
        self.durable = durable
        self.user = user_for_postgres()

    def url(self, database: str) -> str:
        return f"postgresql://{ROLE}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def make_directory(self) -> None:
        missing = [path for path in (self.directory, *self.directory.parents) if not path.exists()]
        self.directory.mkdir(parents=True, exist_ok=True)
        for path in missing:
            path.chmod(0o700 if self.user is None else 0o711)

    async def initialise(self, binaries: Path, lease: int) -> None:
        if self.data.exists():
            return
        new, password_file = self.directory / "data.new", self.directory / "password"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if self.user is not None:
            os.chown(new, self.user.uid, self.user.gid)
        write_private(password_file, self.password, owner=self.user)
        try:
            await self._initdb(binaries, new, password_file, lease)
        finally:
            password_file.unlink()
        new.rename(self.data)

    async def _initdb(self, binaries: Path, data: Path, password_file: Path, lease: int) -> None:
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        names = ["-D", str(data), "-U", ROLE, f"--pwfile={password_file}"]
        initdb = await self._start([str(binaries / "initdb"), *names, *options], lease)
        try:
            status = await initdb.wait()
        finally:
            await initdb.stop(signal.SIGKILL, patience=STOP_PATIENCE)
        if status:
            raise ServerStartError(
                "Postgres", f"could not make its data directory (status {status})", self.log
            )

    async def serve(self, binaries: Path, lease: int) -> ServerProcess:
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        settings = SETTINGS if self.durable else SETTINGS | VOLATILE
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        address = ["-h", LOOPBACK, "-p", str(self.port)]
        return await self._start(
            [str(binaries / "postgres"), "-D", str(self.data), *address, *options], lease
        )

    async def _start(self, command: Sequence[str], lease: int) -> ServerProcess:
        return await ServerProcess.start(
            command,
            log=self.log,
            lease=lease,
            directory=self.directory,
            environment={"PATH": os.defpath, "LC_ALL": "C", "HOME": str(self.directory)},
            user=self.user,
            orphan_signal=signal.SIGQUIT,
        )


async def _connect(cluster: Cluster, server: ServerProcess) -> asyncpg.Connection:
    clock = asyncio.get_running_loop().time
    deadline = clock() + START_PATIENCE
    while not server.exited and clock() < deadline:
        with suppress(OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
            # on loopback, and the wheel has no TLS: nothing of a home directory is looked for
            return await asyncpg.connect(cluster.url("postgres"), timeout=5, ssl=False)
        await asyncio.sleep(PAUSE)
    raise ServerStartError("Postgres", "did not start", cluster.log)


async def _make_database(cluster: Cluster, server: ServerProcess) -> None:
    connection = await _connect(cluster, server)
    try:
        if not await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        await connection.close()


@asynccontextmanager
async def running_postgres(
    directory: Path, *, port: int, password: str, log: Path, durable: bool = True
) -> AsyncIterator[str]:
    """Serves the cluster in `directory`, made at the first start; yields the URL of its database `coordinator`.

    With `durable=False` (tests) nothing waits for the disk. As root, `nobody` must be able to enter `directory`.
    Raises ConfigurationError when the port is taken or no Postgres is installed, ServerStartError when it does not start.
    """
    cluster = Cluster(directory, port=port, password=password, log=log, durable=durable)
    cluster.make_directory()
    binaries = find_postgres(directory, reachable_by_all=cluster.user is not None)
    lease = await wait_for_lease(directory / "lease", patience=LEFTOVERS_PATIENCE)
    try:
        remedy = f"stop that program, or choose another data directory than {directory.parent}"
        require_free({"Postgres": port}, setting="--data-dir", remedy=remedy)
        await cluster.initialise(binaries, lease)
        server = await cluster.serve(binaries, lease)
    finally:
        os.close(lease)
    try:
        await _make_database(cluster, server)
        yield cluster.url(DATABASE)
    finally:
        await server.stop(signal.SIGINT, patience=STOP_PATIENCE)
