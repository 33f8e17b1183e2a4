"""A service whose clients reach the store through a cable, and what the client's tests need around it."""

import hashlib
import json
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from coordinator.client import AsyncClient, OngoingUpload, Progress, Upload
from coordinator.local.bucket import LocalStore
from tests.e2e.cable import Cable, cable_to
from tests.e2e.program import Program, running
from tests.e2e.server import IMPATIENT, Server, new_key, new_server, settings_for
from tests.e2e.waiting import eventually
from tests.postgres import new_database

MIB = 1024 * 1024
PART = 5 * MIB
SENDING = (sys.executable, "-m", "tests.e2e.sending")


@dataclass(frozen=True)
class Site:
    """A service whose clients reach the store through a cable."""

    server: Server
    key: str
    cable: Cable
    folder: Path

    def client(self, folder: Path, **options: Any) -> AsyncClient:
        return AsyncClient(self.server.url, token=self.key, state=folder / "state", **options)

    @asynccontextmanager
    async def sending(self, folder: Path, source: Path | str, **options: Any) -> AsyncIterator[Program]:
        arguments = [self.server.url, self.key, str(folder / "state"), str(source), json.dumps(options)]
        async with running(folder, arguments, {}, command=SENDING) as program:
            yield program


@asynccontextmanager
async def new_site(
    folder: Path, postgres_url: str, migrated_template: str, seaweedfs: LocalStore
) -> AsyncIterator[Site]:
    async with (
        new_database(postgres_url, template=migrated_template) as url,
        cable_to(seaweedfs.endpoint_url) as cable,
    ):
        address = {"COORDINATOR_STORE__PUBLIC_ENDPOINT_URL": cable.endpoint_url}
        plain = {"COORDINATOR_POLICIES__plain__CONTENT_ENCODINGS": "[]"}
        settings = settings_for(url, seaweedfs, **IMPATIENT, **address, **plain)
        async with new_server(folder, settings) as server:
            yield Site(server, await new_key(folder, url), cable, folder)


def new_file(folder: Path) -> Path:
    """Eight parts of 5 MiB and a rest."""
    path = folder / f"{uuid4()}.bin"
    path.write_bytes(random.randbytes(8 * PART + 12_345))
    return path


async def stored(client: AsyncClient, upload: Upload) -> str:
    """The SHA-256 of what the store gives back."""
    digest = hashlib.sha256()
    async with httpx2.AsyncClient(timeout=60) as http:
        url = (await client.download_url(str(upload.id))).url
        async with http.stream("GET", url) as answer:
            assert answer.status_code == 200
            async for piece in answer.aiter_bytes():
                digest.update(piece)
    return digest.hexdigest()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def until(sending: OngoingUpload, parts: int) -> Progress:
    async for progress in sending:
        if progress.parts_done >= parts:
            return progress
    raise AssertionError(f"it ended before {parts} parts")


def lines(program: Program) -> list[dict[str, Any]]:
    return [json.loads(line) for line in program.stdout.splitlines()]


async def said_parts(program: Program, parts: int) -> str:
    """Waits until so many parts are done; the upload's id."""

    async def read() -> dict[str, Any]:
        assert program.running, program.stderr
        said = lines(program) or [{}]
        return said[-1]

    said = await eventually(read, lambda one: one.get("parts_done", 0) >= parts)
    return str(said["upload_id"])
