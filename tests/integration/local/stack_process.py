"""Starts `stack_program` and looks after its processes."""

import asyncio
import json
import os
import pwd
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own

from coordinator.local.bucket import LocalStore
from coordinator.local.system_user import can_enter

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class StackProcess:
    process: asyncio.subprocess.Process
    port: int
    database_url: str
    store: LocalStore

    def servers(self) -> list[psutil.Process]:
        """Every process below the program: guards, servers and the servers' own children."""
        return list(psutil.Process(self.process.pid).children(recursive=True))

    async def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


async def until(condition: Callable[[], bool], *, patience: float = PATIENCE) -> None:
    async with asyncio.timeout(patience):
        while not condition():  # noqa: ASYNC110 - other processes set no event here
            await asyncio.sleep(0.01)


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def none_lives(processes: Sequence[psutil.Process]) -> Callable[[], bool]:
    return lambda: not any(lives(process) for process in processes)


def as_ordinary_user(command: Sequence[str]) -> list[str]:
    """`command` as it stands unless we are root; then as `nobody`.

    An interpreter below root's closed home is nothing that an ordinary user could have; the one right given here lets
    `nobody` read it, and changes nothing else.
    """
    if os.geteuid() != 0:
        return list(command)
    nobody = pwd.getpwnam("nobody")
    reading = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    interpreters = (Path(sys.executable).parent, Path(sys.executable).resolve().parent, Path.cwd())
    rights = [] if all(can_enter(path) for path in interpreters) else reading
    return [
        *["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *rights],
        # nobody's home is not root's, which it may not even look into
        *["env", f"HOME={nobody.pw_dir}"],
        *command,
    ]


@asynccontextmanager
async def stack_process(data_dir: Path, *, ordinary_user: bool = False) -> AsyncIterator[StackProcess]:
    """A program whose stack on `data_dir` is ready; whatever is left of it at the end is killed."""
    command = [sys.executable, "-m", "tests.integration.local.stack_program", str(data_dir)]
    process = await asyncio.create_subprocess_exec(
        *(as_ordinary_user(command) if ordinary_user else command), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE))
        yield StackProcess(process, ready["port"], ready["database_url"], LocalStore(**ready["store"]))
    finally:
        if process.returncode is None:
            process.kill()
        # reads to the end of the pipe too, which leaves no transport open
        await process.communicate()
