"""A store that runs, and how a server of somebody else's is started for the tests."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from coordinator.local.bucket import LocalStore, store_client, wait_until_writable
from coordinator.local.lease import try_lease
from coordinator.local.process import ServerProcess
from tests.stores.profile import StoreProfile

PATIENCE = 60.0
ACCESS_KEY_ID = "contract"
SECRET_ACCESS_KEY = "contract-secret"
BUCKET = "uploads"
REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class RunningStore:
    name: str
    address: LocalStore
    profile: StoreProfile
    style: Literal["path", "virtual"] = "path"
    keeps_objects: bool = False
    """It is somebody's own: what the tests made there is deleted at the end."""


def program(name: str) -> Path:
    """One that a Python package installed beside the interpreter."""
    return Path(sys.executable).with_name(name)


@asynccontextmanager
async def server(
    command: Sequence[str | Path], *, directory: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[ServerProcess]:
    """Runs in `directory` until the end of the context, and not a moment longer than these tests."""
    name = Path(command[0]).name
    lease = try_lease(directory / f"{name}.lease")
    assert lease is not None, f"{name} already runs in {directory}"
    try:
        process = await ServerProcess.start(
            command,
            log=directory / f"{name}.log",
            lease=lease,
            directory=directory,
            environment={"PATH": os.defpath, "HOME": str(directory), **(environment or {})},
        )
    finally:
        os.close(lease)
    try:
        yield process
    finally:
        await process.stop(signal.SIGTERM, patience=10)


def local_address(port: int, *, access_key_id: str = ACCESS_KEY_ID) -> LocalStore:
    return LocalStore(f"http://127.0.0.1:{port}", REGION, BUCKET, access_key_id, SECRET_ACCESS_KEY)


async def writable(address: LocalStore, process: ServerProcess) -> None:
    """Make the bucket, and wait until it takes a signed write."""
    async with store_client(address) as client:
        assert await wait_until_writable(
            client, address.bucket, patience=PATIENCE, gone=lambda: process.exited
        ), "the store did not start; see its log in the test's directory"


async def run(command: Sequence[str | Path], directory: Path) -> None:
    """A program that has to succeed."""
    process = await asyncio.create_subprocess_exec(*[str(word) for word in command], cwd=directory)
    assert await process.wait() == 0
