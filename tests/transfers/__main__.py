"""Long runs of the client, by hand: too long or too large for every day.

    python -m tests.transfers gibibyte      1 GiB into SeaweedFS, read back
    python -m tests.transfers cut           the network gone for 20 s in the middle, against SeaweedFS
    python -m tests.transfers failing       1 GiB into SeaweedFS, one request in five spoilt on the way
    python -m tests.transfers service       1 GiB into SeaweedFS, kill -9 of the coordinator in the middle, and started again
    python -m tests.transfers client        1 GiB into SeaweedFS, kill -9 of the client in the middle, then a copy elsewhere goes on
    python -m tests.transfers parts         10,000 parts of 5 MiB, a sparse file, into the null sink
    python -m tests.transfers memory        10 GiB, a sparse file, into the null sink over TLS: at most 64 MiB of memory
    python -m tests.transfers stream        4 GiB out of a pipe, by the command line, into the same sink: at most 64 MiB
    python -m tests.transfers limit         two files at once at 20 MB/s together, into the null sink: within 10%

Each prints what it saw and ends with an exit code of its own: 0 as it should be, 1 not.
"""

import argparse
import asyncio
import json
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from coordinator.client import AsyncClient
from coordinator.local.bucket import LocalStore
from tests.benchmarks.client.measure import run
from tests.benchmarks.client.peers import KEY, SECRET, Sender
from tests.benchmarks.client.sink import BUCKET
from tests.benchmarks.client.stage import service, sink, stage
from tests.transfers import trouble
from tests.transfers.content import MIB, random_file, stored

MOST_MEMORY = 64 * MIB
SENDER = Path(__file__).parents[1] / "benchmarks" / "client" / "by_us.py"


def sparse(folder: Path, size: int) -> Path:
    path = folder / "sparse"
    with path.open("wb") as file:
        file.truncate(size)
    return path


async def gibibyte(folder: Path) -> bool:
    path, expected = random_file(folder, 1024)
    async with (
        stage("real", folder) as (store, seen),
        service(folder, store, seen.endpoint_url) as (server, key),
        AsyncClient(server.url, token=key, state=folder / "state") as client,
    ):
        upload = await client.upload(path, digests="md5", file_digest="sha256")
        return await stored(client, str(upload.id)) == expected


@asynccontextmanager
async def null_service(folder: Path, door: str) -> AsyncIterator[tuple[str, str, dict[str, str]]]:
    """The service's URL and key, and what its clients need in their environment."""
    with sink(folder) as doors:
        plain = LocalStore(f"http://localhost:{doors['plain']}", "us-east-1", BUCKET, KEY, SECRET)
        public = f"{'https' if door == 'tls' else 'http'}://localhost:{doors[door]}"
        async with service(folder, plain, public) as (server, key):
            trusted = {"SSL_CERT_FILE": doors["certificate"], "PYTHONPATH": str(Path.cwd())}
            yield server.url, key, trusted


async def parts(folder: Path) -> bool:
    path = sparse(folder, 10_000 * 5 * MIB - 1)
    async with (
        null_service(folder, "plain") as (url, key, _),
        AsyncClient(url, token=key, state=folder / "state") as client,
    ):
        upload = await client.upload(path, part_size=5 * MIB)
        print(json.dumps({"parts": upload.part_count, "state": upload.state}))
        return upload.part_count == 10_000


async def memory(folder: Path) -> bool:
    path = sparse(folder, 10 * 1024 * MIB)
    async with null_service(folder, "tls") as (url, key, trusted):
        command = [sys.executable, str(SENDER), url, key, str(path), "", "asyncio"]
        seen = await asyncio.to_thread(run, Sender("ours", command, trusted), folder, [0])
        print(json.dumps({"rss_mib": seen.rss / MIB, "cpu": seen.cpu, "wall": seen.wall}))
        return seen.rss <= MOST_MEMORY


async def stream(folder: Path) -> bool:
    async with null_service(folder, "tls") as (url, key, trusted):
        sending = [sys.executable, "-m", "coordinator.cli.main", "upload", "-", "--name", "zeros", "--quiet"]
        command = ["sh", "-c", f"head -c {4096 * MIB} /dev/zero | {shlex.join(sending)}"]
        own = {**trusted, "XDG_STATE_HOME": str(folder), "COORDINATOR_URL": url, "COORDINATOR_API_KEY": key}
        seen = await asyncio.to_thread(run, Sender("ours", command, own), folder, [0])
        print(json.dumps({"rss_mib": seen.rss / MIB, "cpu": seen.cpu, "wall": seen.wall}))
        return seen.rss <= MOST_MEMORY


async def limit(folder: Path) -> bool:
    rate, seconds = 20_000_000, 20
    path = sparse(folder, rate * seconds // 2)
    async with (
        null_service(folder, "plain") as (url, key, _),
        AsyncClient(url, token=key, state=folder / "state", limit=rate) as client,
    ):
        began = time.perf_counter()
        await asyncio.gather(*(client.upload(path, filename=name, name=name) for name in ("one", "two")))
        seen = rate * seconds / (time.perf_counter() - began)
        print(json.dumps({"asked": rate, "held": round(seen)}))
        return abs(seen - rate) <= rate / 10


RUNS = {
    "gibibyte": gibibyte,
    "cut": trouble.cut,
    "failing": trouble.failing,
    "service": trouble.service_killed,
    "client": trouble.client_killed,
    "parts": parts,
    "memory": memory,
    "stream": stream,
    "limit": limit,
}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("run", choices=list(RUNS))
    chosen = arguments.parse_args().run
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left running
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        began = time.perf_counter()
        held = asyncio.run(RUNS[chosen](Path(name)))
    print(
        f"{chosen}: {'as it should be' if held else 'NOT as it should be'}, {time.perf_counter() - began:.0f} s"
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
