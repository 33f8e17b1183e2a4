"""SeaweedFS of our own: `weed mini` on loopback, with signatures checked, data and unfinished uploads kept between starts.

* Every flag is given at every start: `mini` otherwise replays the flags of an earlier one from its data directory.
* Its filer accepts unsigned HTTP writes, hence `-disableHttp`; no admin page, no WebDAV, no telemetry.
* The master does not resume its old raft state (`-master.resumeState=false`): having found one, it may refuse writes for
  5 to 15 seconds, by a race at its start. It learns all it needs from the one volume server's first report.
* Paths are relative to its directory: the path of a unix socket may not exceed a hundred bytes.
"""

import json
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from coordinator.local.binaries import find_weed
from coordinator.local.bucket import REGION, LocalStore, configure_bucket, store_client, wait_until_writable
from coordinator.local.lease import wait_for_lease
from coordinator.local.ports import GRPC_OFFSET, LOOPBACK, StorePorts, require_free
from coordinator.local.private_file import write_private
from coordinator.local.process import ServerProcess, ServerStartError

LEFTOVERS_PATIENCE = 15.0
START_PATIENCE = 60.0
STOP_PATIENCE = 3.0
"""Seconds. It often waits ten for its own idle servers; what it has acknowledged survives even a SIGKILL."""


def identities(access_key_id: str, secret_access_key: str) -> str:
    """The one identity there is. Having one at all is what turns signature checking on."""
    keys = {"accessKey": access_key_id, "secretKey": secret_access_key}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    return json.dumps({"identities": [{"name": "coordinator", "credentials": [keys], "actions": actions}]})


def mini_command(weed: Path, ports: StorePorts, origins: Sequence[str]) -> list[str]:
    addresses = [f"-{name}={port}" for name, port in ports.all().items()]
    return [
        *[str(weed), "-logtostderr", "mini", "-dir=data", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}"],
        *addresses,
        *["-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.config=s3.json", "-s3.domainName=s3.localhost"],
        *["-s3.autoCreateBucket=false", "-s3.iam=false", f"-s3.allowedOrigins={','.join(origins)}"],
        *["-webdav=false", "-admin.ui=false", "-disableHttp", "-master.telemetry=false"],
        *["-master.resumeState=false", "-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock"],
    ]


def _lay_out(directory: Path, identities_file: str) -> None:
    directory.mkdir(mode=0o700, exist_ok=True)
    (directory / "data").mkdir(mode=0o700, exist_ok=True)
    write_private(directory / "s3.json", identities_file)


def remove_sockets(ports: StorePorts) -> None:
    """Some of its gRPC sockets SeaweedFS leaves behind, at paths that cannot be set."""
    for server, port in msgspec.structs.asdict(ports).items():
        socket = Path("/tmp") / f"seaweedfs-{server}-grpc-{port + GRPC_OFFSET}.sock"  # noqa: S108 - built into SeaweedFS
        with suppress(OSError):
            socket.unlink()


async def _start(directory: Path, *, ports: StorePorts, origins: Sequence[str], log: Path) -> ServerProcess:
    weed = find_weed()
    lease = await wait_for_lease(directory / "lease", patience=LEFTOVERS_PATIENCE)
    try:
        remedy = f"stop that program, or choose another data directory than {directory.parent}"
        require_free(ports.all(), setting="--data-dir", remedy=remedy)
        return await ServerProcess.start(
            mini_command(weed, ports, origins),
            log=log,
            lease=lease,
            directory=directory,
            environment={"PATH": os.defpath, "HOME": str(directory)},
        )
    finally:
        os.close(lease)


@asynccontextmanager
async def running_seaweedfs(
    directory: Path,
    *,
    ports: StorePorts,
    access_key_id: str,
    secret_access_key: str,
    bucket: str,
    origins: Sequence[str],
    log: Path,
) -> AsyncIterator[LocalStore]:
    """Serves the store in `directory`; yields its address once `bucket` takes writes from pages at `origins`.

    Raises ConfigurationError when a port is taken or SeaweedFS is not installed, ServerStartError when it does not start.
    """
    _lay_out(directory, identities(access_key_id, secret_access_key))
    endpoint_url = f"http://{LOOPBACK}:{ports.s3}"
    store = LocalStore(endpoint_url, REGION, bucket, access_key_id, secret_access_key)
    server = await _start(directory, ports=ports, origins=origins, log=log)
    try:
        async with store_client(store) as client:
            if not await wait_until_writable(
                client, bucket, patience=START_PATIENCE, gone=lambda: server.exited
            ):
                raise ServerStartError("SeaweedFS", "did not start", log)
            await configure_bucket(client, bucket, origins)
        yield store
    finally:
        await server.stop(signal.SIGTERM, patience=STOP_PATIENCE)
        remove_sockets(ports)
