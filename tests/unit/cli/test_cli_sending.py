"""What is told of files under way, and when."""

import asyncio
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, cast

import msgspec

from coordinator.cli.display import Display, Passed
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure, one_line
from coordinator.cli.sending import Sending
from coordinator.cli.source import Source
from coordinator.client import LeftBehind, OngoingUpload, Upload

FILES = [Source(name, Path(name), name, 1) for name in ("a.mov", "b.mov")]


class Recorder:
    """A display that keeps what it is told."""

    def __init__(self) -> None:
        self.warned_of: list[tuple[str, Passed | None]] = []
        self.both = asyncio.Event()

    def warned(self, text: str, passed: Passed | None = None) -> None:
        self.warned_of.append((text, passed))
        if len(self.warned_of) == 2:
            self.both.set()

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


class Waiting:
    """An upload that is under way until it is told to end."""

    def __init__(self, warnings: list[str], over: asyncio.Event) -> None:
        self.warnings = warnings
        self.progress = type("Progress", (), {"bytes_resumed": 0})
        self._over = over

    def __await__(self) -> Generator[Any, None, Upload]:
        yield from self._over.wait().__await__()
        return old()


def old() -> Upload:
    told: dict[str, Any] = dict.fromkeys(Upload.__struct_fields__)
    told |= dict.fromkeys(("part_size", "parts_uploaded", "bytes_uploaded", "size"), 1)
    told |= dict.fromkeys(("policy", "tenant", "owner", "filename", "content_type", "bucket", "key"), "x")
    told |= dict.fromkeys(("created_at", "updated_at", "expires_at"), "2026-11-22T21:04:00Z")
    told |= {"id": "01900000-0000-7000-8000-000000000000", "state": "open", "method": "put", "metadata": {}}
    return msgspec.convert(told, Upload)


def sending(recorder: Recorder, warnings: dict[str, list[str]], over: asyncio.Event) -> Sending:
    """Of files that have these warnings, by their names."""

    def begin(source: Source) -> OngoingUpload:
        return cast("OngoingUpload", Waiting(warnings[source.filename], over))

    def failure_of(error: Exception) -> Failure:
        raise error

    return Sending(
        begin,
        cast("Display", recorder),
        lambda: 0.0,
        failure_of=failure_of,
        abort_command=lambda upload_id: f"coordinator abort {upload_id}",
    )


async def test_a_warning_is_told_once_and_before_the_file_is_sent() -> None:
    recorder, over = Recorder(), asyncio.Event()
    warnings = {
        "a.mov": ["the disk is full", LeftBehind("it was changed", old())],
        "b.mov": ["the disk is full"],
    }
    files: Iterator[Source] = iter(FILES)
    running = asyncio.create_task(sending(recorder, warnings, over).send(cast("Any", files)))
    await asyncio.wait_for(recorder.both.wait(), 60)
    assert not running.done()
    over.set()
    assert await running is ExitCode.DONE
    (general, about), (behind, passed) = recorder.warned_of
    assert (general, about) == ("the disk is full", None)
    command = f"coordinator abort {old().id}"
    assert behind == (
        "a.mov: it was changed, so it is sent from the beginning; the unfinished upload expires at 2026-11-22 21:04 UTC, or at "
        f"once with: {command}"
    )
    assert passed == Passed("a.mov", str(old().id), command)


async def test_no_name_of_a_file_pushes_the_command_off_the_line() -> None:
    recorder, over = Recorder(), asyncio.Event()
    over.set()
    name = "\x1b" * 255
    warnings: dict[str, list[str]] = {name: [LeftBehind("it was changed", old())]}
    files: Iterator[Source] = iter([Source(name, Path(name), name, 1)])
    await sending(recorder, warnings, over).send(cast("Any", files))
    [(told, _)] = recorder.warned_of
    assert one_line(told).endswith(f"with: coordinator abort {old().id}")
