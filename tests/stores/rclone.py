"""`rclone serve s3` over a folder: the least that calls itself S3. Uploads live in its memory alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from coordinator.local.ports import choose_ports
from tests.ports import OwnPorts
from tests.stores.profile import StoreProfile
from tests.stores.running import (
    ACCESS_KEY_ID,
    SECRET_ACCESS_KEY,
    RunningStore,
    local_address,
    program,
    server,
    writable,
)

PROFILE = StoreProfile(
    refuses_expired_with=400,
    checks_md5="refuses and destroys the upload",
    checks_sha256="stores",
    refusal_of_complete="destroys the upload",
    least_part_size="ignored",
    part_sent_again="is refused",
    second_complete="gone",
    put_over_an_object="is accepted",
    object_etag="of bytes",
)


@asynccontextmanager
async def running_rclone(
    directory: Path, *, again: RunningStore | None = None
) -> AsyncIterator[RunningStore]:
    """`again`: an earlier start in this folder, whose address it takes over."""
    [port] = choose_ports(1, rng=OwnPorts())
    address = local_address(port) if again is None else again.address
    (directory / "objects").mkdir(exist_ok=True)
    command = [
        *(
            str(program("rclone")),
            "--config",
            "/dev/null",
            "serve",
            "s3",
            "--addr",
            address.endpoint_url.removeprefix("http://"),
        ),
        *("--auth-key", f"{ACCESS_KEY_ID},{SECRET_ACCESS_KEY}", "objects"),
    ]
    async with server(command, directory=directory) as process:
        await writable(address, process)
        yield RunningStore("rclone", address, PROFILE)
