"""What a person names on the command line: files, folders with all that is in them, and standard input."""

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coordinator.cli.arguments import is_plain
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure
from coordinator.cli.here import check_here

__all__ = ["STDIN", "Source", "Unsendable", "check_named", "check_stdin", "find_sources"]

STDIN: Final = "-"

_LONGEST_PATH: Final = 1_024
"""What a value of an upload's metadata may hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    shown: str
    """As it was named, or the folder's name with the way to it."""
    path: Path | None
    """None: standard input."""
    filename: str
    size: int | None
    """Bytes when it was found; None where nobody knows."""
    way: str | None = None
    """Of a file in a folder: from the folder's own name down to it, with slashes."""


@dataclass(frozen=True, slots=True)
class Unsendable:
    """Something in a folder that cannot be sent, and why; the others go on."""

    shown: str
    failure: Failure


def check_named(arguments: Sequence[str], name: str | None) -> None:
    """Looks at everything that was named before a byte is sent. Raises Failure for the first that cannot be."""
    if arguments.count(STDIN) > 1:
        raise Failure(ExitCode.WRONG_USE, "standard input (-) is named twice", "it can be sent once")
    if STDIN in arguments:
        check_stdin()
        if name is None:
            raise Failure(ExitCode.WRONG_USE, "standard input has no name", "give it one with --name")
    paths = [argument for argument in arguments if argument != STDIN]
    check_here(*paths)
    folders = [path for path in paths if _is_folder(path)]
    _sendable(name or "")
    if name is not None and (len(arguments) > 1 or folders):
        raise Failure(
            ExitCode.WRONG_USE, "--name names one file", "leave it out, or send the files one by one"
        )


def find_sources(arguments: Sequence[str], name: str | None) -> Iterator[Source | Unsendable]:
    """One after another, so that a folder of a million files needs no list of them. Symlinks to folders are not followed."""
    for argument in arguments:
        if argument == STDIN:
            yield Source("standard input", None, name or STDIN, None)
        elif Path(argument).is_dir():
            yield from _in_folder(Path(argument))
        else:
            yield _named(Path(argument), argument, name)


def _named(path: Path, shown: str, name: str | None) -> Source | Unsendable:
    """It may have gone since it was looked at."""
    try:
        return Source(shown, path, _sendable(name or path.name), path.stat().st_size)
    except Failure as failure:
        return Unsendable(shown, Failure(failure.code, failure.problem, "give it another one with --name"))
    except OSError as refused:
        return Unsendable(shown, _unreadable(shown, refused))


def check_stdin() -> None:
    """Raises Failure when there is nothing to read."""
    if sys.stdin is None or sys.stdin.closed:
        raise Failure(ExitCode.NO_FILE, "standard input is closed", "pipe something into it")
    if sys.stdin.isatty():
        raise Failure(
            ExitCode.WRONG_USE,
            "standard input is a terminal",
            "pipe something into it, such as: pg_dump films | coordinator upload - --name films.sql",
        )


def _is_folder(argument: str) -> bool:
    """Raises Failure when it is missing or closed to us, so that a mistyped name is said before anything is sent."""
    try:
        mode = os.stat(argument).st_mode  # noqa: PTH116 - a Path would turn "" into the current folder
    except FileNotFoundError:
        raise Failure(
            ExitCode.NO_FILE,
            f"there is no file {argument or '(empty name)'}",
            "check its name; nothing was sent",
        ) from None
    except (OSError, ValueError) as refused:
        raise _unreadable(argument, refused) from None
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise Failure(
            ExitCode.NO_FILE,
            f"{argument} is no file and no folder",
            "name a file; what comes out of a pipe is sent with `-`",
        )
    if not os.access(argument, os.R_OK | (os.X_OK if stat.S_ISDIR(mode) else 0)):
        raise _unreadable(argument, PermissionError(13, "Permission denied"))
    return stat.S_ISDIR(mode)


def _in_folder(folder: Path) -> Iterator[Source | Unsendable]:
    refused: list[OSError] = []
    top = folder.resolve().name
    for found, folders, files in os.walk(folder, onerror=refused.append):
        folders.sort()
        yield from (Unsendable(str(one.filename), _unreadable(str(one.filename), one)) for one in refused)
        refused.clear()
        for name in sorted(files):
            path = Path(found, name)
            yield _in(path, str(Path(top, path.relative_to(folder))))
    yield from (Unsendable(str(one.filename), _unreadable(str(one.filename), one)) for one in refused)


def _in(path: Path, way: str) -> Source | Unsendable:
    try:
        mode = path.stat()
        if not stat.S_ISREG(mode.st_mode):
            return Unsendable(
                str(path), Failure(ExitCode.NO_FILE, f"{path} is not a regular file", "left out")
            )
        filename = _sendable(path.name)
        if len(way) > _LONGEST_PATH:
            problem = f"the way to {path} is longer than {_LONGEST_PATH} characters"
            raise Failure(ExitCode.WRONG_USE, problem, "send its folder by itself")
        _sendable(way)
    except FileNotFoundError:
        problem = f"{path} has gone, or is a link to nothing"
        return Unsendable(str(path), Failure(ExitCode.NO_FILE, problem))
    except OSError as refused:
        return Unsendable(str(path), _unreadable(str(path), refused))
    except Failure as failure:
        return Unsendable(str(path), failure)
    return Source(str(path), path, filename, mode.st_size, way)


def _unreadable(shown: str, refused: OSError | ValueError) -> Failure:
    why = refused.strerror if isinstance(refused, OSError) else str(refused)
    remedy = "check its permissions" if isinstance(refused, PermissionError) else "check its name"
    return Failure(ExitCode.NO_FILE, f"{shown} cannot be read ({why})", remedy)


def _sendable(name: str) -> str:
    """Raises Failure for a name that no upload may have: what would harm whoever shows it."""
    problem = None
    if any("\ud800" <= char <= "\udfff" for char in name):
        problem = "is not UTF-8"
    elif any(char < " " or "\x7f" <= char <= "\x9f" for char in name):
        problem = "holds a control character"
    elif not is_plain(name):
        problem = "holds a character that turns writing around or ends a line"
    if problem is not None:
        raise Failure(ExitCode.WRONG_USE, f"the name {name} {problem}", "give the file another name")
    return name
