"""One command's sending from beginning to end, whichever end that is: done, failed, stopped by a signal or by a closed pipe."""

import asyncio
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.connecting import connected
from coordinator.cli.credential import not_let_in
from coordinator.cli.display import Display, Left
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure
from coordinator.cli.interruption import run_heeding
from coordinator.cli.json_display import JsonDisplay
from coordinator.cli.output import OutputFailed
from coordinator.cli.plain_display import PlainDisplay, tell_stopped
from coordinator.cli.refusal import Given, refused
from coordinator.cli.sending import Sending
from coordinator.cli.signals import Interrupted
from coordinator.cli.source import STDIN, Source, Unsendable
from coordinator.client import AsyncClient, ClientError, OngoingUpload, Unauthorized

__all__ = ["Transfer", "command_here", "display_for", "resume_command", "run_transfer"]

_PATIENCE: Final = 10.0
"""Seconds for aborting what cannot be resumed."""

_OVER: Final = {"completed", "aborting", "aborted", "failed"}


@dataclass(frozen=True, slots=True)
class Transfer:
    settings: ClientSettings
    found: Callable[[], Iterator[Source | Unsendable]]
    """May be called twice: what is found is counted beside being sent."""
    begin: Callable[[AsyncClient, Source], OngoingUpload]
    display: Display
    again: bool = True
    """Whether the same command goes on where it was stopped."""
    resumable: bool = True
    """False: what is under way at a stop is of no use to anybody, and is aborted."""
    given: Given = field(default_factory=dict)
    """What a refusal may be about."""


def display_for(*, as_json: bool, quiet: bool) -> Display:
    if as_json:
        return JsonDisplay()
    if quiet:
        return PlainDisplay(time.monotonic, steps=False)
    # bars take two MiB and some hundredths of a second, which scripts need not pay
    from rich.console import Console

    from coordinator.cli.terminal_display import TerminalDisplay

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal or console.is_dumb_terminal:
        return PlainDisplay(time.monotonic, steps=True)
    return TerminalDisplay(console, time.monotonic)


def run_transfer(transfer: Transfer) -> None:
    """Raises SystemExit with the code when not everything was sent, and what stopped it."""
    left: list[Left] = []
    try:
        code = run_heeding(_transferred(transfer, left))
    except Interrupted as interrupted:
        _stopped(transfer, left)
        raise SystemExit(interrupted.code) from None
    except Failure:
        if left:
            _stopped(transfer, left)
        raise
    except OutputFailed as failed:
        # the display would say it where nothing can be written; its bars would wipe out what is said under them
        with suppress(OutputFailed):
            transfer.display.close()
            if left or failed.ends_with:
                tell_stopped(left, again=transfer.again)
        raise
    finally:
        with suppress(OutputFailed):
            transfer.display.close()
    if code is not ExitCode.DONE:
        sys.exit(code)


def _failure(transfer: Transfer, error: Exception) -> Failure:
    if isinstance(error, Unauthorized):
        return not_let_in(transfer.settings, error)
    return refused(error, transfer.given)


def _stopped(transfer: Transfer, left: Sequence[Left]) -> None:
    with suppress(OutputFailed):
        transfer.display.stopped(left, again=transfer.again)


async def _transferred(transfer: Transfer, left: list[Left]) -> ExitCode:
    async with connected(transfer.settings) as client:
        sending = Sending(
            partial(transfer.begin, client),
            transfer.display,
            time.monotonic,
            failure_of=partial(_failure, transfer),
            abort_command=partial(command_here, transfer.settings, "abort"),
        )
        counting = asyncio.create_task(_counted(transfer))
        try:
            return await sending.send(transfer.found())
        finally:
            counting.cancel()
            under_way = [
                (source, one)
                for source, one in sending.left
                if one.upload is not None and one.upload.state not in _OVER
            ]
            if transfer.resumable:
                left += [_left(transfer.settings, source, one) for source, one in under_way]
            else:
                await _clear_away(transfer, [one for _, one in under_way])


async def _counted(transfer: Transfer) -> None:
    """Beside the sending; a pause now and then lets that go on."""
    files = size = 0
    for one in transfer.found():
        if isinstance(one, Source):
            files, size = files + 1, size + (one.size or 0)
        if files % 100 == 0:
            await asyncio.sleep(0)
    transfer.display.found(files, size)


async def _clear_away(transfer: Transfer, under_way: Sequence[OngoingUpload]) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            await asyncio.gather(*(one.cancel(keep=False) for one in under_way))
    except (ClientError, TimeoutError):
        ids = [str(one.upload.id) for one in under_way if one.upload is not None]
        told = f"what was under way could not be aborted: {command_here(transfer.settings, 'abort', *ids)}"
    else:
        told = "what is compressed on the way cannot be resumed, so it was aborted; run the same command again to begin anew"
    if under_way:
        with suppress(OutputFailed):
            transfer.display.warned(told)


def _left(settings: ClientSettings, source: Source, one: OngoingUpload) -> Left:
    upload_id = "" if one.upload is None else str(one.upload.id)
    return Left(source.shown, upload_id, resume_command(settings, source, upload_id))


def resume_command(settings: ClientSettings, source: Source, upload_id: str) -> str:
    """The command that resumes it from any directory."""
    file = STDIN if source.path is None else str(source.path.absolute())
    command = command_here(settings, "resume", upload_id, file)
    return command if source.path is not None else f"{command}  # with the same bytes piped in"


def command_here(settings: ClientSettings, *words: str) -> str:
    """A command from any directory, with the coordinator it speaks to where only this one names that."""
    url, data_dir = settings.found["url"], settings.found["data_dir"]
    flags: list[str] = []
    if data_dir.value is not None and (data_dir.origin == "--data-dir" or not data_dir.value.is_absolute()):
        flags = ["--data-dir", str(data_dir.value.absolute())]
    elif url.origin == "--url":
        flags = ["--url", str(url.value)]
    name, *arguments = words
    return shlex.join(["coordinator", name, *flags, *arguments])
