"""Many files, and whole folders: some under way at a time, so that starting one overlaps sending another."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from coordinator.client.errors import ClientError, FileError, FileUnreadable
from coordinator.client.files import real_path
from coordinator.client.ongoing import OngoingUpload
from coordinator.protocol import UploadAnswer
from coordinator.uploads.plan import AWS_LIMITS

__all__ = ["AT_ONCE", "Outcome", "files_in", "send_many"]

AT_ONCE: Final = 64
"""Small files under way: while some are sent, others are started and completed, and the more of them at once, the fewer
requests that takes (together.py). Parts share the places anyway."""

_OF_LARGE: Final = 2
"""Small files whose room a larger one takes: an interruption should leave few of those half sent."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: `upload` or `error`."""

    path: str
    relative: str
    """From the folder that was given on, with slashes; the filename for a file."""
    upload: UploadAnswer | None
    error: ClientError | None


def files_in(paths: Iterable[str | os.PathLike[str]]) -> Iterator[tuple[str, str] | Outcome]:
    """(path, path from the folder given on, its name included) of each file, in order of name.

    Browsers name the files of a folder the same way. Links to folders are not followed. A folder that cannot be read is
    an Outcome already.
    """
    for path in map(Path, paths):
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a folder above is closed to us
            yield from _files_of(path)
        else:
            yield str(path), path.name


def _files_of(path: Path) -> Iterator[tuple[str, str] | Outcome]:
    try:
        top = _Top(path, os.path.basename(real_path(str(path))))  # noqa: PTH119 - it is a text already
    except FileError as error:
        yield Outcome(str(path), str(path), None, error)
        return
    refused: list[OSError] = []
    for folder, folders, names in os.walk(path, onerror=refused.append):
        yield from _told(top, refused)
        folders.sort()
        for name in sorted(names):
            found = Path(folder, name)
            yield str(found), top.relative(found)
    yield from _told(top, refused)


class _Top(NamedTuple):
    path: Path
    name: str
    """Its own, where it was given as `.` too."""

    def relative(self, found: Path) -> str:
        return Path(self.name, found.relative_to(self.path)).as_posix()


def _told(top: _Top, refused: list[OSError]) -> Iterator[Outcome]:
    while refused:
        one = refused.pop()
        unreadable = FileUnreadable(f"{one.filename} cannot be read: {one.strerror}.")
        yield Outcome(str(one.filename), top.relative(Path(one.filename)), None, unreadable)


async def send_many(
    files: Iterable[tuple[str, str] | Outcome],
    begin: Callable[[str, str], OngoingUpload],
    at_once: int = AT_ONCE,
) -> AsyncGenerator[Outcome]:
    """Outcomes as they come. One file's failure is its own; stopping the iteration stops all that is under way."""
    under_way: dict[asyncio.Task[UploadAnswer], tuple[str, str, int]] = {}
    taken = 0
    waiting = iter(files)
    try:
        while True:
            while taken < at_once and (found := next(waiting, None)) is not None:
                if isinstance(found, Outcome):
                    yield found
                    continue
                path, relative = found
                room = _room(path)
                under_way[asyncio.ensure_future(begin(path, relative).result())] = (path, relative, room)
                taken += room
            if not under_way:
                return
            done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                path, relative, room = under_way.pop(one)
                taken -= room
                yield _outcome(path, relative, one)
    finally:
        for one in under_way:
            one.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def _room(path: str) -> int:
    try:
        return 1 if Path(path).stat().st_size <= AWS_LIMITS.min_part_size else _OF_LARGE
    except (OSError, ValueError):
        return 1  # beginning it says what is wrong with it


def _outcome(path: str, relative: str, ended: "asyncio.Task[UploadAnswer]") -> Outcome:
    try:
        return Outcome(path, relative, ended.result(), None)
    except ClientError as error:
        return Outcome(path, relative, None, error)
