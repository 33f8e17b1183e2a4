"""A client without asyncio answers or raises, whatever its caller's own functions do."""

import asyncio
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from queue import SimpleQueue
from socket import create_server
from threading import Event, Thread
from typing import Any, cast

import pytest

from coordinator.client import Client, FileMissing, Outcome, Progress, WrongUse

DEADLINE = 60
NOWHERE = "http://127.0.0.1:1"

_FORKED = """
import os, signal, sys
from coordinator.client import Client, ClientError

def no_token():
    raise LookupError

def asks(client):
    try:
        client.get("1")
    except (ClientError, LookupError) as error:
        print(os.getpid() != parent, type(error).__name__, flush=True)

parent = os.getpid()
client = Client("http://127.0.0.1:1", token=no_token, state=sys.argv[1])
outcomes = client.upload_many([sys.argv[1] + "/a", sys.argv[1] + "/b"])
next(outcomes)
child = os.fork()
if not child:
    signal.alarm(60)
    with client:
        asks(client)
        outcomes.close()
    with Client("http://127.0.0.1:1", token=no_token, state=sys.argv[1]) as own:
        asks(own)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
asks(client)
client.close()
"""


def outcome_of(call: Callable[[], Any]) -> Any:
    """What it gives or raises; it must not take for ever."""
    told: SimpleQueue[Any] = SimpleQueue()

    def run() -> None:
        try:
            told.put(call())
        except BaseException as error:  # noqa: BLE001 - SystemExit is what is asked for
            told.put(error)

    Thread(target=run, daemon=True).start()
    return told.get(timeout=DEADLINE)


def no_token() -> str:
    """So that each call fails at once, and nobody has to be asked."""
    raise LookupError("no token")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    client = Client(NOWHERE, token=no_token, state=tmp_path)
    yield client
    outcome_of(client.close)


def test_a_client_asked_in_its_own_callback_says_so(client: Client) -> None:
    seen: list[Any] = []

    def look(_: Progress) -> None:
        for ask in (lambda: client.get("1"), lambda: list(client.uploads()), client.close):
            try:
                ask()
            except WrongUse as error:
                seen.append(str(error))

    failed = outcome_of(lambda: client.upload(b"x", on_progress=look))
    assert isinstance(failed, LookupError)
    assert len(seen) >= 3
    assert all("would wait for itself" in said for said in seen)


def test_an_iteration_may_be_left_in_any_thread(client: Client, tmp_path: Path) -> None:
    """The interpreter collects one where it likes, in the client's own thread too."""
    outcomes = cast("Generator[Outcome]", client.upload_many([tmp_path / "a", tmp_path / "b"]))
    assert isinstance(outcome_of(lambda: next(outcomes)), Outcome)
    failed = outcome_of(lambda: client.upload(b"x", on_progress=lambda _: outcomes.close()))
    assert isinstance(failed, LookupError)
    assert outcome_of(lambda: next(outcomes, None)) is None


def test_a_token_function_that_asks_its_own_client_is_told(tmp_path: Path) -> None:
    def token() -> str:
        return str(own.get("1").id)

    own = Client(NOWHERE, token=token, state=tmp_path)
    failed = outcome_of(own.health)
    assert isinstance(failed, WrongUse)
    assert "would wait for itself" in str(failed)
    outcome_of(own.close)


@pytest.mark.parametrize("turn", [1, 2])
def test_an_exit_in_on_progress_is_raised_to_who_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    """First where a stage begins, then where time has passed: nobody answers here, and so it does."""
    monkeypatch.setattr("coordinator.client.under_way._SETTLE", 0.1)
    looked = 0

    def look(_: Progress) -> None:
        nonlocal looked
        looked += 1
        if looked == turn:
            sys.exit(3)

    with create_server(("127.0.0.1", 0)) as silent:
        client = Client(f"http://127.0.0.1:{silent.getsockname()[1]}", state=tmp_path)
        failed = outcome_of(lambda: client.upload(b"x", on_progress=look))
        assert isinstance(failed, SystemExit)
        assert (failed.code, looked) == (3, turn)
        assert isinstance(outcome_of(lambda: next(client.upload_many([tmp_path / "missing"]))), Outcome)
        outcome_of(client.close)


def test_an_exit_in_a_token_function_is_raised_to_who_waits(tmp_path: Path) -> None:
    def token() -> str:
        raise SystemExit("no key")

    with Client(NOWHERE, token=token, state=tmp_path) as client:
        for call in (client.health, lambda: client.upload(b"x"), lambda: next(client.uploads())):
            assert isinstance(outcome_of(call), SystemExit)


def test_an_exit_in_lazy_paths_is_raised_to_who_waits(client: Client, tmp_path: Path) -> None:
    seen = Event()

    def paths() -> Iterator[Path]:
        yield tmp_path / "missing"
        seen.wait(DEADLINE)
        sys.exit(4)

    outcomes = client.upload_many(paths())
    assert isinstance(outcome_of(lambda: next(outcomes)).error, FileMissing)
    seen.set()
    assert isinstance(outcome_of(lambda: next(outcomes)), SystemExit)
    assert isinstance(outcome_of(lambda: client.get("1")), LookupError)


async def test_a_forked_process_is_told_and_leaves_the_first_one_alone(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _FORKED, str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, problems = await asyncio.wait_for(process.communicate(), 2 * DEADLINE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert said.decode().splitlines() == [
        "True WrongUse",
        "True LookupError",
        "0",
        "False LookupError",
    ], problems
