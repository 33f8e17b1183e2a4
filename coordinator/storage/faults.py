"""How a store can fail one call: the misbehaviour `FakeStore.script` takes.

What matters about a failure is on which side of the effect it struck; the caller sees the same error either way. The
store in memory stands where `S3Store` does, so a fault of the wire is scripted as what S3Store makes of it; `WIRE` is
that translation, from what happens on the wire to the fault that stands for it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from coordinator.uploads.store import StoreError

__all__ = [
    "WIRE",
    "FailAfter",
    "FailBefore",
    "Fault",
    "Hold",
    "KeepUpload",
    "ListTwice",
    "Pretend",
    "Refuse",
    "Resurrect",
    "Twice",
]


@dataclass(frozen=True, slots=True)
class FailBefore:
    """StoreOutcomeUnknown, and nothing happened; `answered` as in StoreOutcomeUnknown."""

    code: str = "InternalError"
    answered: bool = True


@dataclass(frozen=True, slots=True)
class FailAfter:
    """StoreOutcomeUnknown, and it happened: whatever the answer was, it was lost."""

    code: str = "ConnectionClosedError"
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """The given error, and nothing happened."""

    error: StoreError


@dataclass(frozen=True, slots=True)
class Twice:
    """It happens twice, because somebody on the way repeated it; the second answer is the one that arrives."""


@dataclass(frozen=True, slots=True)
class Pretend:
    """A success, with this answer, and nothing happened."""

    answer: object = None


@dataclass(frozen=True, slots=True)
class ListTwice:
    """Every row of the list comes twice, the second time as of `apart` earlier (ListParts only)."""

    apart: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class KeepUpload:
    """Complete succeeds, and the upload stands on with its parts."""


@dataclass(frozen=True, slots=True)
class Resurrect:
    """Abort succeeds, and `after` so much of the store's time the upload stands again, with its parts, unlisted.

    It is parts on their way that bring it back: one that never had any stays gone.
    """

    after: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """The call sets `reached` and waits for `released` before its effect, or after it and before the answer."""

    after_effect: bool = False
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        self.reached.set()
        await self.released.wait()


Fault = FailBefore | FailAfter | Refuse | Twice | Pretend | ListTwice | KeepUpload | Resurrect | Hold

WIRE: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        "no connection": FailBefore("EndpointConnectionError", answered=False),
        "connection lost before the request arrived": FailBefore("ConnectionClosedError", answered=False),
        "answer lost": FailAfter("ConnectionClosedError"),
        "answer truncated": FailAfter("ResponseParserError"),
        "answer drips until the read times out": FailAfter("ReadTimeoutError"),
        "200 with an error in its body": FailBefore("InternalError", answered=True),
        "200 with an error in its body, and yet it happened": FailAfter("InternalError", answered=True),
        "500": FailBefore("InternalError", answered=True),
        "500, and yet it happened": FailAfter("InternalError", answered=True),
        "503": FailBefore("SlowDown", answered=True),
        "502 of a gateway": FailBefore("502", answered=False),
        "502 of a gateway, and yet it happened": FailAfter("502"),
        "409": FailBefore("ConditionalRequestConflict", answered=False),
        "412": FailBefore("PreconditionFailed", answered=False),
        "412 against our own object": FailAfter("PreconditionFailed"),
        "repeated on the way": Twice(),
        "pages that do not end, or ignore their marker": FailBefore("NoProgress", answered=False),
    }
)
"""409 and 412 are those of Complete. A page that repeats the row before it is S3Store's own to fold, and so no fault."""
