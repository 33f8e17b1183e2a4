"""What senders are measured against: the sink or SeaweedFS, our service beside it, and room for files."""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from coordinator.database.migrations import upgrade
from coordinator.local.bucket import LocalStore
from tests.benchmarks.client.peers import KEY, SECRET, Store
from tests.benchmarks.client.sink import BUCKET
from tests.e2e.server import Server, new_key, new_server, settings_for
from tests.postgres import any_postgres, new_database
from tests.seaweedfs import new_seaweedfs


@contextmanager
def sink(folder: Path) -> Iterator[dict[str, str]]:
    """The sink's ports and certificate."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.client.sink", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


@asynccontextmanager
async def service(folder: Path, store: LocalStore, public_url: str) -> AsyncIterator[tuple[Server, str]]:
    """Our service on a Postgres of its own, and a key; it signs for `public_url`."""
    async with any_postgres() as postgres, new_database(postgres) as url:
        await asyncio.to_thread(upgrade, url)
        more = {"COORDINATOR_STORE__PUBLIC_ENDPOINT_URL": public_url, "COORDINATOR_LOG_LEVEL": "warning"}
        settings = settings_for(url, store, **more) | {"COORDINATOR_DATABASE_POOL_SIZE": "10"}
        async with new_server(folder, settings) as server:
            yield server, await new_key(folder, url)


@asynccontextmanager
async def stage(kind: str, folder: Path) -> AsyncIterator[tuple[LocalStore, Store]]:
    """The store as the service reaches it, and as senders do."""
    if kind == "real":
        async with new_seaweedfs(folder, origins=["http://localhost"]) as store:
            yield (
                store,
                Store(store.endpoint_url, store.bucket, store.access_key_id, store.secret_access_key, None),
            )
        return
    with sink(folder) as doors:
        door = {"small": "plain", "small-far": "shaped"}.get(kind, kind)
        secure = door == "tls"
        public = f"{'https' if secure else 'http'}://localhost:{doors[door]}"
        plain = LocalStore(f"http://localhost:{doors['plain']}", "us-east-1", BUCKET, KEY, SECRET)
        yield plain, Store(public, BUCKET, KEY, SECRET, Path(doors["certificate"]) if secure else None)


@contextmanager
def folders() -> Iterator[tuple[Path, Path]]:
    """One in memory, where there is such a thing, and one on disk that Postgres's own user may enter."""
    memory = "/dev/shm" if Path("/dev/shm").exists() else None
    with tempfile.TemporaryDirectory(dir=memory) as fast, tempfile.TemporaryDirectory() as slow:
        Path(slow).chmod(0o711)
        yield Path(fast), Path(slow)
