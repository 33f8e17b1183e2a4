"""What every part of an audit shares: ledger, bucket, limits, and how the store is asked.

A read that got no answer is asked again, because reads may be; nothing else ever is. At most `at_once` questions are
under way at a time, so that an audit of a busy service stays a small part of its load.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.audit.finding import Finding, Name, Report
from coordinator.uploads.model import Upload
from coordinator.uploads.store import ObjectStore, StoreError, StoreOutcomeUnknown
from coordinator.uploads.whole_bucket import Marker, Page, WholeBucket

__all__ = ["AuditedStore", "Auditor", "Stage"]

T = TypeVar("T")

Stage = str
"""`rows`, `multipart uploads` or `objects`: what is being gone through."""


class AuditedStore(ObjectStore, WholeBucket, Protocol):
    """A bucket that can be asked about one key, and read as a whole."""


def _now() -> datetime:
    return datetime.now(UTC)


def _unheard(_stage: Stage, _count: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Auditor:
    engine: AsyncEngine
    store: AuditedStore
    retention: timedelta | None
    """How long the ledger remembers ended uploads; None: for ever."""
    older_than: timedelta = timedelta(days=7)
    """Multipart uploads that no row knows may be aborted once they are older. Longer than any upload may take."""
    overdue: timedelta = timedelta(hours=1)
    """How late a row may be: longer than the longest rest of one, which is 15 minutes."""
    prefix: str = ""
    """Only keys that begin so are looked at, in the ledger and in the bucket."""
    at_once: int = 16
    rows_per_page: int = 200
    pauses: Sequence[float] = (0.5, 2.0)
    """Seconds before a read without an answer is sent again."""
    clock: Callable[[], datetime] = _now
    """This machine's time, for ages at the store; rows are judged by the database's."""
    progress: Callable[[Stage, int], None] = _unheard
    """Told how many more of a stage are done."""
    report: Report = field(default_factory=Report)

    async def asked(self, question: Callable[[], Awaitable[T]]) -> T:
        """The answer to a read. Raises StoreError."""
        for pause in self.pauses:
            try:
                return await question()
            except StoreOutcomeUnknown:
                await asyncio.sleep(pause)
        return await question()

    async def pages(
        self, page: Callable[[str, Marker | None], Awaitable[Page[T]]]
    ) -> AsyncIterator[Sequence[T]]:
        """Every page of a listing. Raises StoreError, also when the pages make no progress."""
        after: Marker | None = None
        while True:
            found = await self.asked(lambda marker=after: page(self.prefix, marker))  # type: ignore[misc]  # a bound copy
            yield found.rows
            if found.following is None:
                return
            if found.following == after:
                raise StoreOutcomeUnknown("list", "NoProgress", "the store's pages do not end")
            after = found.following

    async def each(self, items: Sequence[T], examine: Callable[[T], Awaitable[None]], stage: Stage) -> None:
        """Examine all of a page, at most `at_once` at a time."""
        turn = asyncio.Semaphore(self.at_once)

        async def in_turn(item: T) -> None:
            async with turn:
                await examine(item)
            self.progress(stage, 1)

        try:
            async with asyncio.TaskGroup() as examinations:
                for item in items:
                    examinations.create_task(in_turn(item))
        except ExceptionGroup as group:
            # the first failure ends the others; one plain error reads better
            raise group.exceptions[0] from group

    def unanswered(self, error: StoreError, upload: Upload | None = None, key: str | None = None) -> None:
        """Note what could not be judged."""
        upload_id, key = (None, key) if upload is None else (upload.id, upload.key)
        self.report.add(Finding(Name.STORE_UNANSWERED, f"not judged: {error}", upload_id, key))
