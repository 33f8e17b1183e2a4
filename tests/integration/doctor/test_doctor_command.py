"""What `coordinator doctor` prints, and how it ends."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from rich.console import Console

from coordinator.cli.doctor import run_doctor, show
from coordinator.doctor.examination import NAMES
from coordinator.doctor.finding import Finding
from coordinator.errors import ConfigurationError
from coordinator.local.data_directory import State
from coordinator.local.ports import StorePorts
from tests.integration.doctor.command import coordinator, environment
from tests.integration.doctor.patients import PAGE, Healthy


async def test_json_is_a_list_of_findings_and_a_failure_ends_with_1(healthy: Healthy) -> None:
    settings = environment(healthy, {"secret_access_key": "wrong"})
    ended = await coordinator("doctor", "--json", "--origin", PAGE, settings=settings)
    findings = json.loads(ended.stdout)
    assert (ended.code, ended.stderr) == (1, "")
    assert [finding["name"] for finding in findings] == list(NAMES)
    assert {frozenset(finding) for finding in findings} == {frozenset({"name", "status", "detail", "remedy"})}


async def test_plain_lines_when_piped(healthy: Healthy) -> None:
    ended = await coordinator("doctor", settings=environment(healthy, {"bucket": "nobody-made-this"}))
    assert ended.code == 1
    assert "\x1b" not in ended.stdout
    lines = ended.stdout.splitlines()
    [line] = [line for line in lines if line.startswith("failed  store.bucket ")]
    assert lines[lines.index(line) + 1].strip() == "-> Create it, or correct COORDINATOR_STORE__BUCKET."
    assert lines[-1].endswith("failed")


async def test_wrong_settings_end_with_2(healthy: Healthy) -> None:
    ended = await coordinator("doctor", "--origin", "*", settings=environment(healthy))
    assert ended.code == 2
    assert "allowed_origins" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_directory_that_is_not_devs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="coordinator dev"):
        run_doctor([], str(tmp_path), as_json=True)


@pytest.fixture
def data_dir(healthy: Healthy, tmp_path: Path) -> Path:
    """As `dev` would have left it for this store, with a database that is away."""
    port = urlsplit(healthy.store["endpoint_url"]).port
    assert port is not None
    state = State(
        service_port=urlsplit(PAGE).port or 0,
        postgres_port=1,
        postgres_password="p",
        postgres_elsewhere=None,
        store_ports=StorePorts(master=1, volume=1, filer=1, s3=port, admin=1),
        access_key_id=healthy.store["access_key_id"],
        secret_access_key=healthy.store["secret_access_key"],
        secrets={"token_secret": "s" * 32},
    )
    (tmp_path / "state.json").write_bytes(msgspec.json.encode(state))
    return tmp_path


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_the_settings_of_a_dev_come_from_its_directory(healthy: Healthy, data_dir: Path) -> None:
    ended = await coordinator("doctor", "--json", "--data-dir", str(data_dir))
    status = {finding["name"]: finding["status"] for finding in json.loads(ended.stdout)}
    assert [name for name, value in status.items() if value == "failed"][:1] == ["database.reachable"]
    assert (
        status["store.credentials"] == status["store.complete"] == status["settings.token_secret"] == "passed"
    )
    assert names_in(data_dir) == {"state.json"}


def test_symbols_and_colours_on_a_terminal() -> None:
    console = Console(force_terminal=True, color_system="standard", width=40, soft_wrap=True)
    with console.capture() as captured:
        show([Finding("a.b", "passed", "good [bold]", ""), Finding("c.d", "failed", "bad", "mend")], console)
    text = captured.get()
    assert "\x1b[" in text
    assert "✓" in text
    assert "✗" in text
    assert "[bold]" in text
    assert "-> mend" in text
    assert "1 passed, 0 warnings, 1 failed" in text
