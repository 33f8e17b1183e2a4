"""`coordinator dev`: one line for programs, loopback only, the same after any end, and nothing left running."""

import json
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from coordinator.local.bucket import LocalStore
from tests.e2e import program
from tests.e2e.audit import Audit
from tests.e2e.device import Json, asked, device
from tests.e2e.program import Program, living
from tests.e2e.waiting import eventually
from tests.integration.local.stack_process import as_ordinary_user
from tests.postgres import passable_directory

APP = "https://app.example"


@dataclass(frozen=True, slots=True)
class Dev:
    program: Program
    said: Json
    """The line for programs."""

    @property
    def url(self) -> str:
        return str(self.said["url"])

    @property
    def addresses(self) -> Json:
        """What stays the same from start to start."""
        return {name: value for name, value in self.said.items() if name != "pid"}


async def ready(started: Program) -> Dev:
    async def first_line() -> str:
        assert started.running, started.stderr
        return started.stdout.partition("\n")[0] if "\n" in started.stdout else ""

    return Dev(started, json.loads(await eventually(first_line, bool)))


def arguments(data_dir: Path) -> list[str]:
    return ["dev", "--data-dir", str(data_dir), "--json"]


@pytest.fixture(scope="module")
def data_dirs(clean_environment: None) -> Iterator[Path]:
    """A folder for data directories, open to any user."""
    with passable_directory() as folder:
        folder.chmod(0o777)
        yield folder


@pytest.fixture(scope="module")
async def dev(data_dirs: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dev]:
    """An ordinary user's, for tests that only ask; it ends as a service manager ends it."""
    folder = tmp_path_factory.mktemp("dev")
    command = as_ordinary_user(program.COMMAND)
    async with program.running(
        folder,
        arguments(data_dirs / "shared"),
        {"COORDINATOR_ALLOWED_ORIGINS": json.dumps([APP])},
        command=command,
    ) as started:
        found = await ready(started)
        below = started.descendants()
        yield found
        ended = await started.signal(signal.SIGTERM)
        assert (ended.code, "stopped" in ended.stderr) == (0, True), ended.stderr
        assert living(below) == []


async def test_the_first_line_is_all_that_a_program_needs(dev: Dev, data_dirs: Path, content: bytes) -> None:
    assert list(dev.said) == ["url", "api_key", "database_url", "data_dir", "pid", "store"]
    assert (dev.said["data_dir"], dev.said["pid"]) == (str(data_dirs / "shared"), dev.program.process.pid)
    async with device(dev.url, dev.said["api_key"]) as backend:
        done = await backend.uploaded(content)
        assert await backend.download(done) == content
        assert asked(await backend.api.post("/v1/tokens", json={}))["token"]
    audit = Audit(dev.said["database_url"], LocalStore(**dev.said["store"]))
    await audit.ended(done["id"], "completed", reason=None, content=content)


async def test_it_listens_on_loopback_alone(dev: Dev) -> None:
    listening = {
        connection.laddr.ip
        for process in dev.program.all()
        for connection in process.net_connections("tcp")
        if connection.status == "LISTEN"
    }
    assert listening == {"127.0.0.1"}


async def test_whoever_is_on_this_machine_needs_no_credentials(dev: Dev) -> None:
    async with device(dev.url, None) as person:
        upload = (await person.started(b"bytes"))["upload"]
        own_page = await person.api.get(f"/v1/uploads/{upload['id']}", headers={"Origin": dev.url})
        assert own_page.status_code == 200
        by_name = await person.api.get(
            "/v1/uploads", headers={"Host": f"localhost:{httpx2.URL(dev.url).port}"}
        )
        assert by_name.status_code == 200
        await person.send_all(upload, b"bytes")
        assert asked(await person.complete(upload))["state"] == "completed"


async def test_a_page_that_is_let_in_may_write_to_the_store_too(dev: Dev) -> None:
    asks = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
    store = dev.said["store"]
    async with httpx2.AsyncClient(timeout=60) as page:
        for url in (f"{dev.url}/v1/uploads", f"{store['endpoint_url']}/{store['bucket']}/key"):
            answer = await page.options(url, headers=asks)
            assert answer.headers.get("access-control-allow-origin") == APP, url


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "evil.example"}, "host_not_allowed"),
        ({"Host": "127.0.0.1.evil.example"}, "host_not_allowed"),
        ({"Origin": "http://evil.example"}, "origin_not_allowed"),
        ({"Origin": "http://127.0.0.1:1"}, "origin_not_allowed"),
        ({"Origin": "null"}, "origin_not_allowed"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/uploads", "/upload/"])
async def test_pages_of_strangers_are_refused(
    dev: Dev, headers: dict[str, str], code: str, path: str
) -> None:
    async with device(dev.url, None) as person:
        answer = await person.api.get(path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, code)


async def test_a_second_one_on_the_same_directory_says_so(dev: Dev, data_dirs: Path, tmp_path: Path) -> None:
    ended = await program.run(tmp_path, arguments(data_dirs / "shared"), {})
    assert (ended.code, ended.stdout) == (2, "")
    assert f"another `coordinator dev` runs on {data_dirs / 'shared'}" in ended.stderr
    assert "Traceback" not in ended.stderr
    async with device(dev.url, None) as person:
        assert (await person.api.get("/readyz")).status_code == 200


async def test_a_taken_port_is_named(data_dirs: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = await program.run(tmp_path, [*arguments(data_dirs / "taken"), "--port", port], {})
    assert (ended.code, ended.stdout) == (2, "")
    assert f"--port: port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_after_a_kill_everything_is_where_it_was(
    data_dirs: Path, tmp_path: Path, content: bytes
) -> None:
    async with program.running(tmp_path, arguments(data_dirs / "killed"), {}) as started:
        first = await ready(started)
        async with device(first.url, first.said["api_key"]) as user:
            begun = await user.started(content, sign=2)
            upload = begun["upload"]
            await user.report(upload, [await user.send(begun["parts"][0], content)])
            await user.send(begun["parts"][1], content)
        below = started.descendants()
        assert {"postgres", "weed"} <= {process.name() for process in below}
        assert (await started.signal(signal.SIGKILL)).code == -signal.SIGKILL

        async def left() -> list[object]:
            return list(living(below))

        await eventually(left, lambda found: not found)

    async with program.running(tmp_path, arguments(data_dirs / "killed"), {}) as again:
        second = await ready(again)
        assert second.addresses == first.addresses
        async with device(second.url, second.said["api_key"]) as user:
            listed = asked(await user.api.get(f"/v1/uploads/{upload['id']}/parts?refresh=true"))["parts"]
            assert [part["part_number"] for part in listed] == [1, 2]
            [last] = await user.sign(upload, [3])
            await user.report(upload, [await user.send(last, content)])
            assert asked(await user.complete(upload))["state"] == "completed"
            assert await user.download(upload) == content
        audit = Audit(second.said["database_url"], LocalStore(**second.said["store"]))
        await audit.ended(upload["id"], "completed", reason=None, content=content)

        below = again.descendants()
        ended = await again.signal(signal.SIGINT)
        assert (ended.code, "stopped" in ended.stderr) == (0, True), ended.stderr
        assert living(below) == []
        assert "Traceback" not in ended.stderr
