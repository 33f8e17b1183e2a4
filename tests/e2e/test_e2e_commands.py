"""`migrate` and `keys`, and the walk-through that README and `dev` show, run as a user runs them."""

import asyncio
import signal
from pathlib import Path

import pytest

from coordinator.cli.walkthrough import walkthrough
from tests.e2e.audit import Audit
from tests.e2e.conftest import Place
from tests.e2e.device import device
from tests.e2e.program import run
from tests.e2e.server import new_key, new_server
from tests.e2e.waiting import PATIENCE, eventually
from tests.postgres import new_database


async def test_a_key_works_is_listed_and_ends(place: Place, tmp_path: Path) -> None:
    database = {"DATABASE_URL": place.audit.database_url}
    key = await new_key(tmp_path, place.audit.database_url, "--tenant", "acme", "--scope", "uploads:read")
    key_id, secret = key.split("_")[1:]
    async with device(place.server.url, key) as backend:
        assert (await backend.api.get("/v1/uploads")).json() == {"uploads": [], "next": None}
        assert (await backend.start(b"x")).status_code == 403

        listed = await run(tmp_path, ["keys", "list", "--tenant", "acme"], database)
        assert listed.code == 0
        assert listed.stdout.split("\t")[:3] == [key_id, "valid", "acme"]
        assert secret not in listed.stdout

        revoked = await run(tmp_path, ["keys", "revoke", key_id], database)
        assert (revoked.code, revoked.stdout) == (0, f"{key_id} is revoked\n")
        refused = await eventually(
            lambda: backend.api.get("/v1/uploads"), lambda answer: answer.status_code != 200
        )
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    again = await run(tmp_path, ["keys", "list", "--tenant", "acme"], database)
    assert again.stdout.split("\t")[1] == "revoked"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["keys", "revoke", "0123456789abcdef"], "there is no key 0123456789abcdef"),
        (["keys", "create", "--name", "x", "--scope", "everything"], "uploads:write"),
    ],
)
async def test_a_wrong_argument_is_named(
    place: Place, tmp_path: Path, arguments: list[str], says: str
) -> None:
    ended = await run(tmp_path, arguments, {"DATABASE_URL": place.audit.database_url})
    assert (ended.code, ended.stdout) == (2, "")
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_an_empty_database_is_migrated_and_served(
    place: Place, postgres_url: str, tmp_path: Path
) -> None:
    async with new_database(postgres_url) as url:
        said = [(await run(tmp_path, ["migrate"], {"DATABASE_URL": url})) for _ in range(2)]
        assert [ended.code for ended in said] == [0, 0]
        assert "it was at nothing" in said[0].stdout
        assert said[1].stdout.endswith(" already\n")

        settings = place.server.settings | {"DATABASE_URL": url}
        async with new_server(tmp_path, settings) as server:
            key = await new_key(tmp_path, url)
            async with device(server.url, key) as user:
                done = await user.uploaded(b"bytes")
            await Audit(url, place.audit.store).ended(done["id"], "completed", reason=None, content=b"bytes")
            assert (await server.stop(signal.SIGINT)).code == 0


async def test_the_walk_through_works_as_it_stands(place: Place, tmp_path: Path) -> None:
    bash = await asyncio.create_subprocess_exec(
        *["bash", "-euo", "pipefail", "-c", walkthrough(place.server.url, place.key)],
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await asyncio.wait_for(bash.communicate(), PATIENCE)
    assert (bash.returncode, stdout.decode()) == (0, "completed\nthe same bytes\n"), stderr.decode()
