"""What the wire can do to one exchange, as data.

`after` says on which side of the effect it strikes: True when the store has acted and only its answer is lost.
"""

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    REQUEST = "request"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Latency:
    """The request waits on its way, whether or not its sender still does."""

    milliseconds: int


@dataclass(frozen=True, slots=True)
class Reset:
    """The sender's connection ends with a TCP reset."""

    after: bool = False


@dataclass(frozen=True, slots=True)
class HalfClose:
    """One direction ends, the other stands: before, the store gets half of the request and then its end; after, the
    sender gets half of the answer and then its end.
    """

    after: bool = False


@dataclass(frozen=True, slots=True)
class Truncate:
    """The sender gets the first so many bytes of the answer, and the end; a negative number leaves out the last ones."""

    length: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is not the store's. A status of 200 is the one with an error in its body."""

    status: int
    code: str
    after: bool = False


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The store gets the request twice; the second answer is passed on."""


@dataclass(frozen=True, slots=True)
class BitFlip:
    """One bit of a body turned: in the byte after the first `at`, else in the middle."""

    side: Side
    at: bytes | None = None
    bit: int = 0


Fault = Latency | Reset | HalfClose | Truncate | Answer | Duplicate | BitFlip


def server_error(*, after: bool = False) -> Answer:
    return Answer(500, "InternalError", after)


def slow_down(*, after: bool = False) -> Answer:
    return Answer(503, "SlowDown", after)


def error_inside_200(*, after: bool = False) -> Answer:
    return Answer(200, "InternalError", after)
