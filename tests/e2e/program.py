"""The `coordinator` command as a process of its own: started, watched, signalled, killed, and everything it said."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import IO

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own

from tests.e2e.waiting import PATIENCE

COMMAND = (sys.executable, "-m", "coordinator.cli.main")


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Program:
    process: asyncio.subprocess.Process
    folder: Path

    @property
    def stdout(self) -> str:
        return (self.folder / "stdout").read_text()

    @property
    def stderr(self) -> str:
        return (self.folder / "stderr").read_text()

    @property
    def running(self) -> bool:
        return self.process.returncode is None

    def all(self) -> list[psutil.Process]:
        """This process and every one below it."""
        return [psutil.Process(self.process.pid), *self.descendants()]

    def descendants(self) -> list[psutil.Process]:
        """Every process below this one: guards, servers, and the servers' own children."""
        return list(psutil.Process(self.process.pid).children(recursive=True))

    async def ended(self) -> Ended:
        code = await asyncio.wait_for(self.process.wait(), PATIENCE)
        return Ended(code, self.stdout, self.stderr)

    async def signal(self, number: signal.Signals) -> Ended:
        """Send it and see the program end."""
        self.process.send_signal(number)
        return await self.ended()


async def start(
    folder: Path,
    arguments: Sequence[str],
    settings: Mapping[str, str],
    *,
    command: Sequence[str] = COMMAND,
    stdin: int | IO[bytes] = asyncio.subprocess.DEVNULL,
) -> Program:
    """Start the command with `settings` in its environment; its output goes to a new folder inside `folder`."""
    own = Path(mkdtemp(dir=folder))
    with (own / "stdout").open("wb") as stdout, (own / "stderr").open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *command,
            *arguments,
            env={**os.environ, **settings},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
    return Program(process, own)


@asynccontextmanager
async def running(
    folder: Path,
    arguments: Sequence[str],
    settings: Mapping[str, str],
    *,
    command: Sequence[str] = COMMAND,
) -> AsyncIterator[Program]:
    """A started program, of which nothing is left at the end."""
    program = await start(folder, arguments, settings, command=command)
    try:
        yield program
    finally:
        if program.running:
            await program.signal(signal.SIGKILL)


async def run(folder: Path, arguments: Sequence[str], settings: Mapping[str, str]) -> Ended:
    """Run the command to its end, which must come soon."""
    async with running(folder, arguments, settings) as program:
        return await program.ended()


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def living(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if lives(process)]
