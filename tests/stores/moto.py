"""moto's server: an emulator, quick and forgetful. It checks no signatures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from coordinator.local.ports import choose_ports
from tests.ports import OwnPorts
from tests.stores.profile import StoreProfile
from tests.stores.running import RunningStore, local_address, program, server, writable

PROFILE = StoreProfile(
    checks_signatures=False,
    checks_md5="stores",
    checks_sha256="stores",
    wrong_order="is accepted",
    complete_of_a_gone_upload="unknown",
    part_of_a_gone_upload=500,
)


@asynccontextmanager
async def running_moto(directory: Path) -> AsyncIterator[RunningStore]:
    [port] = choose_ports(1, rng=OwnPorts())
    address = local_address(port)
    command: list[str | Path] = [program("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    async with server(command, directory=directory) as process:
        await writable(address, process)
        yield RunningStore("moto", address, PROFILE)
