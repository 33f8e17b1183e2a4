"""OpenStack Swift behind its s3api: one proxy, one account, one container and one object server, in one folder.

From the package `swift` (Linux; dependency group `swift`), found beside the interpreter or in the folder that TEST_SWIFT names.
"""

import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from getpass import getuser
from pathlib import Path

from coordinator.local.ports import choose_ports
from tests.ports import OwnPorts
from tests.stores.profile import StoreProfile
from tests.stores.running import (
    ACCESS_KEY_ID,
    REGION,
    SECRET_ACCESS_KEY,
    RunningStore,
    local_address,
    run,
    server,
    writable,
)

PROFILE = StoreProfile(
    parts_per_page=50,  # ours to set; a thousand parts would take it most of a minute
    list_parts_after_complete="listed",
    part_after_complete="breaks the object",
)

PARTS = ("account", "container", "object")

RINGS = """
import json, sys
from swift.common.ring import RingBuilder
for name, port in json.loads(sys.argv[1]).items():
    builder = RingBuilder(4, 1, 1)
    builder.add_dev(dict(id=0, region=1, zone=1, ip="127.0.0.1", port=port, device="sda1", weight=1, meta="",
                         replication_ip="127.0.0.1", replication_port=port))
    builder.rebalance()
    builder.get_ring().save(name + ".ring.gz")
"""

SHARED = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
swift_dir = {directory}
devices = {directory}/devices
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
user = {user}
log_address = /nonexistent
log_level = ERROR
"""

STORAGE = """
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""

PROXY = """
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck listing_formats bulk s3api tempauth copy slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:tempauth]
use = egg:swift#tempauth
user_lab_{access_key_id} = {secret_access_key} .admin
[filter:s3api]
use = egg:swift#s3api
location = {region}
storage_domain = s3.localhost
max_upload_part_num = 10000
max_parts_listing = {parts_per_page}
allow_no_owner = true
"""

PLAIN_FILTERS = (
    *("catch_errors", "gatekeeper", "healthcheck", "listing_formats", "bulk"),
    *("copy", "slo", "dlo", "versioned_writes", "symlink"),
)


def swift_folder(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Where its programs are; None: it is not installed."""
    folder = environ.get("TEST_SWIFT", str(Path(sys.executable).parent))
    found = shutil.which("swift-proxy-server", path=folder)
    return None if found is None else Path(found).parent


def lay_out(directory: Path, ports: Mapping[str, int]) -> None:
    (directory / "devices" / "sda1").mkdir(parents=True)
    (directory / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = contract\n")
    filters = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in PLAIN_FILTERS)
    keys = {"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY, "region": REGION}
    keys["parts_per_page"] = str(PROFILE.parts_per_page)
    bodies = {name: STORAGE.format(name=name) for name in PARTS} | {"proxy": PROXY.format(**keys) + filters}
    user = getuser()
    for name, body in bodies.items():
        shared = SHARED.format(port=ports[name], directory=directory, user=user)
        (directory / f"{name}.conf").write_text(shared + body)


@asynccontextmanager
async def running_swift(directory: Path) -> AsyncIterator[RunningStore]:
    folder = swift_folder()
    assert folder is not None
    ports = dict(zip((*PARTS, "proxy"), choose_ports(4, rng=OwnPorts()), strict=True))
    lay_out(directory, ports)
    rings = json.dumps({name: ports[name] for name in PARTS})
    await run([folder / "python", "-c", RINGS, rings], directory)
    address = local_address(ports["proxy"], access_key_id=f"lab:{ACCESS_KEY_ID}")
    async with AsyncExitStack() as stack:
        for name in (*PARTS, "proxy"):
            command = [folder / f"swift-{name}-server", directory / f"{name}.conf"]
            process = await stack.enter_async_context(server(command, directory=directory))
        await writable(address, process)
        yield RunningStore("swift", address, PROFILE)
