"""A terminal of a given size with the command in it, as a person has it: keys go in, everything shown comes out."""

import asyncio
import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.shell import Shell
from tests.e2e.waiting import PATIENCE, eventually

CTRL_C = b"\x03"

_IN_FRONT = "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
"""The terminal's own job, which Ctrl-C and a closed window reach."""


@dataclass
class Terminal:
    process: asyncio.subprocess.Process
    keys: int
    shown: str = ""

    def press(self, key: bytes) -> None:
        os.write(self.keys, key)

    async def shows(self, pattern: str) -> None:
        async def so_far() -> str:
            return self.shown

        await eventually(so_far, lambda shown: re.search(pattern, shown) is not None)

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


@asynccontextmanager
async def terminal(
    shell: Shell, *arguments: str | Path, columns: int = 80, rows: int = 24, **settings: str
) -> AsyncIterator[Terminal]:
    """It is closed at the end, as a window is."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", _IN_FRONT, *shell.command, *map(str, arguments)],
        env={**os.environ, "TERM": "xterm-256color", **shell.settings, **settings},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    opened = Terminal(process, ours)
    watching = asyncio.create_task(_watch(opened))
    try:
        yield opened
        if process.returncode is not None:
            # what it said last may still be on its way
            await asyncio.wait_for(watching, PATIENCE)
    finally:
        watching.cancel()
        os.close(ours)
        await asyncio.wait_for(process.wait(), PATIENCE)


async def _watch(opened: Terminal) -> None:
    """Until nobody holds the other side any more, which a terminal reports as an error."""
    loop = asyncio.get_running_loop()
    os.set_blocking(opened.keys, False)
    readable = asyncio.Event()
    loop.add_reader(opened.keys, readable.set)
    try:
        while True:
            await readable.wait()
            readable.clear()
            with suppress(BlockingIOError):
                opened.shown += os.read(opened.keys, 65_536).decode(errors="replace")
    except OSError:
        return
    finally:
        loop.remove_reader(opened.keys)
