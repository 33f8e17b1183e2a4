"""Starts a server under a guard (`guard.py`) and stops it gracefully.

Servers get an environment of their own, not ours: SeaweedFS and Postgres both take orders from variables (AWS keys,
PGDATA) that may lie around in a shell. They live in a session of their own: a Ctrl-C in the terminal reaches the
program alone, which then stops them in its own order.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from coordinator.errors import CoordinatorError
from coordinator.local import guard as guard_script
from coordinator.local.guard import Order
from coordinator.local.system_user import SystemUser


class ServerStartError(CoordinatorError):
    """A server of ours did not come up. Names its log, never what stands in it."""

    def __init__(self, name: str, problem: str, log: Path) -> None:
        super().__init__(f"{name} {problem}; its log is {log}")


def open_log(path: Path) -> int:
    """Starts a log afresh and keeps the one of the start before."""
    with suppress(FileNotFoundError):
        path.replace(path.with_name(f"{path.name}.previous"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


class ServerProcess:
    def __init__(self, guard: asyncio.subprocess.Process, orders: int) -> None:
        self._guard = guard
        self._orders = orders

    @classmethod
    async def start(
        cls,
        command: Sequence[str | Path],
        *,
        log: Path,
        lease: int,
        directory: Path,
        environment: Mapping[str, str],
        user: SystemUser | None = None,
        orphan_signal: signal.Signals = signal.SIGKILL,
    ) -> Self:
        """Starts `command` in `directory`; its output goes to `log`. The caller keeps `lease` and closes it."""
        order: Order = {
            "command": [str(word) for word in command],
            "environment": dict(environment),
            "user": None if user is None else user.uid,
            "group": None if user is None else user.gid,
            "orphan_signal": int(orphan_signal),
            "lease": lease,
        }
        orders_out, orders_in = os.pipe()
        output = open_log(log)
        try:
            guard = await asyncio.create_subprocess_exec(
                *[sys.executable, "-I", "-S", guard_script.__file__, json.dumps(order)],
                stdin=orders_out,
                stdout=output,
                stderr=output,
                cwd=directory,
                pass_fds=(lease,),
                start_new_session=True,
            )
        except BaseException:
            os.close(orders_in)
            raise
        finally:
            os.close(orders_out)
            os.close(output)
        return cls(guard, orders_in)

    @property
    def exited(self) -> bool:
        return self._guard.returncode is not None

    async def wait(self) -> int:
        return await self._guard.wait()

    async def stop(self, request: signal.Signals, *, patience: float) -> None:
        """Asks with `request`, and after `patience` seconds insists with SIGKILL. Leaves no process behind."""
        try:
            self._order(request)
            try:
                await asyncio.wait_for(self._guard.wait(), patience)
            except TimeoutError:
                self._order(signal.SIGKILL)
                await self._guard.wait()
        finally:
            # an end of file means "orphan" to a guard that is still there: this holds for a cancelled stop too
            os.close(self._orders)

    def _order(self, number: signal.Signals) -> None:
        with suppress(BrokenPipeError):
            os.write(self._orders, bytes([number]))
