"""The client's commands need the base packages alone, and none is imported before it is asked for."""

import json
import subprocess
import sys

import pytest

SERVERS = [
    "aioboto3",
    "alembic",
    "asyncpg",
    "botocore",
    "jwt",
    "prometheus_client",
    "pydantic_settings",
    "sqlalchemy",
    "starlette",
    "structlog",
    "uvicorn",
]
"""What only `coordinator[server]` brings."""

_TELLING = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
"""

_WITHOUT = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {SERVERS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""
"""As after `pip install coordinator`."""


def run(before: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = f"{before}\nimport sys\nsys.argv = ['coordinator', *{arguments!r}]\nfrom coordinator.cli.main import main\nmain()"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["upload", "--help"], ["ls", "--url", "http://127.0.0.1:1"]]
)
def test_no_server_package_is_imported(arguments: list[str]) -> None:
    modules = set(json.loads(run(_TELLING, *arguments).stderr.splitlines()[-1]))
    assert "coordinator.cli.sending_commands" in modules
    assert modules & {*SERVERS, "coordinator.settings"} == set()


def test_help_imports_neither_client_nor_yaml() -> None:
    """So that it is quick."""
    modules = set(json.loads(run(_TELLING, "upload", "--help").stderr.splitlines()[-1]))
    assert modules & {"asyncio", "coordinator.client", "msgspec", "ssl", "yaml"} == set()


@pytest.mark.parametrize("how", ["--quiet", "--json"])
def test_a_script_pays_for_no_bars(how: str) -> None:
    ended = run(_TELLING, "upload", __file__, how, "--url", "http://127.0.0.1:1")
    modules = set(json.loads(ended.stderr.splitlines()[-1]))
    assert "coordinator.cli.transfer" in modules
    assert modules & {"rich.console", "rich.live"} == set()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["config"], 0, ""),
        (["ls", "--url", "http://127.0.0.1:1"], 4, "the connection is refused"),
        (["upload", __file__, "--url", "http://127.0.0.1:1"], 4, "the connection is refused"),
    ],
)
def test_the_base_is_enough_for_a_client(arguments: list[str], code: int, says: str) -> None:
    ended = run(_WITHOUT, *arguments)
    assert (ended.returncode, says in ended.stderr, "Traceback" in ended.stderr) == (code, True, False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve"],
        ["dev"],
        ["migrate"],
        ["doctor"],
        ["sweep"],
        ["audit"],
        ["keys", "list"],
        ["bucket", "setup"],
        ["fail", "0"],
    ],
)
def test_a_server_command_names_the_extra_it_needs(arguments: list[str]) -> None:
    ended = run(_WITHOUT, *arguments)
    assert ended.returncode == 2
    [line] = ended.stderr.splitlines()
    assert line.endswith(
        "is not installed; this command needs the server's packages: pip install 'coordinator[server]' "
        "(dev: 'coordinator[local]')"
    )
