"""Reads an object back from the store, by a presigned URL, and compares every byte with what it should be.

The URL is a password: it stands in no error.
"""

import http.client
from collections.abc import Callable
from threading import Event
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure
from coordinator.cli.sample import first_difference, sample

__all__ = ["read_back"]

_PATIENCE = 60.0


def read_back(url: str, size: int, on_read: Callable[[int], None], stop: Event) -> None:
    """In a thread of its own; `on_read` hears how many bytes there were so far. Raises Failure for anything but equality."""
    try:
        with urlopen(url, timeout=_PATIENCE) as answer:  # noqa: S310 - the coordinator's own http or https address
            _compare(answer, size, on_read, stop)
    except HTTPError as refused:
        refused.close()
        problem = f"the store does not give the object back (status {refused.code})"
        raise Failure(ExitCode.NOT_VERIFIED, problem, "look at its rights; what was sent stays") from None
    except (URLError, OSError, http.client.HTTPException):
        problem = "the store stopped answering while the object was read back"
        raise Failure(ExitCode.UNREACHABLE, problem, "run it again; what was sent stays") from None


def _compare(
    answer: http.client.HTTPResponse, size: int, on_read: Callable[[int], None], stop: Event
) -> None:
    at = 0
    for piece in sample(size):
        found = answer.read(len(piece))
        if len(found) < len(piece) and answer.length:
            raise ConnectionResetError
        differs = first_difference(found, piece)
        if differs is not None:
            raise _differs(at + differs, size)
        at += len(piece)
        on_read(at)
        if stop.is_set():
            return
    if answer.read(1):
        raise _differs(size, size)


def _differs(at: int, size: int) -> Failure:
    problem = f"the store gives back other bytes than were sent: they differ from byte {at} of {size} on"
    return Failure(ExitCode.NOT_VERIFIED, problem, "do not trust this store before you know why")
