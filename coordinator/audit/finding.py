"""What an audit may find, by stable names, and how it is told.

A finding names its upload or its key, says what is wrong, and what `--apply` would do about it: mostly nothing. No
mark, no id of the store's and no URL is ever part of it.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from coordinator.uploads.model import MultipartUploadId, UploadId

__all__ = ["Finding", "Name", "Remedy", "Report"]

MOST_OF_A_NAME: Final = 1000
"""Findings of one name that are kept and told one by one; all are counted."""


class Name(StrEnum):
    OBJECT_MISSING = "object.missing"
    """A completed upload, and no object."""
    OBJECT_OTHER_MARK = "object.other_mark"
    """A completed upload, and somebody else's object under its key."""
    OBJECT_OTHER_SIZE = "object.other_size"
    OBJECT_OTHER_ETAG = "object.other_etag"
    OBJECT_ORPHAN = "object.orphan"
    """An object with a mark of ours that no row knows."""
    OBJECT_INTRUDER = "object.intruder"
    """Somebody else's object under the key of an upload that is not completed."""
    OBJECT_AFTER_END = "object.after_end"
    """An object of ours, and the row says aborted or failed."""
    MULTIPART_LEFT = "multipart.left"
    """An aborted or failed upload, after its late check, still has a multipart upload."""
    MULTIPART_LEFTOVER = "multipart.leftover"
    """A completed upload still has one. On some stores it shares its bytes with the object: never aborted."""
    MULTIPART_EXTRA = "multipart.extra"
    """An upload under way has one that its row does not hold."""
    MULTIPART_ORPHAN = "multipart.orphan"
    """A multipart upload under a key of ours that no row knows."""
    ROW_LOST = "row.lost"
    """An open upload of which the store knows nothing any more."""
    ROW_COMPLETED_AT_STORE = "row.completed_at_store"
    """An open upload whose object is there, whole: the ledger is behind the store."""
    ROW_OVERDUE = "row.overdue"
    """Its time has come long ago, and nobody drives it."""
    ROW_STUCK = "row.stuck"
    """Driven, or checked late, again and again without an outcome."""
    LEDGER_EVENTS = "ledger.events"
    """The events are not one for each epoch, from 1 on."""
    LEDGER_END = "ledger.end"
    """Not exactly one terminal event, of the row's own state and last of all; or one before the end."""
    LEDGER_PARTS_LEFT = "ledger.parts_left"
    """Part rows of an ended upload."""
    LEDGER_OUTSIDE_PLAN = "ledger.outside_plan"
    """Part rows beyond the plan."""
    LEDGER_ASLEEP = "ledger.asleep"
    """Under way without a wake-up time: nobody will ever look at it."""
    LEDGER_UNPROVEN = "ledger.unproven"
    """Completed without what HEAD showed."""
    LEDGER_UNKNOWN_TO_STORE = "ledger.unknown_to_store"
    """Open or completing without the store's id."""
    LEDGER_MANIFEST = "ledger.manifest"
    """Completing without a manifest that is whole and of the upload's size, or without its attempt's time."""
    LEDGER_LEASE = "ledger.lease"
    """An ended upload that somebody holds."""
    LEDGER_STRAY_PARTS = "ledger.stray_parts"
    """Part rows of no upload."""
    LEDGER_STRAY_EVENTS = "ledger.stray_events"
    """Events of no upload."""
    LEDGER_QUOTA = "ledger.quota"
    """A quota whose counts are not those of the rows, or that is exceeded."""
    STORE_UNANSWERED = "store.unanswered"
    """The store did not answer: something could not be judged."""
    STORE_LISTING = "store.listing"
    """The store does not list all multipart uploads of the bucket: what no row knows of cannot be found."""
    STORE_ELSEWHERE = "store.elsewhere"
    """Rows name another bucket than the settings do: nobody who has these settings drives them, nor does an audit judge them."""
    STORE_STRANGE = "store.strange"
    """Nothing that the ledger speaks of is there: is it the right store? Nothing is applied."""


class Remedy(StrEnum):
    NOTHING = "nothing"
    ABORT = "abort this multipart upload"
    SETTLE = "settle the row by what the store shows"


@dataclass(frozen=True, slots=True)
class Finding:
    name: Name
    detail: str
    upload_id: UploadId | None = None
    key: str | None = None
    remedy: Remedy = Remedy.NOTHING
    multipart_upload_id: MultipartUploadId | None = field(default=None, repr=False)
    """For `mending` alone."""
    epoch: int | None = None
    """Of the row that was judged; None: there is none."""
    outcome: str | None = None
    """What became of the remedy; None: it was not applied."""

    def told(self) -> dict[str, str | None]:
        """For `--json`."""
        return {
            "name": self.name.value,
            "upload_id": None if self.upload_id is None else str(self.upload_id),
            "key": self.key,
            "detail": self.detail,
            "apply": self.remedy.value,
            "outcome": self.outcome,
        }


@dataclass(slots=True)
class Report:
    """What an audit has found so far. The one thing here that changes while it runs."""

    rows: int = 0
    rows_elsewhere: int = 0
    """Rows of another bucket than the settings' one: not held against this one."""
    multipart_uploads: int = 0
    objects: int = 0
    objects_forgotten: int = 0
    """Under keys of ours, older than the ledger's memory (`retention`): not looked at."""
    foreign: int = 0
    """Objects and multipart uploads that are not ours."""
    judged: int = 0
    """Completed and open rows held against the store."""
    confirmed: int = 0
    """Of those, the ones whose object or multipart upload was there."""
    counts: Counter[Name] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    most_of_a_name: int = MOST_OF_A_NAME

    def add(self, finding: Finding) -> None:
        self.counts[finding.name] += 1
        if self.counts[finding.name] <= self.most_of_a_name:
            self.findings.append(finding)

    @property
    def clean(self) -> bool:
        return not self.counts

    def told(self) -> dict[str, object]:
        """For `--json`."""
        summary = {
            "clean": self.clean,
            "rows": self.rows,
            "rows_elsewhere": self.rows_elsewhere,
            "multipart_uploads": self.multipart_uploads,
            "objects": self.objects,
            "objects_forgotten": self.objects_forgotten,
            "foreign": self.foreign,
            "counts": {name.value: count for name, count in sorted(self.counts.items())},
            "not_shown": self.counts.total() - len(self.findings),
        }
        return {"summary": summary, "findings": [finding.told() for finding in self.findings]}
