"""`coordinator ls`: the uploads of this credential, newest first. For eyes on a terminal; tab-separated when piped."""

from collections.abc import AsyncIterator
from itertools import count
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coordinator.cli.arguments import LONGEST_NAME, check_text
from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.connecting import connected
from coordinator.cli.failure import one_line
from coordinator.cli.interruption import run_heeding
from coordinator.cli.units import shown_size
from coordinator.client import AsyncClient, Upload

__all__ = ["Filter", "run_ls", "shown_progress"]

_WIDE: Final = 110
"""Columns from which an upload fits into one line."""

_STYLES: Final = {"completed": "green", "failed": "bold red", "aborted": "dim", "aborting": "dim"}


class Filter(msgspec.Struct, frozen=True):
    state: str | None
    prefix: str | None
    older_than: int | None
    """Seconds."""
    limit: int | None


def run_ls(settings: ClientSettings, wanted: Filter, *, as_json: bool) -> None:
    """Raises Failure, what the client raises, and OutputFailed when nobody reads on."""
    check_text("--prefix", wanted.prefix, LONGEST_NAME)
    run_heeding(_listed(settings, wanted, as_json=as_json))


async def _listed(settings: ClientSettings, wanted: Filter, *, as_json: bool) -> None:
    console = Console(highlight=False)
    async with connected(settings) as client:
        uploads = _found(client, wanted)
        if as_json:
            async for upload in uploads:
                print(msgspec.json.encode(upload).decode(), flush=True)
        elif console.is_terminal:
            _show([upload async for upload in uploads], console)
        else:
            async for upload in uploads:
                print("\t".join(_cells(upload)), flush=True)


async def _found(client: AsyncClient, wanted: Filter) -> AsyncIterator[Upload]:
    numbers = count(1)
    async for upload in client.uploads(
        state=wanted.state, prefix=wanted.prefix, older_than=wanted.older_than
    ):
        yield upload
        if next(numbers) == wanted.limit:
            return


def _show(uploads: list[Upload], console: Console) -> None:
    if not uploads:
        console.print("no uploads")
    elif console.width >= _WIDE:
        console.print(_table(uploads))
    else:
        for upload in uploads:
            _, state, progress, size, _, name = _cells(upload)
            line = Text.assemble(name, "  ", size, "  ", (state, _STYLES.get(state, "")), f" {progress}")
            console.print(line, soft_wrap=True)
            console.print(Text(f"  {upload.id}", "dim"), soft_wrap=True)


def _table(uploads: list[Upload]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("id", "state", "sent", "size", "started", "name"):
        table.add_column(
            title, no_wrap=title != "name", justify="right" if title in {"sent", "size"} else "left"
        )
    for upload in uploads:
        table.add_row(*(Text(cell, _STYLES.get(cell, "")) for cell in _cells(upload)))
    return table


def _cells(upload: Upload) -> list[str]:
    return [
        str(upload.id),
        upload.state,
        shown_progress(upload),
        "-" if upload.size is None else shown_size(upload.size),
        f"{upload.created_at:%Y-%m-%d %H:%M}",
        one_line(upload.filename),
    ]


def shown_progress(upload: Upload) -> str:
    """Of what the coordinator has recorded; `-` for a stream."""
    if upload.state == "completed":
        return "100%"
    return f"{upload.bytes_uploaded * 100 // upload.size}%" if upload.size else "-"
