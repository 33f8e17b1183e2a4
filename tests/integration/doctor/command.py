"""The `coordinator` command as a process of its own."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.integration.doctor.patients import Healthy

PATIENCE = 60.0


@dataclass(frozen=True)
class Ended:
    code: int
    stdout: str
    stderr: str


def environment(healthy: Healthy, store: Mapping[str, Any] | None = None) -> dict[str, str]:
    settings = {
        f"COORDINATOR_STORE__{name.upper()}": value
        for name, value in {**healthy.store, **(store or {})}.items()
    }
    return {"DATABASE_URL": healthy.database_url, "COORDINATOR_TOKEN_SECRET": "s" * 32, **settings}


async def coordinator(
    *arguments: str, settings: Mapping[str, str] | None = None, typed: bytes = b""
) -> Ended:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "coordinator.cli.main", *arguments),
        env={**os.environ, **(settings or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(typed), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())
