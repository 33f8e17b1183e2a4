"""A file to be sent, held open, and whether it is still what it was."""

import mimetypes
import os
import shlex
import stat
from dataclasses import dataclass
from typing import BinaryIO, Final

from coordinator.client.bodies import Body, BytesBody, FileBody
from coordinator.client.errors import FileChanged, FileError, FileMissing, FileUnreadable, NotAFile
from coordinator.client.fingerprint import fingerprint
from coordinator.client.identity import Identity, identity_of
from coordinator.client.reading import Descriptor, Reading

__all__ = ["Content", "MemoryContent", "OpenFile", "content_type_of", "open_again", "open_file", "real_path"]

_CHANGED: Final = (
    "was changed after its upload began, so the parts would not fit together. Send it again as it is now."
)
_GONE: Final = "was removed or renamed while it was sent. Put it back where it was, and send it again."


@dataclass(frozen=True, slots=True)
class _State:
    """What tells a changed file; nanoseconds, because a second is long."""

    size: int
    modified_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, found: os.stat_result) -> "_State":
        return cls(found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)


class OpenFile:
    """Content of a known size that can be read at any place, any number of times."""

    def __init__(self, number: int, filename: str, path: str | None) -> None:
        """Raises NotAFile, FileUnreadable."""
        self._descriptor: Descriptor | None = Descriptor(number)
        self._reading: Reading | None = Reading(self._descriptor)
        self.filename = filename
        self.path = path
        found = os.fstat(number)
        if found.st_size == 0 and self._yields():
            found = os.fstat(number)  # somebody may just have begun to write it
            if found.st_size == 0:
                raise _without_size(filename, path)
        self._state = _State.of(found)
        self.identity = identity_of(found)

    @property
    def size(self) -> int:
        return self._state.size

    @property
    def modified_ns(self) -> int | None:
        return self._state.modified_ns

    def body(self, offset: int, size: int) -> Body:
        if self._reading is None:
            raise self._closed()
        return FileBody(self._reading, offset, size)

    def read(self, offset: int, count: int) -> bytes:
        """Exactly `count` bytes. Raises FileChanged, FileUnreadable."""
        descriptor = self._open()
        try:
            found = os.pread(descriptor.number, count, offset)
        except OSError as failed:
            raise FileUnreadable(f"{self.filename} cannot be read: {failed.strerror}.") from None
        if len(found) != count:
            raise FileChanged(f"{self.filename} {_CHANGED}")
        return found

    def fingerprint(self) -> str:
        return fingerprint(self.size, self.read)

    def check(self) -> None:
        """Raises FileChanged where the file, or what its path leads to, is not what it was; FileUnreadable."""
        try:
            same = _State.of(os.fstat(self._open().number)) == self._state
            if same and self.path is not None:
                same = _State.of(os.stat(self.path)) == self._state  # noqa: PTH116 - a Path costs more than the call
        except (FileNotFoundError, NotADirectoryError):
            raise FileChanged(f"{self.filename} {_GONE}") from None
        except OSError as failed:
            raise _unreadable(self.filename, failed) from None
        if not same:
            raise FileChanged(f"{self.filename} {_CHANGED}")

    def close(self) -> None:
        """May be called again."""
        self._descriptor = self._reading = None

    def _yields(self) -> bool:
        try:
            return bool(os.pread(self._open().number, 1, 0))
        except OSError as failed:
            raise _unreadable(self.filename, failed) from None

    def _open(self) -> Descriptor:
        if self._descriptor is None:
            raise self._closed()
        return self._descriptor

    def _closed(self) -> FileUnreadable:
        return FileUnreadable(f"{self.filename} is closed.")


class MemoryContent:
    """Bytes at hand, as content."""

    path: str | None = None
    modified_ns: int | None = None
    identity: Identity | None = None

    def __init__(self, content: bytes | bytearray | memoryview, filename: str) -> None:
        self._content = memoryview(content).cast("B")
        self.filename = filename

    @property
    def size(self) -> int:
        return len(self._content)

    def body(self, offset: int, size: int) -> Body:
        return BytesBody(self._content[offset : offset + size])

    def read(self, offset: int, count: int) -> bytes:
        return bytes(self._content[offset : offset + count])

    def fingerprint(self) -> str:
        return fingerprint(self.size, self.read)

    def check(self) -> None:
        return

    def close(self) -> None:
        return


Content = OpenFile | MemoryContent


def open_file(path: str | os.PathLike[str], filename: str | None = None) -> OpenFile:
    """Raises FileMissing, NotAFile, FileUnreadable."""
    name = os.fspath(path)
    real = real_path(name)
    try:
        found = os.stat(name)  # noqa: PTH116 - as above
        if not stat.S_ISREG(found.st_mode):
            raise _not_a_file(name, found.st_mode)
        descriptor = os.open(name, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        raise FileMissing(f"There is no file {name}.") from None
    except (OSError, ValueError) as failed:
        raise _unreadable(name, failed) from None
    return OpenFile(descriptor, filename or os.path.basename(name), real)  # noqa: PTH119 - as above


def open_again(file: BinaryIO, descriptor: int, filename: str) -> OpenFile:
    """A file that a caller opened, under a descriptor of our own. Its position does not count: it is sent whole.

    Raises FileUnreadable, NotAFile.
    """
    try:
        file.flush()  # what was written to it and is not in it yet
    except (OSError, ValueError) as failed:
        raise FileUnreadable(f"{filename} cannot be read: {failed}.") from None
    return OpenFile(os.dup(descriptor), filename, _way_to(descriptor, getattr(file, "name", None)))


def _way_to(descriptor: int, name: object) -> str | None:
    """None where the name does not lead to the file any more: it was removed, or named from another directory."""
    if not isinstance(name, str):
        return None
    try:
        real = real_path(name)
        same = os.path.samestat(os.stat(real), os.fstat(descriptor))  # noqa: PTH116 - as above
    except (FileError, OSError, ValueError):
        return None
    return real if same else None


def real_path(name: str) -> str:
    """The way to a file or folder from the root, without links. Raises FileMissing, FileUnreadable."""
    try:
        return os.path.realpath(name)
    except FileNotFoundError:
        # of the file itself it asks nothing
        raise FileMissing(
            f"The current directory is gone, so {name} cannot be found. Change to another one, or give a whole path."
        ) from None
    except (OSError, ValueError) as failed:
        raise _unreadable(name, failed) from None


def _unreadable(name: str, failed: OSError | ValueError) -> FileUnreadable:
    text = failed.strerror if isinstance(failed, OSError) else str(failed)
    return FileUnreadable(f"{name} cannot be read: {text}.")


def content_type_of(filename: str) -> str | None:
    """By the name's ending; None where it says nothing."""
    kind, encoding = mimetypes.guess_type(filename, strict=False)
    if encoding is not None:
        return {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}.get(
            encoding
        )
    return kind


def _without_size(filename: str, path: str | None) -> FileError:
    piped = shlex.join(["cat", path or "FILE"]), shlex.join(["--name", filename])
    return NotAFile(
        f"{filename} has bytes and no size, because the system makes them up as they are read. Send it as a stream: "
        f"{piped[0]} | coordinator upload - {piped[1]}"
    )


def _not_a_file(name: str, mode: int) -> FileError:
    if stat.S_ISDIR(mode):
        return NotAFile(f"{name} is a folder, and a file is expected here.")
    return NotAFile(f"{name} is not a regular file. What comes out of a pipe is sent as a stream.")
