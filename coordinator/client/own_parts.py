"""Which parts of an unfinished upload this machine knows to be of which file, by the ETags that the store gave them.

That a file is the very one that an upload began with says nothing of the parts: another machine may have taken the upload
for its own file's meanwhile, and sent some. One file an upload, to which lines are added; a line that a crash has cut says
nothing. A part that is not in it costs reading that part.
"""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from coordinator.client.identity import Identity

__all__ = ["WHOLE", "OwnParts"]

WHOLE: Final = 0
"""Stands for the object of all parts, which this machine has completed."""

_KEPT: Final = 8 * 86_400.0
"""Seconds after the last line; no upload lives longer."""

_AFTERWARDS: Final = 3_600.0
"""Seconds in which whoever has waited for a completed upload may still look whether it is of its file."""


class OwnParts:
    """It is a convenience: where it cannot be written, or read, parts are compared."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "parts"

    def add(self, upload_id: str, identity: Identity, etags: Mapping[int, str | None]) -> None:
        known = {number: etag.strip('"') for number, etag in etags.items() if etag}
        lines = [f"{_words(identity)} {number} {etag}\n" for number, etag in known.items()]
        if not lines:
            return
        with suppress(OSError):
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._path(upload_id).exists():
                self._prune()
            file = os.open(
                self._path(upload_id), os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o600
            )
            with os.fdopen(file, "ab") as log:
                # begins a line of its own, wherever a crash has ended the one before
                log.write(("\n" + "".join(lines)).encode())

    def of(self, upload_id: str, identity: Identity) -> dict[int, str]:
        """Part numbers, or WHOLE, with their ETags, without quotes."""
        try:
            lines = self._path(upload_id).read_text("utf-8", errors="replace").split("\n")
        except OSError:
            return {}
        begin = f"{_words(identity)} "
        told = [line.removeprefix(begin).partition(" ") for line in lines if line.startswith(begin)]
        return {
            int(number): etag for number, _, etag in told if number.isascii() and number.isdigit() and etag
        }

    def forget(self, upload_id: str) -> None:
        """The upload is over: soon nobody needs it."""
        last = time.time() - _KEPT + _AFTERWARDS
        with suppress(OSError):
            os.utime(self._path(upload_id), (last, last))

    def _path(self, upload_id: str) -> Path:
        return self._directory / upload_id

    def _prune(self) -> None:
        oldest = time.time() - _KEPT
        for one in self._directory.iterdir():
            with suppress(OSError):
                if one.stat().st_mtime < oldest:
                    one.unlink()


def _words(identity: Identity) -> str:
    return " ".join(map(str, identity))
