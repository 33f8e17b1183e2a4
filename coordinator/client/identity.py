"""Whether a file is the very one of another time, unchanged since, by what the system alone writes.

A modification time proves nothing: `cp -p`, `touch -r` and builds under SOURCE_DATE_EPOCH set it. No program sets the time
of a file's last change of any kind (ctime), unless it sets the machine's clock.
"""

import os
import sys
from typing import Final, NamedTuple

__all__ = ["Identity", "identity_of"]

_COARSE: Final = 10_000_000
"""Nanoseconds. File systems whose times are multiples of these keep no ctime of their own (FAT, exFAT, SFTP: it follows
the modification time), or one that two changes may share."""


class Identity(NamedTuple):
    device: int
    inode: int
    changed_ns: int


def identity_of(found: os.stat_result) -> Identity | None:
    """None where the system keeps nothing of the kind: on Windows ctime is the creation's."""
    if sys.platform == "win32" or found.st_ctime_ns % _COARSE == 0:
        return None
    return Identity(found.st_dev, found.st_ino, found.st_ctime_ns)
