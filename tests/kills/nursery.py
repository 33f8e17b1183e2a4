"""A process that has imported the service and forks a server whenever it is asked to: a start without the imports.

Reads an order a line, `{"settings": ..., "orders": path, "log": path}`, and says a line about
each thing that happens: `<pid> born`, `<pid> ready`, `<pid> <point>`, `<pid> ended <signal or exit code>`. The children
are processes of their own, with their own loop, connections and port; each is killed without the others' hearing of it.
"""

import asyncio
import gc
import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from botocore.loaders import JSONFileLoader

from coordinator.app import create_app
from coordinator.cli.server import run, serve
from coordinator.logs import configure_logs
from coordinator.settings import load_settings
from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.storage.options import S3Options
from coordinator.storage.s3 import open_s3_store
from tests.kills.failing import Failpoints
from tests.kills.orders import Orders

__all__ = ["main"]


def main() -> None:
    asyncio.run(_warm())
    gc.freeze()
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    unread = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _say_who_ended()
        if 0 in ready:
            read = os.read(0, 65536)
            if not read:
                return
            *orders, unread = (unread + read).split(b"\n")
            for order in orders:
                _bear(json.loads(order))


async def _warm() -> None:
    """Let the children inherit what the SDK reads from its files for each client, which is a third of a start."""
    read, kept = JSONFileLoader.load_file, dict[str, Any]()

    def read_once(loader: Any, path: str) -> Any:
        if path not in kept:
            kept[path] = read(loader, path)
        return kept[path]

    JSONFileLoader.load_file = read_once  # type: ignore[method-assign, assignment]  # in this process alone
    nobody = StaticCredentials(Credentials("nobody", "nothing"))
    async with open_s3_store(S3Options("http://127.0.0.1", "us-east-1", "nowhere", nobody)):
        pass


def _bear(order: dict[str, Any]) -> None:
    pid = os.fork()
    if pid:
        _say(pid, "born")
        return
    try:
        _live(order)
    finally:
        # what a fork inherits is never cleaned up by the child
        os._exit(1)


def _live(order: dict[str, Any]) -> NoReturn:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    said = os.dup(1)
    with Path(order["log"]).open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    for name in [name for name in os.environ if name.startswith(("COORDINATOR_", "AWS_"))]:
        del os.environ[name]
    os.environ |= order["settings"]

    def say(what: str) -> None:
        os.write(said, f"{os.getpid()} {what}\n".encode())

    settings = load_settings()
    configure_logs(settings)
    points = Failpoints(Orders(Path(order["orders"])).current, say)
    try:
        run(serve(create_app(settings, around=points.around), settings, lambda: say("ready")))
    except BaseException as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        raise
    os._exit(0)


def _say_who_ended() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say(pid, f"ended {os.waitstatus_to_exitcode(status)}")


def _say(pid: int, what: str) -> None:
    os.write(1, f"{pid} {what}\n".encode())


if __name__ == "__main__":
    main()
