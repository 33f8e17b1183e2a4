"""What really happened: every committed move and every call at the store, seen from outside all processes.

Breaches that only the moment shows are noted here (invariants 8 and 9, moves that the table does not have, an upload
called lost that is not); the rest is read from the rows after each step, in `invariants`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from coordinator.storage.fake import Call, FakeStore
from coordinator.uploads.driving import Timing
from coordinator.uploads.ledger import Changes, Started
from coordinator.uploads.model import Claim, Manifest, ManifestPart, Method, Upload, UploadId
from coordinator.uploads.state import Reason, State
from coordinator.uploads.store import StoreOutcomeUnknown, StoreUploadGone

COMPLETE = "complete_multipart_upload"
ABORT = "abort_multipart_upload"
DELETE = "delete_object"
DEADLINE = Timing().complete_deadline
ADRIFT = timedelta(seconds=60)
"""How much later what a dead process sent may still arrive; a Complete never after its attempt's deadline."""


@dataclass
class Story:
    """One row, as it came about."""

    upload: Upload
    frozen: Manifest | None = None
    """What the latest move to `completing` froze."""
    stamped: datetime | None = None
    announced: int = 0
    """How many attempts were stamped."""
    sent_as: int = 0
    """Which of them the latest Complete was."""
    closed_at: int | None = None
    """The tick at which it last ceased to be open; None: it is open, or never was."""
    opened: bool = False
    completes: list[Call] = field(default_factory=list)
    stamps: list[datetime | None] = field(default_factory=list)
    """Of each Complete, when its attempt was stamped."""
    given_up: list[Call] = field(default_factory=list)
    """The Aborts that came while it was completing."""
    claims: dict[int, tuple[str | None, int]] = field(default_factory=dict)
    """The latest ETag that was recorded for each part, and at which tick."""
    parts_read: int | None = None
    """The tick of the first reading of the claims since the row was opened."""


class Truth:
    def __init__(
        self, now: Callable[[], datetime], store: Callable[[], FakeStore], moves: Counter[str]
    ) -> None:
        self.breaches: list[str] = []
        self.stories: dict[UploadId, Story] = {}
        self.tick = 0
        """Grows with every committed move, call at the store and answer."""
        self._moves = moves
        self._now = now
        self._store = store
        self._by_key: dict[str, Story] = {}
        self.meddled: set[str] = set()
        """Keys whose object a stranger has touched."""
        self.behind_us: set[str] = set()
        """Keys whose upload an operator has completed."""

    def breach(self, what: str) -> None:
        self.breaches.append(what)

    def saw_start(self, started: Started) -> None:
        self.tick += 1
        upload = started.upload
        if upload.id not in self.stories:
            opened = upload.state is State.OPEN
            self.stories[upload.id] = self._by_key[upload.key] = Story(upload, opened=opened)
            self._moves[f"none -> {upload.state} ({upload.method})"] += 1

    def saw_move(self, before: Upload, after: Upload, changes: Changes) -> None:
        self.tick += 1
        story = self.stories[after.id]
        reason = f" ({after.reason})" if after.terminal and after.reason else ""
        self._moves[f"{before.state} -> {after.state}{reason}"] += 1
        if story.upload.epoch != before.epoch or story.upload.state is not before.state:
            self.breach(f"2: a move from {before.state} {before.epoch}, which the row is not any more")
        story.upload = after
        if changes.attempted:
            story.stamped = self._now()
            story.announced += 1
        if after.state is State.COMPLETING and before.state is State.OPEN:
            story.frozen = after.manifest
            self._must_be_claimed(story)
        if after.method is Method.PUT:
            self._saw_lone_put(story, after)
        if after.state is State.OPEN:
            story.opened, story.closed_at, story.parts_read = True, None, None
        elif before.state is State.OPEN:
            story.closed_at = self.tick
        if after.state is State.ABORTING and after.reason is Reason.STALE and after.expires_at > after.now:
            self.breach("an upload that is in use was ended as stale")
        if after.state is State.FAILED and after.reason is Reason.LOST:
            self._must_be_lost(after)

    def saw_claims(self, upload_id: UploadId, claims: Sequence[Claim]) -> None:
        self.tick += 1
        recorded = {claim.part_number: (claim.etag, self.tick) for claim in claims}
        self.stories[upload_id].claims.update(recorded)

    def saw_parts_read(self, upload_id: UploadId) -> None:
        story = self.stories[upload_id]
        story.parts_read = self.tick if story.parts_read is None else story.parts_read

    def was_open_since(self, upload_id: UploadId, tick: int) -> bool:
        story = self.stories[upload_id]
        return story.opened and (story.closed_at is None or story.closed_at > tick)

    def story_of(self, call: Call) -> Story | None:
        return self._by_key.get(call.key or "")

    def saw_call(self, call: Call) -> None:
        """A call arrives at the store."""
        self.tick += 1
        story = self.story_of(call)
        if story is None:
            return
        if call.operation == COMPLETE:
            self._complete_arrives(story, call)
        elif call.operation == ABORT:
            self._abort_arrives(story, call)
        elif call.operation == DELETE:
            self._delete_arrives(story)

    def _complete_arrives(self, story: Story, call: Call) -> None:
        if call.manifest != story.frozen:
            self.breach("9: a Complete whose manifest is not the frozen one")
        if self._running(story):
            self.breach("9: a Complete while an earlier one may still run")
        if not all(_landed(call, self._now()) for call in story.given_up):
            self.breach("8: a Complete while an Abort may still run")
        if story.upload.state is not State.COMPLETING:
            self.breach(f"9: a Complete of an upload that is {story.upload.state}")
        if story.stamped is None or self._now() > story.stamped + DEADLINE:
            self.breach("9: a Complete that no fresh stamp announced")
        story.completes.append(call)
        story.sent_as = story.announced
        story.stamps.append(story.stamped)
        if len(story.completes) > story.announced:
            self.breach("9: more Completes than stamps")

    def _abort_arrives(self, story: Story, call: Call) -> None:
        if call.multipart_upload_id != story.upload.multipart_upload_id:
            return
        if self._running(story):
            self.breach("8: an Abort while a Complete may still run")
        if story.upload.state is State.COMPLETING:
            self._given_up(story, call)
        elif story.upload.state in {State.COMPLETED, State.OPEN}:
            self.breach(f"8: an Abort of an upload that is {story.upload.state}")

    def _given_up(self, story: Story, call: Call) -> None:
        """Only of what the store called completed, or gone, and in the place of an attempt."""
        story.given_up.append(call)
        last = story.completes[-1] if story.completes else None
        if last is None or not last.heard or not isinstance(last.error, StoreUploadGone | None):
            self.breach("8: an Abort of a completing upload that the store calls neither completed nor gone")
        if story.stamped is None or self._now() > story.stamped + DEADLINE:
            self.breach("8: an Abort of a completing upload that no fresh stamp announced")
        if story.sent_as == story.announced:
            self.breach("8: an Abort of a completing upload under the stamp of a Complete")

    def _delete_arrives(self, story: Story) -> None:
        upload = story.upload
        if upload.method is not Method.PUT or upload.state in {State.OPEN, State.COMPLETED}:
            self.breach(f"8: a DeleteObject of an upload that is {upload.state}")
        found = self._store().stored(upload.key)
        if found is not None and found.mark != upload.mark and upload.key not in self.meddled:
            self.breach("8: a DeleteObject of what is not ours")

    def _saw_lone_put(self, story: Story, after: Upload) -> None:
        if after.state in {State.CREATING, State.COMPLETING}:
            self.breach(f"2: a put upload that is {after.state}")
        if after.state is State.COMPLETED and after.etag is not None and after.size is not None:
            story.frozen = (ManifestPart(1, after.etag, after.size),)
            self._must_be_claimed(story)
        if after.state is State.FAILED and after.key not in self.meddled:
            self.breach(f"1: called {after.reason}, and nobody has touched the object")

    def _running(self, story: Story) -> bool:
        return any(
            not _over(call, stamp, self._now())
            for call, stamp in zip(story.completes, story.stamps, strict=True)
        )

    def _must_be_claimed(self, story: Story) -> None:
        """A claim that was there before anybody read the claims is the part that Complete names."""
        for part in story.frozen or ():
            etag, recorded = story.claims.get(part.part_number, (None, 0))
            if etag not in {None, part.etag} and story.parts_read is not None and recorded < story.parts_read:
                self.breach(f"1: part {part.part_number} is not the one that was reported")

    def _must_be_lost(self, upload: Upload) -> None:
        store, made = self._store(), upload.multipart_upload_id
        found = store.stored(upload.key)
        ours = found is not None and found.mark == upload.mark and upload.size in {None, found.size}
        if ours and upload.key not in self.meddled:
            self.breach("1: called lost, and the object is there")
        if made in store.standing(upload.key):
            self.breach("1: called lost, and the multipart upload stands")


def _landed(call: Call, now: datetime) -> bool:
    """Whether this call can have no effect any more: it was answered, or is adrift no longer."""
    return _answered(call) or (call.ended is not None and now > call.ended + ADRIFT)


def _over(call: Call, stamp: datetime | None, now: datetime) -> bool:
    """Whether this Complete can have no effect any more: it was answered, or its deadline has passed."""
    return _answered(call) or (stamp is not None and now > stamp + DEADLINE - timedelta(microseconds=1))


def _answered(call: Call) -> bool:
    unanswered = isinstance(call.error, StoreOutcomeUnknown) and not call.error.answered
    return call.heard and not unanswered
