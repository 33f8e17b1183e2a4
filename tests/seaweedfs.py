"""A real store for the tests: SeaweedFS from the wheel, which checks signatures, lengths and digests."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from coordinator.local.bucket import LocalStore
from coordinator.local.ports import choose_store_ports
from coordinator.local.seaweedfs import running_seaweedfs
from tests.ports import OwnPorts

PAGE_ORIGIN = "http://app.example"


@asynccontextmanager
async def new_seaweedfs(directory: Path, *, origins: Sequence[str]) -> AsyncIterator[LocalStore]:
    """A store of its own in `directory` for pages at `origins`, with an empty bucket."""
    server = running_seaweedfs(
        directory / "seaweedfs",
        ports=choose_store_ports(rng=OwnPorts()),
        access_key_id=secrets.token_hex(10),
        secret_access_key=secrets.token_hex(20),
        bucket="uploads",
        origins=origins,
        log=directory / "seaweedfs.log",
    )
    async with server as store:
        yield store
