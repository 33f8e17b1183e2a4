import asyncio
import errno
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from coordinator.client.turns import turn

HOLDER = """
import asyncio, sys
from pathlib import Path
from coordinator.client.turns import turn
async def main():
    async with turn(Path(sys.argv[1]), "one", lambda: None):
        print("held", flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""

FORKING = """
import asyncio, os, sys
from pathlib import Path
from coordinator.client.turns import turn
async def main():
    async with turn(Path(sys.argv[1]), "one", lambda: None):
        child = os.fork()
        if child == 0:
            if sys.argv[2] == "leaves":
                raise SystemExit
            sys.stdin.read()
            os.write(1, b"the child ends\\n")
            os._exit(0)
        if sys.argv[2] == "leaves":
            os.waitpid(child, 0)
        os.write(1, b"forked\\n")
        await asyncio.sleep(600)
asyncio.run(main())
"""


@asynccontextmanager
async def forking(folder: Path, child: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program that holds a turn, and whose child stays until it may read to its end, or leaves."""
    holder = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", FORKING, str(folder), child],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60):
            assert holder.stdout is not None
            assert await holder.stdout.readline() == b"forked\n"
            yield holder
    finally:
        if holder.returncode is None:
            holder.kill()
        await holder.communicate()


async def test_one_waits_until_the_other_has_ended(tmp_path: Path) -> None:
    waiting = asyncio.Event()
    order: list[str] = []

    async def second() -> None:
        async with turn(tmp_path, "one", waiting.set) as waited:
            order.append(f"second waited: {waited}")

    async with turn(tmp_path, "one", lambda: None) as waited:
        assert not waited
        other = asyncio.create_task(second())
        await asyncio.wait_for(waiting.wait(), 30)
        async with turn(tmp_path, "another", lambda: None) as free:
            assert not free
        order.append("first ends")
    await asyncio.wait_for(other, 30)
    assert order == ["first ends", "second waited: True"]
    assert list((tmp_path / "locks").iterdir()) == []


async def test_a_process_that_is_killed_frees_its_turn(tmp_path: Path) -> None:
    holder = subprocess.Popen(  # noqa: ASYNC220 - its first line is waited for below
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert await asyncio.to_thread(holder.stdout.readline) == "held\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()
    async with asyncio.timeout(30), turn(tmp_path, "one", lambda: None):
        pass


async def test_a_child_that_a_killed_process_has_forked_does_not_keep_its_turn(tmp_path: Path) -> None:
    async with forking(tmp_path, "stays") as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.kill()
        async with turn(tmp_path, "one", lambda: None):
            pass
        holder.stdin.close()
        assert await holder.stdout.read() == b"the child ends\n"


async def test_a_forked_child_that_leaves_a_turn_takes_nothing_away(tmp_path: Path) -> None:
    """It goes through all that its parent has under way, as `sys.exit` does."""
    async with forking(tmp_path, "leaves") as holder:
        waiting = asyncio.Event()
        other = asyncio.create_task(_taken(tmp_path, waiting))
        await waiting.wait()
        holder.kill()
        assert await other


async def _taken(folder: Path, waiting: asyncio.Event) -> bool:
    async with turn(folder, "one", waiting.set) as waited:
        return waited


async def test_where_no_lock_can_be_made_nobody_waits(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with (
        turn(tmp_path / "file", "one", lambda: None),
        turn(tmp_path / "file", "one", lambda: None) as waited,
    ):
        assert not waited


async def test_where_the_file_system_has_no_locks_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    async with asyncio.timeout(30), turn(tmp_path, "one", lambda: None) as waited:
        assert not waited


async def test_locks_that_killed_processes_left_are_pruned(tmp_path: Path) -> None:
    locks = tmp_path / "locks"
    locks.mkdir()
    for name, age in (("old", 9), ("young", 7)):
        (locks / name).touch()
        os.utime(locks / name, times=(time.time() - age * 86_400,) * 2)
    async with turn(tmp_path, "one", lambda: None):
        assert {path.name for path in locks.iterdir()} == {"one", "young"}
