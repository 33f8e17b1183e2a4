"""What clients ask of the service, and what its answers commit it to."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from coordinator.errors import AlreadyCompleted, DatabaseUnavailable, NotFound, Problem
from coordinator.uploads.ledger import IdempotencyKey, Started
from coordinator.uploads.model import Identity, Method, Upload, UploadId
from coordinator.uploads.requests import Rules, SignedPart
from coordinator.uploads.state import State
from tests.model.clients import File, Known, url_of
from tests.model.gates import Killed
from tests.model.replica import Replica
from tests.model.world import World

LIFETIME = 86_400
KEYS_LIVE = timedelta(hours=24)
RULES = Rules("default", max_size=None, max_part_size=None, content_types=(), lifetime=LIFETIME)
IN_PARTS = replace(RULES, small_files=Method.MULTIPART)


@dataclass(frozen=True, slots=True)
class StartAsked:
    """What a start was sent with, to be sent again."""

    identity: Identity
    file: File
    fingerprint: str | None
    key: IdempotencyKey | None
    sign: int


@dataclass
class Asked:
    """A request under way. `what` is a StartAsked, the Known it is about, or None for a sweep."""

    kind: str
    who: Replica
    what: StartAsked | Known | None
    answer: asyncio.Task[Any]
    tick: int


@dataclass
class Conversation:
    world: World
    known: list[Known] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    by_key: dict[str, tuple[UploadId, datetime]] = field(default_factory=dict)
    """Which upload each idempotency key stands for, and since when at most."""

    def ask(self, kind: str, who: Replica, what: StartAsked | Known | None, work: Any) -> Asked:
        tick = self.world.truth.tick
        asked = Asked(kind, who, what, self.world.ask(who, work), tick)
        self.asked.append(asked)
        return asked

    def listen(self) -> None:
        """Take in every answer that has come."""
        for asked in [one for one in self.asked if one.answer.done()]:
            self.asked.remove(asked)
            self._heard(asked)

    def _heard(self, asked: Asked) -> None:
        failed = None if asked.answer.cancelled() else asked.answer.exception()
        if asked.who.dead:
            return
        if asked.answer.cancelled() or isinstance(failed, Killed):
            self.world.truth.breach(f"{asked.kind} was cancelled by nobody")
        elif failed is not None:
            self._refused(asked, failed)
        else:
            self._answered(asked, asked.answer.result())

    def _refused(self, asked: Asked, failed: BaseException) -> None:
        breach = self.world.truth.breach
        if not isinstance(failed, Problem):
            breach(f"{asked.kind} ended in {failed!r}")
        if asked.kind == "foreign" and not isinstance(failed, NotFound | DatabaseUnavailable):
            breach(f"10: a stranger was answered with {failed!r}")
        if isinstance(failed, AlreadyCompleted) and isinstance(asked.what, Known):
            asked.what.acknowledged = True
        told = f"{failed} {getattr(failed, 'members', '')}"
        if any(story.upload.mark in told for story in self.world.truth.stories.values()) or "X-Amz" in told:
            breach("11: a secret in an error")

    def _answered(self, asked: Asked, answer: Any) -> None:
        match asked.kind, asked.what:
            case "start", StartAsked() as start:
                started, signed = answer
                self._started(asked, start, started, signed)
            case "sign", Known() as known:
                self._signed(asked, known, answer)
            case "foreign", _:
                self.world.truth.breach(f"10: a stranger was answered with {answer!r}")
            case _, Known() as known if isinstance(answer, Upload) and answer.state is State.COMPLETED:
                known.acknowledged = True

    def _started(
        self, asked: Asked, start: StartAsked, started: Started, signed: Sequence[SignedPart]
    ) -> None:
        upload, breach = started.upload, self.world.truth.breach
        if (upload.tenant, upload.owner) != (start.identity.tenant, start.identity.owner):
            breach("10: a start was answered with somebody else's upload")
        known = next((one for one in self.known if one.id == upload.id), None)
        if known is None:
            known = Known(upload.id, start.identity, upload.key, start.file)
            self.known.append(known)
        self._same_for_key(start, upload)
        self._signed(asked, known, signed)

    def _same_for_key(self, start: StartAsked, upload: Upload) -> None:
        if start.key is None:
            return
        earlier, since = self.by_key.setdefault(start.key.key, (upload.id, upload.created_at))
        if earlier != upload.id and upload.now - since < KEYS_LIVE:
            self.world.truth.breach("one idempotency key, two uploads")

    def _signed(self, asked: Asked, known: Known, signed: Sequence[SignedPart]) -> None:
        truth = self.world.truth
        if signed and not truth.was_open_since(known.id, asked.tick):
            truth.breach("6: URLs for an upload that is not open")
        for part in signed:
            url = url_of(part)
            known.urls.append(url)
            if "content-length" not in part.url:
                truth.breach("6: a URL without a bound length")
            if url.multipart_upload_id is None and not self._fenced(known, part):
                truth.breach(f"6: a URL that may write anything else: {sorted(part.headers)}")
            if url.key != known.key or not 1 <= url.part_number <= 10_000:
                truth.breach("6: a URL for something else")
            planned = url.part_number <= known.file.part_count and url.size == known.file.size_of(
                url.part_number
            )
            if not (planned or known.file.stream):
                truth.breach(f"6: a URL outside the plan: part {url.part_number}, {url.size} bytes")

    def _fenced(self, known: Known, part: SignedPart) -> bool:
        """Whether what this URL writes bears the mark, and is written once or is always the same."""
        once = "if-none-match" in part.headers and not self.world.store.profile.ignores_if_none_match
        marked = self.world.truth.stories[known.id].upload.mark in part.headers.values()
        bound = all(name in part.url for name in part.headers)
        return marked and bound and (once or "content-md5" in part.headers)
