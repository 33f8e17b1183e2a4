"""Transfers that something happens to, all into SeaweedFS and read back. Each returns whether the object is the file."""

import asyncio
import json
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from coordinator.client import AsyncClient, OngoingUpload
from tests.benchmarks.client.stage import service, stage
from tests.e2e import sending
from tests.e2e.cable import Cable, cable_to
from tests.e2e.program import Program, running
from tests.e2e.server import Server
from tests.e2e.waiting import eventually
from tests.transfers.content import MIB, random_file, stored

GIBIBYTE = 1024
CUT = 20.0
THIRD = 20
"""Of the 60 parts that a GiB is cut into."""
LONG = 600.0
"""Seconds for a GiB on a machine that does much else."""
SPOILT = 0.2
SLOWLY = 60_000_000
"""Bytes a second: what is under way when a sender is killed is far from all the rest."""


@asynccontextmanager
async def behind_a_cable(folder: Path) -> AsyncIterator[tuple[Server, str, Cable]]:
    async with (
        stage("real", folder) as (store, _),
        cable_to(store.endpoint_url) as cable,
        service(folder, store, cable.endpoint_url) as (server, key),
    ):
        yield server, key, cable


@asynccontextmanager
async def before_a_store(folder: Path) -> AsyncIterator[tuple[Server, str]]:
    async with stage("real", folder) as (store, seen), service(folder, store, seen.endpoint_url) as started:
        yield started


def client_of(server: Server, key: str, folder: Path, **more: Any) -> AsyncClient:
    return AsyncClient(server.url, token=key, state=folder / "state", **more)


async def until_parts(ongoing: OngoingUpload, count: int) -> None:
    async for progress in ongoing:
        if progress.parts_done >= count:
            return


async def cut(folder: Path) -> bool:
    path, expected = random_file(folder, 256)
    async with (
        behind_a_cable(folder) as (server, key, cable),
        client_of(server, key, folder, limit=30_000_000) as client,
    ):
        ongoing = client.uploading(path, part_size=8 * MIB)
        await until_parts(ongoing, 4)
        cable.cut()
        await asyncio.sleep(CUT)  # what is proven here is that this much time passes
        cable.mend()
        upload = await ongoing
        return await stored(client, str(upload.id)) == expected


async def failing(folder: Path) -> bool:
    """One request in five is answered 503 or 403, broken off in the middle, or loses its answer."""
    path, expected = random_file(folder, GIBIBYTE)
    async with behind_a_cable(folder) as (server, key, cable), client_of(server, key, folder) as client:
        cable.share = SPOILT
        upload = await client.upload(path, part_size=8 * MIB, digests="on")
        cable.share = 0.0
        print(json.dumps({"parts": upload.part_count, "spoilt": cable.spoilt}))
        return cable.spoilt > 0 and await stored(client, str(upload.id)) == expected


async def service_killed(folder: Path) -> bool:
    """kill -9 of the coordinator with a third of the parts at the store, and a new life of it."""
    path, expected = random_file(folder, GIBIBYTE)
    async with before_a_store(folder) as (server, key), client_of(server, key, folder) as client:
        ongoing = client.uploading(path)
        await until_parts(ongoing, THIRD)
        killed_at = ongoing.progress.parts_done
        await server.kill()
        await server.start()
        upload = await ongoing
        print(json.dumps({"parts": upload.part_count, "killed_at": killed_at}))
        return await stored(client, str(upload.id)) == expected


async def client_killed(folder: Path) -> bool:
    """kill -9 of the client with a third of the parts at the store; a copy elsewhere goes on, known by its content alone."""
    path, expected = random_file(folder, GIBIBYTE)
    async with before_a_store(folder) as (server, key), client_of(server, key, folder) as client:
        slowly = json.dumps({"limit": SLOWLY})
        first = [server.url, key, str(folder / "one state"), str(path), slowly]
        async with sender(folder, first) as program:
            await eventually(lambda: said(program), lambda last: last["parts_done"] >= THIRD, patience=LONG)
            await program.signal(signal.SIGKILL)
            killed = await said(program)
        (folder / "elsewhere").mkdir()
        copy = Path(shutil.copyfile(path, folder / "elsewhere" / path.name))
        path.unlink()
        began = time.perf_counter()
        async with sender(folder, [server.url, key, str(folder / "another state"), str(copy)]) as program:
            await asyncio.wait_for(program.process.wait(), LONG)
            resumed = await said(program)
        seconds = round(time.perf_counter() - began, 1)
        print(
            json.dumps({"killed_at": killed["parts_done"], "resumed": resumed["bytes_resumed"], "s": seconds})
        )
        same = resumed["upload_id"] == killed["upload_id"] and resumed["stage"] == "completed"
        went_on = resumed["bytes_resumed"] >= THIRD * 16 * MIB
        return same and went_on and await stored(client, killed["upload_id"]) == expected


@asynccontextmanager
async def sender(folder: Path, arguments: list[str]) -> AsyncIterator[Program]:
    async with running(folder, arguments, {}, command=(sys.executable, "-m", sending.__name__)) as program:
        yield program


async def said(program: Program) -> dict[str, Any]:
    """The last progress that the program told, whole."""
    for line in reversed(program.stdout.splitlines(keepends=True)):
        if line.endswith("}\n") and "parts_done" in (found := json.loads(line)):
            return dict(found)
    return {"parts_done": 0}
