"""A server never outlives the program that wanted it, on Linux and macOS alike, whatever kills that program.

Run as a script of its own (`python -I -S guard.py ORDER`, the order being JSON, see `Order`): it starts the server as its
child and then listens on its standard input, a pipe whose other end only the program holds.

* A byte on the pipe is a signal number: the guard sends it to the server.
* End of file means that the program is gone, by `kill -9` too: the guard sends `orphan_signal`, then SIGKILL.
* The guard waits for the server (so that no zombie makes Postgres believe in its stale pid file) and exits as it did.
* Should the guard itself be killed, Linux delivers `orphan_signal` to the server (PR_SET_PDEATHSIG, set after the change
  of user because that change clears it); macOS has no such call.

The server inherits the lease (`lease.py`): the lock is held for as long as any process of the server lives.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import TypedDict

PR_SET_PDEATHSIG = 1
SECONDS_TO_DIE = 5.0


class Order(TypedDict):
    command: list[str]
    environment: dict[str, str]
    user: int | None
    group: int | None
    orphan_signal: int
    lease: int


def death_wish(orphan_signal: int) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    guard = os.getpid()

    def wish() -> None:
        libc.prctl(PR_SET_PDEATHSIG, orphan_signal, 0, 0, 0)
        if os.getppid() != guard:
            os.kill(os.getpid(), signal.SIGKILL)

    return wish


def watch_children() -> int:
    """A descriptor that becomes readable when a child has exited."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(wake)
    return woken


def end_orphan(server: subprocess.Popen[bytes], orphan_signal: int) -> None:
    server.send_signal(orphan_signal)
    try:
        server.wait(SECONDS_TO_DIE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def stand_guard(server: subprocess.Popen[bytes], woken: int, orphan_signal: int) -> int:
    orders = sys.stdin.fileno()
    while server.poll() is None:
        readable, _, _ = select.select([orders, woken], [], [])
        if woken in readable:
            os.read(woken, 64)
        if orders in readable:
            received = os.read(orders, 64)
            if not received:
                end_orphan(server, orphan_signal)
            for number in received:
                server.send_signal(number)
    return server.returncode


def start_server(order: Order) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - the command comes from our own program, never from a request
        order["command"],
        stdin=subprocess.DEVNULL,
        env=order["environment"],
        user=order["user"],
        group=order["group"],
        extra_groups=None if order["user"] is None else [],
        umask=0o077,
        pass_fds=(order["lease"],),
        preexec_fn=death_wish(order["orphan_signal"]),  # noqa: PLW1509 - the guard has a single thread
    )


def main(order: Order) -> int:
    woken = watch_children()
    try:
        server = start_server(order)
    except OSError as error:
        sys.stderr.write(f"cannot start {order['command'][0]}: {error}\n")
        return 127
    os.close(order["lease"])
    status = stand_guard(server, woken, order["orphan_signal"])
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
