"""Start-up with a wrong setting: one line that names it, no traceback, no secret, and another exit code than 0."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from coordinator.local.bucket import LocalStore
from tests.e2e.program import Ended, run
from tests.e2e.server import LOOPBACK, free_port, settings_for
from tests.postgres import new_database

WRONG: dict[str, tuple[dict[str, str | None], str]] = {
    "token_secret missing": ({"COORDINATOR_TOKEN_SECRET": None}, "token_secret"),
    "token_secret short": ({"COORDINATOR_TOKEN_SECRET": "short-canary"}, "token_secret"),
    "any origin": ({"COORDINATOR_ALLOWED_ORIGINS": "*"}, "allowed_origins"),
    "any origin in a list": ({"COORDINATOR_ALLOWED_ORIGINS": '["*"]'}, "allowed_origins"),
    "anonymous": ({"COORDINATOR_ANONYMOUS": "true"}, "anonymous"),
    "no database": ({"DATABASE_URL": None}, "database_url"),
    "no such setting": ({"COORDINATOR_CONFIG": "/nowhere/settings.yaml"}, "COORDINATOR_CONFIG"),
    "half a pair of keys": ({"COORDINATOR_STORE__ACCESS_KEY_ID": None}, "store"),
    "wrong bucket": ({"COORDINATOR_STORE__BUCKET": "not-there"}, "store.bucket"),
    "wrong secret": (
        {"COORDINATOR_STORE__SECRET_ACCESS_KEY": "canary-wrong-secret"},
        "store.secret_access_key",
    ),
    "unknown key": ({"COORDINATOR_STORE__ACCESS_KEY_ID": "nobody"}, "store.access_key_id"),
    "no store there": (
        {"COORDINATOR_STORE__ENDPOINT_URL": "http://127.0.0.1:{free}"},
        "store.endpoint_url",
    ),
    "no database there": ({"DATABASE_URL": "postgresql://u:canary-pw@127.0.0.1:{free}/x"}, "database_url"),
    "a database port in letters": ({"DATABASE_URL": "postgresql://u:canary-pw@h:abc/x"}, "database_url"),
    "a database port too large": ({"DATABASE_URL": "postgresql://u:canary-pw@h:99999/x"}, "database_url"),
    "half a database address": ({"DATABASE_URL": "postgresql://u:canary-pw@[::1/x"}, "database_url"),
    "an unheard sslmode": ({"DATABASE_URL": "postgresql://u:canary-pw@h/x?sslmode=nope"}, "database_url"),
    "another machine's address": ({"COORDINATOR_HOST": "192.0.2.1"}, "host"),
    "a store port too large": (
        {"COORDINATOR_STORE__ENDPOINT_URL": "http://127.0.0.1:99999"},
        "store.endpoint_url",
    ),
    "wrong password": ({"DATABASE_URL": "{wrong_password}"}, "database_url"),
    "not migrated": ({"DATABASE_URL": "{empty}"}, "database_url"),
    "port taken": ({"COORDINATOR_PORT": "{taken}"}, "port"),
}
"""By what is wrong: the changes to settings that are right (None: without it), and the setting to be named."""


@pytest.fixture(scope="module")
async def places(postgres_url: str) -> AsyncIterator[dict[str, str]]:
    """What stands in braces above."""
    async with new_database(postgres_url) as empty:
        address = urlsplit(empty)
        host = address.netloc.rpartition("@")[2]
        with socket.create_server((LOOPBACK, 0)) as listening:
            yield {
                "free": str(free_port()),
                "taken": str(listening.getsockname()[1]),
                "empty": empty,
                "wrong_password": address._replace(netloc=f"{address.username}:canary-pw@{host}").geturl(),
            }


@pytest.fixture(scope="module")
async def refused(
    ledger: str, seaweedfs: LocalStore, places: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Ended]:
    """How `serve` ended with each of them; several are started at once, because a start is mostly imports."""
    right = settings_for(ledger, seaweedfs, COORDINATOR_TOKEN_SECRET="canary" * 6)
    folder = tmp_path_factory.mktemp("refused")
    turn = asyncio.Semaphore(3)

    async def end_of(changes: dict[str, str | None]) -> Ended:
        changed = {name: value.format(**places) for name, value in changes.items() if value is not None}
        settings = {name: value for name, value in right.items() if name not in changes} | changed
        async with turn:
            return await run(folder, ["serve"], {"COORDINATOR_PORT": str(free_port())} | settings)

    ended = await asyncio.gather(*(end_of(changes) for changes, _ in WRONG.values()))
    return dict(zip(WRONG, ended, strict=True))


@pytest.mark.parametrize("case", WRONG)
async def test_serve_says_which_setting_is_wrong(
    ledger: str, seaweedfs: LocalStore, refused: dict[str, Ended], case: str
) -> None:
    ended, (_, setting) = refused[case], WRONG[case]
    assert (ended.code, ended.stdout) == (2, ""), ended.stderr
    *logged, line = ended.stderr.splitlines()
    assert line.startswith(f"coordinator: {setting}: ")
    assert all(json.loads(one)["level"] in {"info", "error"} for one in logged)
    for secret in ("canary", seaweedfs.secret_access_key, urlsplit(ledger).password):
        assert secret is None or secret not in ended.stderr


@pytest.mark.parametrize("arguments", [["migrate"], ["keys", "list"]], ids=" ".join)
@pytest.mark.parametrize(
    "database_url", ["", "mysql://u:canary-pw@h/x", "postgresql://u:canary-pw@127.0.0.1:{free}/x"]
)
async def test_the_other_commands_want_a_database_too(
    places: dict[str, str], tmp_path: Path, arguments: list[str], database_url: str
) -> None:
    ended = await run(tmp_path, arguments, {"DATABASE_URL": database_url.format(**places)})
    assert ended.code in {1, 2}
    [line] = ended.stderr.splitlines()
    assert "database_url" in line.lower()
    assert "canary" not in line
