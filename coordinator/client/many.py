"""Many files, and whole folders: some under way at a time, so that starting one overlaps sending another."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from coordinator.client.blocking import Ended, Pulling
from coordinator.client.errors import ClientError, FileError, FileUnreadable, WrongUse
from coordinator.client.files import real_path
from coordinator.client.ongoing import OngoingUpload
from coordinator.protocol import UploadAnswer
from coordinator.uploads.plan import AWS_LIMITS

__all__ = ["AT_ONCE", "Outcome", "check_several", "files_in", "send_many"]

AT_ONCE: Final = 64
"""Small files under way: while some are sent, others are started and completed, and the more of them at once, the fewer
requests that takes (together.py). Parts share the places anyway."""

_OF_LARGE: Final = 2
"""Small files whose room a larger one takes: an interruption should leave few of those half sent."""

_AHEAD: Final = AT_ONCE
"""Files found and not yet begun: looking for the next one takes its time, and must not hold up what is under way."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: `upload` or `error`."""

    path: str
    relative: str
    """From the folder that was given on, with slashes; the filename for a file."""
    upload: UploadAnswer | None
    error: ClientError | None


_Found = tuple[str, str] | Outcome | Ended
_Sent = asyncio.Task[UploadAnswer]


def files_in(paths: Iterable[str | os.PathLike[str]]) -> Iterator[tuple[str, str] | Outcome]:
    """(path, path from the folder given on, its name included) of each file, in order of name.

    Browsers name the files of a folder the same way. Links to folders are not followed. A folder that cannot be read is
    an Outcome already. Raises WrongUse for what is no path.
    """
    for path in map(_path, paths):
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a folder above is closed to us
            yield from _files_of(path)
        else:
            yield str(path), path.name


def check_several(paths: object) -> None:
    """Raises WrongUse for one path: a text would be taken for its letters, of which the first may be a slash."""
    if isinstance(paths, str | bytes | bytearray | os.PathLike):
        raise WrongUse("Several paths are expected here: put the one into a list.")


def _path(given: str | os.PathLike[str]) -> Path:
    try:
        return Path(given)
    except TypeError:
        raise WrongUse(
            f"A path must be a text or os.PathLike, and one is a {type(given).__name__}."
        ) from None


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
    """Outcomes as they come. One file's failure is its own; stopping the iteration stops all that is under way.

    `files` may wait for what it yields. What it raises is raised in its turn, and stops the same.
    """
    news: asyncio.Queue[_Sent | _Found] = asyncio.Queue()
    under_way = _UnderWay(begin, news.put_nowait)
    pulling = Pulling(iter(files), news.put_nowait, ahead=_AHEAD)
    waiting: deque[_Found] = deque()
    over = False
    try:
        while under_way.files or not over:
            one = await news.get()
            if isinstance(one, asyncio.Task):
                yield under_way.ended(one)
            else:
                waiting.append(one)
            while waiting and under_way.taken < at_once:
                found = waiting.popleft()
                pulling.ask()
                if isinstance(found, Outcome):
                    yield found
                elif not isinstance(found, Ended):
                    under_way.begin(*found)
                elif found.error is not None:
                    raise found.error
                else:
                    over = True
    finally:
        pulling.close()
        await under_way.stop()


class _UnderWay:
    """Files that are sent, and the room they take."""

    def __init__(self, begin: Callable[[str, str], OngoingUpload], tell: Callable[[_Sent], None]) -> None:
        self.taken = 0
        self.files: dict[_Sent, tuple[str, str, int]] = {}
        self._uploads: dict[_Sent, OngoingUpload] = {}
        self._begin = begin
        self._tell = tell

    def begin(self, path: str, relative: str) -> None:
        room = _room(path)
        upload = self._begin(path, relative)
        sent = asyncio.ensure_future(upload.result())
        sent.add_done_callback(self._tell)
        self._uploads[sent] = upload
        self.files[sent] = (path, relative, room)
        self.taken += room

    def ended(self, sent: _Sent) -> Outcome:
        path, relative, room = self.files.pop(sent)
        del self._uploads[sent]
        self.taken -= room
        try:
            return Outcome(path, relative, sent.result(), None)
        except ClientError as error:
            return Outcome(path, relative, None, error)

    async def stop(self) -> None:
        for sent in self.files:
            sent.cancel()
        await asyncio.gather(*self.files, return_exceptions=True)
        # one that has just begun has nobody yet whose cancellation would reach it
        await asyncio.gather(*(upload.cancel() for upload in self._uploads.values()))


def _room(path: str) -> int:
    try:
        return 1 if Path(path).stat().st_size <= AWS_LIMITS.min_part_size else _OF_LARGE
    except (OSError, ValueError):
        return 1  # beginning it says what is wrong with it
