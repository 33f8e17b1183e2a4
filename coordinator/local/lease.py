"""A lease is a file lock that says who lives in a directory.

The kernel gives it back when the last process that holds the descriptor is gone, however it died. A program holds one
for its data directory. A server and all its children inherit another one, so that holding that one proves that no
process of an earlier server is alive; a pid file left behind is then stale, whoever has its pid today.
"""

import asyncio
import fcntl
import os
from pathlib import Path

from coordinator.errors import ConfigurationError

PAUSE = 0.02


def try_lease(path: Path) -> int | None:
    """The lease's descriptor, not inherited unless asked for; None while somebody else holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


async def wait_for_lease(path: Path, *, patience: float) -> int:
    """The lease as soon as the servers of a killed program are gone.

    Raises ConfigurationError when something still holds it after `patience` seconds.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + patience
    while (descriptor := try_lease(path)) is None:
        if clock() > deadline:
            problem = f"a server of an earlier start still runs in {path.parent}; end it and start again"
            raise ConfigurationError("--data-dir", problem)
        await asyncio.sleep(PAUSE)
    return descriptor
