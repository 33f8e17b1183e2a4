import os
import re
import socket
import stat
from pathlib import Path

import pytest

from coordinator.errors import ConfigurationError
from coordinator.local.data_directory import DataDirectory
from coordinator.local.lease import try_lease
from coordinator.local.stack import LocalStack


def opened(path: Path, *, port: int | None = None, elsewhere: Path | None = None) -> DataDirectory:
    return DataDirectory(path, port=port, elsewhere=elsewhere or path.parent / "elsewhere")


def test_two_programs_on_one_directory_are_refused(data_dir: Path) -> None:
    with (
        opened(data_dir),
        pytest.raises(ConfigurationError, match=r"another `coordinator dev` runs on .*data"),
    ):
        opened(data_dir).__enter__()
    with opened(data_dir) as later:
        assert later.state.service_port > 0


@pytest.mark.parametrize("server", ["Postgres", "s3.port", "filer.port.grpc"])
async def test_a_kept_port_that_another_program_has_is_named(data_dir: Path, server: str) -> None:
    with opened(data_dir) as directory:
        state = directory.state
    port = ({"Postgres": state.postgres_port} | state.store_ports.all())[server]
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(ConfigurationError, match=rf"--data-dir: port {port} \({re.escape(server)}\)"):
            await LocalStack(data_dir).__aenter__()
        # the refused start gave everything back: no server that it had begun is left
        for lease in (data_dir / "lock", data_dir / "postgres" / "lease", data_dir / "seaweedfs" / "lease"):
            held = try_lease(lease)
            assert held is not None
            os.close(held)


async def test_a_taken_service_port_is_named(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"--port: port {port} .*give another --port"):
            await LocalStack(data_dir, port=port).__aenter__()


def test_a_given_service_port_is_kept_and_the_others_stay(data_dir: Path) -> None:
    with opened(data_dir) as first:
        pass
    with opened(data_dir, port=first.state.service_port + 1) as second:
        pass
    with opened(data_dir) as third:
        assert third.state == second.state
    assert second.state.service_port == first.state.service_port + 1
    assert second.state.store_ports == first.state.store_ports


def test_a_directory_with_other_things_in_it_is_left_alone(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o755)
    (data_dir / "thesis.txt").write_text("mine")
    before = stat.S_IMODE(data_dir.stat().st_mode)
    with pytest.raises(ConfigurationError, match="not empty"):
        opened(data_dir).__enter__()
    assert stat.S_IMODE(data_dir.stat().st_mode) == before
    assert [entry.name for entry in data_dir.iterdir()] == ["thesis.txt"]


def test_a_broken_state_file_is_named_and_kept(data_dir: Path) -> None:
    with opened(data_dir):
        pass
    (data_dir / "state.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"state\.json cannot be read"):
        opened(data_dir).__enter__()
    assert (data_dir / "state.json").read_text() == "{"


def test_secrets_are_readable_by_their_owner_only(data_dir: Path) -> None:
    with opened(data_dir) as directory:
        directory.secret("api_key", lambda: "k")
    assert stat.S_IMODE((data_dir / "state.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(data_dir.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)


def test_below_a_closed_home_root_keeps_postgres_where_nobody_can_go(data_dir: Path, tmp_path: Path) -> None:
    closed = data_dir / "home"
    closed.mkdir(parents=True)
    closed.chmod(0o700)
    with opened(closed / "data", elsewhere=tmp_path) as first:
        pass
    with opened(closed / "data", elsewhere=tmp_path / "changed") as second:
        pass
    expected = tmp_path if os.geteuid() == 0 else closed / "data"
    assert first.postgres.parent == expected
    assert second.postgres == first.postgres
