"""What a check says: passed, warning or failed, in one sentence, and how to mend it, in another.

* passed: seen to be as it must be, or harmless.
* warning: it works, but less well or less safely than it could; or it could not be checked, because a check that it
  builds on failed. That one alone is failed, so that the cause stands out.
* failed: uploads will break, or what the service promises does not hold.

No text here ever holds a presigned URL, a signature, a secret or a password.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

__all__ = ["Finding", "Status", "Verdict", "failed", "passed", "warning"]

Status = Literal["passed", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Verdict:
    status: Status
    detail: str
    remedy: str


class Finding(msgspec.Struct, frozen=True):
    """One line of the report, and one object of `--json`. `remedy` is empty for what passed."""

    name: str
    status: Status
    detail: str
    remedy: str


def passed(detail: str) -> Verdict:
    return Verdict("passed", detail, "")


def warning(detail: str, remedy: str) -> Verdict:
    return Verdict("warning", detail, remedy)


def failed(detail: str, remedy: str) -> Verdict:
    return Verdict("failed", detail, remedy)
