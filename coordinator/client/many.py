"""Many files, and whole folders: some under way at a time, so that starting one overlaps sending another."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coordinator.client.errors import ClientError
from coordinator.client.ongoing import OngoingUpload
from coordinator.protocol import UploadAnswer

__all__ = ["AT_ONCE", "Outcome", "files_in", "send_many"]

AT_ONCE: Final = 32
"""Files under way: their starts and completions take a round trip each, while parts share the places anyway."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: `upload` or `error`."""

    path: str
    relative: str
    """From the folder that was given on, with slashes; the filename for a file."""
    upload: UploadAnswer | None
    error: ClientError | None


def files_in(paths: Iterable[str | os.PathLike[str]]) -> Iterator[tuple[str, str]]:
    """(path, path from the folder given on, its name included) of each file, in order of name.

    Browsers name the files of a folder the same way. Links to folders are not followed.
    """
    for path in map(Path, paths):
        if not path.is_dir():
            yield str(path), path.name
            continue
        for folder, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                found = Path(folder, name)
                yield str(found), Path(path.resolve().name, found.relative_to(path)).as_posix()


async def send_many(
    files: Iterable[tuple[str, str]], begin: Callable[[str, str], OngoingUpload], at_once: int = AT_ONCE
) -> AsyncGenerator[Outcome]:
    """Outcomes as they come. One file's failure is its own; stopping the iteration stops all that is under way."""
    under_way: dict[asyncio.Task[UploadAnswer], tuple[str, str]] = {}
    waiting = iter(files)
    try:
        while True:
            for path, relative in waiting:
                under_way[asyncio.ensure_future(begin(path, relative).result())] = (path, relative)
                if len(under_way) >= at_once:
                    break
            if not under_way:
                return
            done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                yield _outcome(*under_way.pop(one), one)
    finally:
        for one in under_way:
            one.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def _outcome(path: str, relative: str, ended: "asyncio.Task[UploadAnswer]") -> Outcome:
    try:
        return Outcome(path, relative, ended.result(), None)
    except ClientError as error:
        return Outcome(path, relative, None, error)
