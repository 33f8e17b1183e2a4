"""What to do about a failure, decided by its class and by nothing else; and how long to wait.

The browser client's rules (static/client/retry.js). Waits grow exponentially with full jitter (any value between
nothing and the ceiling), so that many clients do not come back in step. A server's Retry-After is the least waited.
"""

from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Final, Literal

__all__ = [
    "BRIEF_TRIES",
    "BUSY",
    "FEW",
    "PATIENT_TRIES",
    "AfterCall",
    "AfterPart",
    "Reason",
    "TransferFailed",
    "backoff",
    "parse_retry_after",
    "step_after_call",
    "step_after_part",
]

_FIRST: Final = 0.5
_CEILING: Final = 30.0
_MOST_RETRY_AFTER: Final = 300.0

PATIENT_TRIES: Final = 20
"""Tries before an upload gives up; with full jitter about four minutes."""

BRIEF_TRIES: Final = 4
"""Tries where a person waits for the answer."""

BUSY: Final = "relay_busy"
"""The relay takes no more at once. It is no sign of trouble: it never makes an upload give up."""

FEW: Final = 3
"""Fresh signatures the store may refuse for one part, and odd answers it may give."""


Reason = Literal["refused", "dns", "timeout", "tls", "proxy", "lost"]
"""Why no answer was readable."""


class TransferFailed(Exception):
    """One try to send one request failed. `status` 0: no answer was readable. Never reaches a user of the client."""

    def __init__(
        self,
        status: int,
        *,
        retry_after: float | None = None,
        stalled: bool = False,
        reason: Reason = "lost",
        via: str | None = None,
    ) -> None:
        """`via`: the proxy that it was to go through."""
        super().__init__(f"status {status}" if status else "stalled" if stalled else "no answer")
        self.status = status
        self.retry_after = retry_after
        self.stalled = stalled
        self.reason: Reason = "timeout" if stalled else reason
        self.via = via


class AfterCall(Enum):
    WAIT = auto()
    RENEW = auto()
    """Ask for another credential."""
    STOP = auto()


class AfterPart(Enum):
    SIGN = auto()
    """A fresh signature, the first one at once. Any 403: the text differs by store and lies now and then."""
    REACH = auto()
    """No answer was readable: one fresh signature, then patience."""
    WAIT = auto()
    """The same signature, later."""
    ASK = auto()
    """The store knows no such upload: what does the coordinator say?"""
    STORED = auto()
    """The object is there already: a PUT whose answer was lost. Completion looks for itself."""
    FEW = auto()
    """Nothing known to help: a fresh signature, a few times."""


def step_after_call(status: int, code: str) -> AfterCall:
    """For a call to the coordinator; `status` 0 where there was no answer."""
    if status == 401:
        return AfterCall.RENEW
    if code == "storage_misconfigured":
        return AfterCall.STOP
    if code == "idempotency_in_progress" or _passes(status):
        return AfterCall.WAIT
    return AfterCall.STOP


def step_after_part(failure: TransferFailed) -> AfterPart:
    """For one part at the store."""
    if failure.stalled:
        return AfterPart.WAIT
    match failure.status:
        case 0:
            return AfterPart.REACH
        case 403:
            return AfterPart.SIGN
        case 404:
            return AfterPart.ASK
        case 412:
            return AfterPart.STORED
        case status:
            return AfterPart.WAIT if _passes(status) else AfterPart.FEW


def backoff(failures: int, random: float, retry_after: float | None = None) -> float:
    """Seconds to wait after so many failures (at least 1); `random` is from 0 to 1."""
    wait = random * min(_CEILING, _FIRST * 2.0 ** min(failures - 1, 16))
    return min(retry_after or 0.0, _MOST_RETRY_AFTER) + wait


def parse_retry_after(header: str | None, now: float) -> float | None:
    """Seconds, from seconds or an HTTP date; `now` is in seconds since 1970."""
    if not header:
        return None
    if header.strip().isascii() and header.strip().isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now)


def _passes(status: int) -> bool:
    return status in {0, 408, 425, 429} or status >= 500
