"""What a half-done row means: the decision tables, as pure functions of what the store shows.

Every outcome can be recomputed from HEAD, ListParts and ListMultipartUploads plus the row; nothing here remembers an
answer. `Seen` is what HEAD showed, `Listed` what ListParts did. `ERROR` always means: wait, and never act.

completing      parts listed                       gone                          error
  ours          completed (leftover reported)      completed                     completed
  ours, size    failed(size)                       failed(size)                  failed(size)
  absent        send Complete again, same manifest  wait; after a while: lost    wait
  foreign       failed(conflict)                   failed(lost)                  wait
  error         wait                               wait                          wait

Complete is sent again for as long as the store shows the parts and no object, a deadline apart: a store that answers
failures for ever may work tomorrow, and what was sent to it is not given up meanwhile. The audit tells of such a row
(`row.stuck`), and `coordinator fail` ends it. One that says again and again that it is done, or that there is no
such upload, is not asked for ever: what it lists is aborted, and HEAD read once more as of one gone for long enough.

aborting        HEAD (asked where Complete was ever attempted; else as absent)
  ours          completed
  ours, size    abort
  absent        abort
  foreign       abort
  error         wait

and of each multipart upload under the key, what ListParts shows after an Abort that was accepted (one that answers 404
has nothing to abort, and some stores go on listing the parts):

  gone          nothing is left of it
  parts         abort again, at most `ABORTS` times in one drive; then wait
  error         wait

creating        what is listed under the key: see `adopt`. A store that refuses for good to list is given up after a while.

A key is unique to its upload, so a foreign object under it can only be somebody's mistake; it is never touched.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from coordinator.uploads.model import Mark, Upload
from coordinator.uploads.plan import Plan
from coordinator.uploads.store import ListedMultipartUpload, ListedPart, StoredObject

__all__ = [
    "ABORTS",
    "GONE_LONG_ENOUGH",
    "Aborting",
    "Adoption",
    "Decision",
    "Listed",
    "Seen",
    "adopt",
    "backoff",
    "decide_aborted",
    "decide_aborting",
    "decide_completing",
    "newest_activity",
    "seen_as",
]

GONE_LONG_ENOUGH: Final = timedelta(seconds=335)
"""5 s, 30 s and 5 min of re-reading: only then is an upload that shows neither parts nor object called lost."""

_REREADS: Final = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5))
_LONGEST_BACKOFF: Final = timedelta(minutes=15)


class Seen(StrEnum):
    OURS = "ours"
    OURS_OTHER_SIZE = "ours, other size"
    FOREIGN = "foreign"
    ABSENT = "absent"
    ERROR = "error"


class Listed(StrEnum):
    PARTS = "parts"
    GONE = "gone"
    ERROR = "error"


class Decision(StrEnum):
    COMPLETED = "completed"
    FAIL_SIZE = "fail: size"
    FAIL_CONFLICT = "fail: conflict"
    FAIL_LOST = "fail: lost"
    SEND = "send"
    WAIT = "wait"
    WAIT_GONE = "wait, gone"


_COMPLETING: Final = {
    (Seen.OURS, Listed.PARTS): Decision.COMPLETED,
    (Seen.OURS, Listed.GONE): Decision.COMPLETED,
    (Seen.OURS, Listed.ERROR): Decision.COMPLETED,
    (Seen.OURS_OTHER_SIZE, Listed.PARTS): Decision.FAIL_SIZE,
    (Seen.OURS_OTHER_SIZE, Listed.GONE): Decision.FAIL_SIZE,
    (Seen.OURS_OTHER_SIZE, Listed.ERROR): Decision.FAIL_SIZE,
    (Seen.ABSENT, Listed.PARTS): Decision.SEND,
    (Seen.ABSENT, Listed.GONE): Decision.WAIT_GONE,
    (Seen.ABSENT, Listed.ERROR): Decision.WAIT,
    (Seen.FOREIGN, Listed.PARTS): Decision.FAIL_CONFLICT,
    (Seen.FOREIGN, Listed.GONE): Decision.FAIL_LOST,
    (Seen.FOREIGN, Listed.ERROR): Decision.WAIT,
    (Seen.ERROR, Listed.PARTS): Decision.WAIT,
    (Seen.ERROR, Listed.GONE): Decision.WAIT,
    (Seen.ERROR, Listed.ERROR): Decision.WAIT,
}


ABORTS: Final = 3
"""Of one multipart upload in one drive. S3: it may be necessary to abort multiple times, while parts are under way."""


class Aborting(StrEnum):
    COMPLETED = "completed"
    ABORT = "abort"
    WAIT = "wait"
    NOTHING_LEFT = "nothing left"


_ABORTING: Final = {
    Seen.OURS: Aborting.COMPLETED,
    Seen.OURS_OTHER_SIZE: Aborting.ABORT,
    Seen.ABSENT: Aborting.ABORT,
    Seen.FOREIGN: Aborting.ABORT,
    Seen.ERROR: Aborting.WAIT,
}


class Adoption(StrEnum):
    CREATE = "create"
    ADOPT = "adopt"
    GIVE_UP = "give up"


def seen_as(found: StoredObject | None, mark: Mark, plan: Plan) -> Seen:
    """What HEAD showed, held against our mark and the declared size. Of a stream whose size is not known, the mark decides."""
    if found is None:
        return Seen.ABSENT
    if found.mark != mark:
        return Seen.FOREIGN
    return Seen.OURS if plan.may_make(found.size) else Seen.OURS_OTHER_SIZE


def decide_completing(seen: Seen, listed: Listed, *, gone_for: timedelta | None) -> Decision:
    """The table above. `gone_for` is how long the upload has shown neither parts nor object; None: not before."""
    if (seen, listed) == (Seen.ABSENT, Listed.GONE) and gone_for is not None and gone_for >= GONE_LONG_ENOUGH:
        return Decision.FAIL_LOST
    return _COMPLETING[seen, listed]


def decide_aborting(seen: Seen) -> Aborting:
    """A row in `aborting`, before anything is sent: the table above."""
    return _ABORTING[seen]


def decide_aborted(listed: Listed, *, aborts: int) -> Aborting:
    """One of its multipart uploads, after so many Aborts in this drive: the table above."""
    if listed is Listed.GONE:
        return Aborting.NOTHING_LEFT
    return Aborting.ABORT if listed is Listed.PARTS and aborts < ABORTS else Aborting.WAIT


def adopt(
    listed: Sequence[ListedMultipartUpload], *, age: timedelta, patience: timedelta
) -> tuple[Adoption, ListedMultipartUpload | None]:
    """A row in `creating`: what to do, and which upload to adopt.

    (A store that refuses to list is asked again until `patience` ends, and then given up: there is no other way to find
    what an unanswered create made.) None under the key: create it, unless the intent is older than `patience`. Several: the newest is ours to keep.
    """
    if listed:
        return Adoption.ADOPT, max(listed, key=lambda found: found.initiated)
    return (Adoption.GIVE_UP if age > patience else Adoption.CREATE), None


def newest_activity(upload: Upload, parts: Sequence[ListedPart]) -> datetime:
    """When somebody last worked on an open upload: parts at the store count, reported or not."""
    recorded = [upload.last_part_at] if upload.last_part_at else []
    return max([upload.created_at, *recorded, *(part.last_modified for part in parts)])


def backoff(attempts: int) -> timedelta:
    """How long a row rests after `attempts` fruitless drives: 5 s, 30 s, 5 min, then 15 min each."""
    return _REREADS[attempts] if attempts < len(_REREADS) else _LONGEST_BACKOFF
