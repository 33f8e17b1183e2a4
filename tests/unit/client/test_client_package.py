import subprocess
import sys

import coordinator.client

SERVERS = {
    "starlette",
    "uvicorn",
    "sqlalchemy",
    "asyncpg",
    "aioboto3",
    "botocore",
    "pydantic",
    "structlog",
    "typer",
    "rich",
    "yaml",
}


def test_importing_it_pulls_in_no_server_package() -> None:
    program = "import sys, coordinator.client; print('\\n'.join(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in ended.stdout.split()}
    assert not loaded & SERVERS
    own = {name for name in ended.stdout.split() if name.startswith("coordinator.")}
    beside = {name for name in own if not name.startswith("coordinator.client")}
    assert beside == {"coordinator.protocol", "coordinator.uploads", "coordinator.uploads.plan"}


def test_the_public_names_are_sorted_and_there() -> None:
    names = coordinator.client.__all__
    assert names == sorted(names)
    assert all(hasattr(coordinator.client, name) for name in names)
