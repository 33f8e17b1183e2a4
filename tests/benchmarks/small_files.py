"""Small files from start to complete: method `put` against multipart, on a real service, Postgres and SeaweedFS.

Every file takes a client's three requests (start with its URL, PUT, complete) under either method; what differs is what the
service does for them. Rounds of both take turns; medians. CPU is the service's process alone.

    python -m tests.benchmarks.small_files [--files 200] [--at-once 8] [--rounds 7]
"""

import argparse
import asyncio
import json
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from coordinator.access.principals import Scope
from coordinator.cli.keys import create_key
from coordinator.database.migrations import upgrade
from tests.e2e.server import Server, new_server, settings_for
from tests.postgres import any_postgres, new_database
from tests.seaweedfs import PAGE_ORIGIN, new_seaweedfs

SIZE = 10 * 1024
POLICIES = {"put": {"small_files": "put"}, "multipart": {"small_files": "multipart"}}
TICKS = os.sysconf("SC_CLK_TCK")


class Spent(NamedTuple):
    wall: float
    """Seconds a file."""
    cpu: float
    """Seconds of the service's processor a file."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Small files: one PutObject against multipart.")
    parser.add_argument("--files", type=int, default=200, help="of each method in a round")
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    asyncio.run(compare(asked.files, asked.at_once, asked.rounds))


async def compare(files: int, at_once: int, rounds: int) -> None:
    async with AsyncExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="small-files-")))
        url = await ending.enter_async_context(new_database(await ending.enter_async_context(any_postgres())))
        store = await ending.enter_async_context(new_seaweedfs(folder, origins=[PAGE_ORIGIN]))
        await asyncio.to_thread(upgrade, url)
        key = await create_key(url, tenant="bench", owner=None, name="bench", scopes=frozenset(Scope))
        settings = settings_for(url, store, COORDINATOR_POLICIES=json.dumps(POLICIES))
        server = await ending.enter_async_context(new_server(folder, settings))
        http = await ending.enter_async_context(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), headers={"Accept-Encoding": "identity"}
            )
        )
        authorization = {"Authorization": f"Bearer {key.text}"}
        found: dict[str, list[Spent]] = {policy: [] for policy in POLICIES}
        for turn in range(rounds + 1):
            for policy, spent in found.items():
                measured = await sent(http, server, authorization, policy, files=files, at_once=at_once)
                # the first round warms plans, pools and caches
                spent.extend([measured] if turn else [])
    tell(found, files, at_once, rounds)


async def sent(
    http: aiohttp.ClientSession,
    server: Server,
    authorization: dict[str, str],
    policy: str,
    *,
    files: int,
    at_once: int,
) -> Spent:
    turn = asyncio.Semaphore(at_once)
    content = secrets.token_bytes(SIZE)

    async def one(number: int) -> None:
        async with turn:
            started = await answered(
                http.post(
                    f"{server.url}/v1/uploads",
                    json={"filename": f"{number}.bin", "size": SIZE, "sign": 1, "policy": policy},
                    headers=authorization,
                )
            )
            [part] = started["parts"]
            async with http.put(part["url"], data=content, headers=part["headers"]) as answer:
                assert answer.status == 200, await answer.text()
            done = await answered(
                http.post(
                    f"{server.url}/v1/uploads/{started['upload']['id']}/complete",
                    json={},
                    headers=authorization,
                )
            )
            assert (done["state"], done["method"]) == ("completed", policy)

    began, worked = time.perf_counter(), cpu_of(server.pid)
    await asyncio.gather(*(one(number) for number in range(files)))
    return Spent((time.perf_counter() - began) / files, (cpu_of(server.pid) - worked) / files)


async def answered(asking: Any) -> dict[str, Any]:
    async with asking as answer:
        assert answer.status in {200, 201}, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


def cpu_of(pid: int) -> float:
    """Seconds that a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def tell(found: dict[str, list[Spent]], files: int, at_once: int, rounds: int) -> None:
    print(f"{SIZE // 1024} KiB files, {at_once} at once, {files} a round, {rounds} rounds; medians")
    for policy, spent in found.items():
        wall, cpu = medians(spent)
        print(
            f"{policy:10} {1 / wall:7.1f} files/s   {wall * 1e3:6.2f} ms a file   {cpu * 1e3:5.2f} ms of service CPU"
        )
    ratios = [
        Spent(many.wall / one.wall, many.cpu / one.cpu)
        for one, many in zip(found["put"], found["multipart"], strict=True)
    ]
    wall, cpu = medians(ratios)
    print(f"put is {wall:.2f} times as fast, at 1/{cpu:.2f} of the service's CPU")


def medians(spent: Sequence[Spent]) -> Spent:
    return Spent(statistics.median(s.wall for s in spent), statistics.median(s.cpu for s in spent))


if __name__ == "__main__":
    main()
