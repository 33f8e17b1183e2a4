"""Somebody at a command line: the command with a home of its own, and what it said."""

import asyncio
import json
import os
import shlex
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from tests.e2e import program
from tests.e2e.client_site import Site
from tests.e2e.conftest import Place
from tests.e2e.program import Ended, Program
from tests.e2e.waiting import eventually

Json = dict[str, Any]

SLOWLY = ("--part-size", "5M", "--concurrency", "1", "--limit-rate", "6M")
"""So that one part is at the store long before the next."""


@dataclass(frozen=True, slots=True)
class Shell:
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    command: Sequence[str] = program.COMMAND

    async def run(self, *arguments: str | Path, stdin: bytes | None = None, **settings: str) -> Ended:
        """To its end. `stdin` comes out of a file."""
        with TemporaryFile() as given:
            given.write(stdin or b"")
            given.seek(0)
            started = await program.start(
                self.folder,
                [str(argument) for argument in arguments],
                {**self.settings, **settings},
                command=self.command,
                stdin=given,
            )
            return await started.ended()

    async def piped(self, content: bytes, *arguments: str | Path) -> Ended:
        """To its end, with `content` coming out of a pipe."""
        theirs, ours = os.pipe()
        started = await program.start(
            self.folder,
            [str(argument) for argument in arguments],
            self.settings,
            command=self.command,
            stdin=theirs,
        )
        os.close(theirs)
        await asyncio.to_thread(_pour, ours, content)
        return await started.ended()

    @asynccontextmanager
    async def running(self, *arguments: str | Path, **settings: str) -> AsyncIterator[Program]:
        async with program.running(
            self.folder,
            [str(argument) for argument in arguments],
            {**self.settings, **settings},
            command=self.command,
        ) as started:
            yield started


def _pour(pipe: int, content: bytes) -> None:
    """As much as is read: who has failed reads no more."""
    view = memoryview(content)
    with suppress(BrokenPipeError):
        while view:
            view = view[os.write(pipe, view) :]
    os.close(pipe)


def at(place: Place | Site, folder: Path) -> Shell:
    """A shell whose settings name this place."""
    return Shell(
        folder, {**own_home(folder), "COORDINATOR_URL": place.server.url, "COORDINATOR_API_KEY": place.key}
    )


def own_home(folder: Path) -> dict[str, str]:
    """Nothing of this machine's user decides a test."""
    return {
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "HOME": str(folder),
    }


def events(ended: Ended | Program) -> list[Json]:
    """What `--json` said, as far as its lines are whole."""
    whole = ended.stdout.rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


async def recorded(started: Program, parts: int) -> str:
    """The id of the one upload under way with `--json`, once so many parts of it are at the store."""

    async def latest() -> Json:
        assert started.running, started.stderr
        told = [event for event in events(started) if event["event"] == "progress"]
        return told[-1] if told else {"parts_done": 0}

    return str((await eventually(latest, lambda event: event["parts_done"] >= parts))["upload_id"])


async def said(started: Program, text: str) -> None:
    """Returns once standard error holds the text."""

    async def so_far() -> str:
        assert started.running, started.stderr
        return started.stderr

    await eventually(so_far, lambda stderr: text in stderr)


def said_once(ended: Ended) -> str:
    """The one line on standard error, which must be all there is of it."""
    [line] = ended.stderr.splitlines()
    assert line.startswith("coordinator: ")
    return line.removeprefix("coordinator: ")


def resume_commands(ended: Ended) -> list[list[str]]:
    """The commands that a stopped one proposes, without the program's name."""
    lines = [line for line in ended.stderr.splitlines() if line.startswith("  coordinator ")]
    return [shlex.split(line)[1:] for line in lines]
