"""Parts through the relay against the same parts sent directly, in one run: the rate, and what the server spends on it.

    python tests/benchmarks/relay.py [--rounds 5] [--size 128]

`--size` in MiB, of a part. It starts a Postgres, a SeaweedFS and a `coordinator serve` of its own. The ways take turns;
medians. CPU is the server's, whose own store takes none of it; the client, the store and it share the machine.
"""

import argparse
import asyncio
import hashlib
import statistics
import tempfile
from base64 import b64encode
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own

from coordinator.database.migrations import upgrade
from tests.e2e.device import MIB, Device, Json, asked, device
from tests.e2e.server import Server, new_key, new_server, settings_for
from tests.postgres import any_postgres, new_database
from tests.seaweedfs import PAGE_ORIGIN, new_seaweedfs

PIECE = bytes(range(256)) * (MIB // 256)
WAYS = ("direct", "relay", "relay, MD5", "relay, SHA-256")


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // MIB):
        yield PIECE


def digests_of(size: int) -> dict[str, dict[str, str]]:
    made = {"Content-MD5": hashlib.md5(usedforsecurity=False), "x-amz-checksum-sha256": hashlib.sha256()}
    for _ in range(size // MIB):
        for digest in made.values():
            digest.update(PIECE)
    named = {name: b64encode(digest.digest()).decode() for name, digest in made.items()}
    md5, sha256 = ({name: value} for name, value in named.items())
    return {"direct": {}, "relay": {}, "relay, MD5": md5, "relay, SHA-256": sha256}


async def send(user: Device, upload: Json, way: str, size: int, digests: dict[str, str]) -> None:
    length = {"Content-Length": str(size)}
    if way == "direct":
        [part] = await user.sign(upload, [1])
        answer = await user.store.put(part["url"], headers=part["headers"] | length, content=pieces(size))
        assert answer.status_code == 200, answer.text
        return
    url = f"/v1/uploads/{upload['id']}/parts/1"
    asked(await user.api.put(url, content=pieces(size), headers=length | digests))


def peak(server: Server) -> int:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


async def measure(server: Server, user: Device, rounds: int, size: int) -> None:
    process = psutil.Process(server.pid)
    wall, cpu = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    digests = digests_of(size)
    before = peak(server)
    for _ in range(rounds):
        for way in WAYS:
            # an upload each, so that no round finds what another has recorded
            wishes = {"filename": "film.mov", "size": size + 1, "part_size": size}
            upload = asked(await user.api.post("/v1/uploads", json=wishes))["upload"]
            spent, began = sum(process.cpu_times()[:2]), perf_counter()
            await send(user, upload, way, size, digests[way])
            wall[way].append(perf_counter() - began)
            cpu[way].append(sum(process.cpu_times()[:2]) - spent)
            await user.abort(upload)
    print(f"{'way':16} {'MiB/s':>7} {'of direct':>9} {'server CPU, s a GiB':>20}")
    direct = statistics.median(wall["direct"])
    for way in WAYS:
        took = statistics.median(wall[way])
        a_gib = statistics.median(cpu[way]) * 1024 * MIB / size
        print(f"{way:16} {size / MIB / took:7.0f} {direct / took:9.2f} {a_gib:20.2f}")
    print(f"the server's peak of memory grew by {peak(server) - before} MiB")


async def main(rounds: int, size: int) -> None:
    async with AsyncExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
        postgres = await ending.enter_async_context(any_postgres())
        database = await ending.enter_async_context(new_database(postgres))
        await asyncio.to_thread(upgrade, database)
        store = await ending.enter_async_context(new_seaweedfs(folder, origins=[PAGE_ORIGIN]))
        settings = settings_for(database, store)
        server = await ending.enter_async_context(new_server(folder, settings))
        user = await ending.enter_async_context(device(server.url, await new_key(folder, database)))
        await measure(server, user, rounds, size)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=128)
    given = parser.parse_args()
    asyncio.run(main(given.rounds, given.size * MIB))
