"""One process at a time sends an upload: the others on this machine wait for their turn, and find it done.

A lock on a file, so that a process that dies frees it; a child that it has forked sends nothing, and keeps none of its
locks. Where no such file can be made, nobody waits: parts sent twice do no harm.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import fcntl

__all__ = ["turn"]

_LOOK: Final = 0.25
_OPEN: Final[set[int]] = set()
"""The descriptors of the locks that this process holds or tries to get."""
_KEPT: Final = 8 * 86_400.0
"""Seconds after which a lock that a killed process left is removed: its upload is over."""


@asynccontextmanager
async def turn(directory: Path, upload_id: str, on_waiting: Callable[[], None]) -> AsyncIterator[bool]:
    """Yields, once it is ours, whether it had to be waited for."""
    path = directory / "locks" / upload_id
    _prune(path.parent)
    waited = False
    while (lock := _take(path)) is None:
        if not waited:
            on_waiting()
        waited = True
        await asyncio.sleep(_LOOK)
    try:
        yield waited
    finally:
        if lock in _OPEN:
            path.unlink(missing_ok=True)
            _close(lock)


def _take(path: Path) -> int | None:
    """A descriptor that holds the lock; None while another does; -1 where there can be no lock."""
    if sys.platform == "win32":
        return -1
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        _OPEN.add(lock)
    except OSError:
        return -1
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # its last holder may have removed the file after we opened it
        if path.stat().st_ino == os.fstat(lock).st_ino:
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        # some file systems have no locks
        _close(lock)
        return -1
    _close(lock)
    return None


def _close(lock: int) -> None:
    _OPEN.discard(lock)
    os.close(lock)


def _leave_to_the_parent() -> None:
    """In a forked child: a lock is held for as long as any process has it open."""
    while _OPEN:
        os.close(_OPEN.pop())


def _prune(locks: Path) -> None:
    oldest = time.time() - _KEPT
    with suppress(OSError):
        for one in locks.iterdir():
            if one.stat().st_mtime < oldest:
                one.unlink()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_leave_to_the_parent)
