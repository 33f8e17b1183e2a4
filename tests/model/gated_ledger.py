"""The real repository behind gates: each call waits for its turn, may fail on either side of its commit, and is told of."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from coordinator.errors import DatabaseUnavailable
from coordinator.uploads.ledger import Changes, IdempotencyKey, ListFilter, Started, UploadRepository
from coordinator.uploads.model import Claim, Identity, LeaseOwner, NewUpload, Part, Upload, UploadId
from coordinator.uploads.state import Event

if TYPE_CHECKING:
    from tests.model.world import World

T = TypeVar("T")


class GatedLedger:
    """Implements UploadRepository."""

    def __init__(self, world: "World", inner: UploadRepository) -> None:
        self._world = world
        self._inner = inner

    async def _call(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        await self._world.gates.stand(name)
        trouble = self._world.next_trouble()
        if trouble == "before":
            raise DatabaseUnavailable("Scripted: it did not happen.", retry_after=1)
        answer = await self._world.statement(work)
        if trouble == "after":
            raise DatabaseUnavailable("Scripted: it happened.", retry_after=1)
        return answer

    async def start(
        self, new: NewUpload, idempotency: IdempotencyKey | None, lease: LeaseOwner, lease_for: timedelta
    ) -> Started:
        async def start() -> Started:
            started = await self._inner.start(new, idempotency, lease, lease_for)
            self._world.truth.saw_start(started)
            return started

        return await self._call("start", start)

    async def get(self, upload_id: UploadId, identity: Identity) -> Upload | None:
        return await self._call("get", lambda: self._inner.get(upload_id, identity))

    async def reread(self, upload_id: UploadId) -> Upload | None:
        return await self._call("reread", lambda: self._inner.reread(upload_id))

    async def find(self, query: ListFilter) -> tuple[Sequence[Upload], UploadId | None]:
        return await self._call("find", lambda: self._inner.find(query))

    async def move(self, upload: Upload, event: Event, changes: Changes) -> Upload | None:
        async def move() -> Upload | None:
            moved = await self._inner.move(upload, event, changes)
            if moved is not None:
                self._world.truth.saw_move(upload, moved, changes)
            return moved

        return await self._call(event.value, move)

    async def renew_lease(self, upload: Upload, lease_for: timedelta) -> bool:
        return await self._call("renew_lease", lambda: self._inner.renew_lease(upload, lease_for))

    async def postpone(self, upload: Upload, wake_in: timedelta, *, gone: bool = False) -> None:
        await self._call("postpone", lambda: self._inner.postpone(upload, wake_in, gone=gone))

    async def claim_due(self, bucket: str, limit: int, lease_for: timedelta) -> Sequence[Upload]:
        return await self._call("claim_due", lambda: self._inner.claim_due(bucket, limit, lease_for))

    async def settle(self, upload: Upload) -> None:
        await self._call("settle", lambda: self._inner.settle(upload))

    async def extend(
        self, upload: Upload, *, urls_until: datetime | None, active_at: datetime | None
    ) -> bool:
        return await self._call(
            "extend", lambda: self._inner.extend(upload, urls_until=urls_until, active_at=active_at)
        )

    async def record_parts(self, upload_id: UploadId, claims: Sequence[Claim]) -> bool:
        async def record() -> bool:
            recorded = await self._inner.record_parts(upload_id, claims)
            if recorded:
                self._world.truth.saw_claims(upload_id, claims)
            return recorded

        return await self._call("record_parts", record)

    async def parts(self, upload_id: UploadId, *, after: int = 0, limit: int | None = None) -> Sequence[Part]:
        async def read() -> Sequence[Part]:
            self._world.truth.saw_parts_read(upload_id)
            return await self._inner.parts(upload_id, after=after, limit=limit)

        return await self._call("parts", read)

    async def parts_by_number(self, upload_id: UploadId, part_numbers: Sequence[int]) -> Mapping[int, Part]:
        return await self._call(
            "parts_by_number", lambda: self._inner.parts_by_number(upload_id, part_numbers)
        )

    async def fix_stream_end(self, upload_id: UploadId, part_count: int) -> Upload | None:
        return await self._call("fix_stream_end", lambda: self._inner.fix_stream_end(upload_id, part_count))
