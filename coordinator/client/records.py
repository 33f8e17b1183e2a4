"""The resume file: which unfinished uploads began on this machine, found again by their name or by their file.

One JSON file in the state directory. It is replaced whole (written beside, synced, renamed), under a lock that all
processes share, so that neither a crash nor a neighbour can break it; what cannot be read counts as empty. It holds ids
and fingerprints, never a token or a URL of the store. It is a convenience: the coordinator knows an upload again by its
fingerprint without it, and where it cannot be written, uploads go on.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final, NamedTuple

import msgspec

from coordinator.client.own_parts import OwnParts

if sys.platform != "win32":
    import fcntl

__all__ = ["KnownFile", "Record", "Records", "StateNotWritten", "state_directory"]

_KEEP: Final = 8 * 24 * 3600.0
"""Seconds; no upload lives longer (the coordinator's hard limit is six days unless set otherwise)."""

_MOST: Final = 1_000


_NEW: Final = ".uploads-"
"""What the name of a resume file begins with while it is written."""


class StateNotWritten(Exception):
    """The resume file cannot be written; the text says why."""


class KnownFile(NamedTuple):
    """What tells a file from others, and from what it was before a change. One path may be sent under several names."""

    path: str
    size: int
    modified_ns: int
    filename: str
    place: str | None
    """From the folder that was sent."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    server: str
    owner: str | None = None
    """Whose it is at the coordinator: others' keys do not see it."""
    upload_id: str
    filename: str
    place: str | None = None
    name: str | None = None
    """As its caller named it."""
    path: str | None = None
    size: int | None = None
    modified_ns: int | None = None
    fingerprint: str | None = None
    began: float
    """Seconds since 1970."""


class _File(msgspec.Struct, frozen=True):
    uploads: list[Record] = []
    version: int = 1


class Records:
    def __init__(self, directory: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._directory = directory
        self._file = directory / "uploads.json"
        self._clock = clock
        self.own_parts = OwnParts(directory)
        self._last: tuple[object, list[Record]] = None, []

    def all(self) -> list[Record]:
        """Newest first."""
        return sorted(self._read(), key=lambda record: record.began, reverse=True)

    def named(self, server: str, name: str) -> list[Record]:
        """Of each owner the last one, newest first."""
        return [record for record in self.all() if (record.server, record.name) == (server, name)]

    def of_file(self, server: str, file: KnownFile) -> list[Record]:
        """The uploads that this file, unchanged since, began under no name; as `named`."""
        return [
            one for one in self.all() if one.server == server and one.name is None and _file_of(one) == file
        ]

    def before(self, server: str, file: KnownFile) -> list[Record]:
        """The uploads that this file began under no name when it was another one, newest first."""
        place = file.path, file.filename, file.place
        return [
            one
            for one in self.all()
            if one.server == server
            and one.name is None
            and (one.path, one.filename, one.place) == place
            and _file_of(one) != file
        ]

    def add(self, record: Record) -> None:
        """It takes the place of the owner's earlier one of the same name, or of the same file. Raises StateNotWritten."""
        new = _writable(record)
        self._change(lambda records: [*(one for one in records if not _same(one, record)), new])

    def remove(self, *upload_ids: str) -> None:
        """Raises StateNotWritten."""
        if any(record.upload_id in upload_ids for record in self._read()):
            self._change(lambda records: [one for one in records if one.upload_id not in upload_ids])

    def _change(self, change: Callable[[list[Record]], list[Record]]) -> None:
        oldest = self._clock() - _KEEP
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._locked():
                kept = [record for record in change(self._read()) if record.began >= oldest]
                self._write(kept[-_MOST:])
        except OSError as failed:
            raise StateNotWritten(f"{self._file} cannot be written: {failed.strerror}") from None

    def _read(self) -> list[Record]:
        """Decoded once for each state of the file: it is asked for each of many small files."""
        try:
            found = self._file.stat()
            state = found.st_ino, found.st_mtime_ns, found.st_size
            seen, held = self._last
            if state != seen:
                held = msgspec.json.decode(self._file.read_bytes(), type=_File).uploads
                self._last = state, held
        except (OSError, msgspec.DecodeError):
            return []
        return list(held)

    def _write(self, records: list[Record]) -> None:
        self._clear()
        with NamedTemporaryFile(dir=self._directory, prefix=_NEW, delete=False) as new:
            try:
                new.write(msgspec.json.format(msgspec.json.encode(_File(records))))
                new.flush()
                os.fsync(new.fileno())
                Path(new.name).replace(self._file)
            except BaseException:
                Path(new.name).unlink(missing_ok=True)
                raise

    def _clear(self) -> None:
        """What processes that were killed while they wrote have left: who writes holds the lock, and nobody else does."""
        for one in self._directory.glob(f"{_NEW}*"):
            with suppress(OSError):
                one.unlink()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._directory / "uploads.lock").open("ab") as lock:
            if sys.platform == "win32":
                yield
                return
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                # closing does not unlock what a child, forked meanwhile, has open too
                fcntl.flock(lock, fcntl.LOCK_UN)


def state_directory() -> Path | None:
    """`$XDG_STATE_HOME/coordinator`, by the XDG base directory specification; None for a user without a home."""
    given = os.environ.get("XDG_STATE_HOME", "")
    if given.startswith("/"):
        return Path(given) / "coordinator"
    with suppress(RuntimeError):
        return Path.home() / ".local" / "state" / "coordinator"
    return None


def _writable(record: Record) -> Record:
    """A path of bytes that are not UTF-8 has no place in JSON; the coordinator knows the file by its fingerprint."""
    try:
        (record.path or "").encode()
    except UnicodeEncodeError:
        return msgspec.structs.replace(record, path=None)
    return record


def _file_of(record: Record) -> tuple[object, ...]:
    return record.path, record.size, record.modified_ns, record.filename, record.place


def _same(one: Record, other: Record) -> bool:
    if one.upload_id == other.upload_id:
        return True
    if (one.server, one.owner, one.name) != (other.server, other.owner, other.name):
        return False
    if one.name is not None:
        return True
    same_file = (one.path, one.filename, one.place) == (other.path, other.filename, other.place)
    return same_file and one.path is not None
