"""The rules at work: the real ledger, a store in memory that fails on command, and as many replicas as a test wants."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.uploads import Uploads
from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.signing.presigner import Addressing, Presigner
from coordinator.storage.fake import FakeStore
from coordinator.uploads.driver import Driver
from coordinator.uploads.driving import Driving, Timing
from coordinator.uploads.ledger import IdempotencyKey
from coordinator.uploads.model import (
    Identity,
    LeaseOwner,
    Manifest,
    ManifestPart,
    MultipartUploadId,
    NewUpload,
    Upload,
    new_mark,
    new_upload_id,
)
from coordinator.uploads.plan import MIB, plan_parts
from coordinator.uploads.requests import Rules, StartRequest
from coordinator.uploads.service import UploadService
from coordinator.uploads.store import CompletedObject, LonePut, StoreError, StoreOutcomeUnknown

ADA = Identity("acme", "ada")
DEAD = LeaseOwner("a process that is no more")
LIFETIME = timedelta(hours=1)
RULES = Rules("default", max_size=None, max_part_size=None, content_types=(), lifetime=3600)
QUICK = timedelta(seconds=0.05)
DOWN = StoreOutcomeUnknown("any", "ConnectTimeout")
ADDRESSING = Addressing("https://store.example", "auto", "uploads", "path")

AGED = ", ".join(
    f"{column} = {column} - CAST(:by AS interval)"
    for column in ("created_at", "complete_attempted_at", "gone_since", "expires_at", "hard_expires_at")
)


def now() -> datetime:
    return datetime.now(UTC)


class Store(FakeStore):
    """Also lies about a Complete it made, says yes to one it did not make, and finds aborted uploads again."""

    def __init__(self, bucket: str = "uploads") -> None:
        super().__init__(clock=now, bucket=bucket)
        self.manifests: list[Manifest] = []
        self.errors_after_complete: deque[StoreError] = deque()
        self.empty_promises = 0

    async def complete_multipart_upload(
        self, key: str, multipart_upload_id: MultipartUploadId, manifest: Manifest
    ) -> CompletedObject:
        self.manifests.append(manifest)
        if self.empty_promises:
            self.empty_promises -= 1
            return CompletedObject("promised", None)
        answer = await super().complete_multipart_upload(key, multipart_upload_id, manifest)
        if self.errors_after_complete:
            raise self.errors_after_complete.popleft()
        return answer

    def lose(self, upload: Upload) -> Callable[[], None]:
        """Forget an upload, as a lifecycle rule would; what is returned brings it back with its parts."""
        assert upload.multipart_upload_id is not None
        made = upload.multipart_upload_id
        kept = self._multipart_uploads.pop(made)
        return lambda: self._multipart_uploads.update({made: kept})

    def hide_parts(self, upload: Upload) -> Callable[[], None]:
        """List none of an upload's parts, as SeaweedFS in the midst of Complete; what is returned shows them again."""
        assert upload.multipart_upload_id is not None
        parts = self._multipart_uploads[upload.multipart_upload_id].parts
        kept = dict(parts)
        parts.clear()
        return lambda: parts.update(kept)

    def names(self, upload: Upload) -> list[MultipartUploadId]:
        """The multipart uploads that stand under the key."""
        return [made for made, found in self._multipart_uploads.items() if found.key == upload.key]

    def stores(self, upload: Upload) -> bool:
        return upload.key in self._objects

    def part_is_sent(self, upload: Upload, number: int, size: int, at: datetime) -> None:
        """A part that arrived at `at`."""
        assert upload.multipart_upload_id is not None
        self._clock = lambda: at
        self.put_part(upload.key, upload.multipart_upload_id, number, size)
        self._clock = now


@dataclass
class Replica:
    driver: Driver
    service: UploadService

    async def sweep(self) -> int:
        """Drive what is due, to its end; how much that was."""
        driving = self.driver.driving
        due = await driving.repository.claim_due(driving.store.bucket, 20, driving.timing.lease)
        await asyncio.gather(*map(self.driver.sweep, due))
        return len(due)


@dataclass
class House:
    engine: AsyncEngine
    uploads: Uploads
    store: Store = field(default_factory=Store)
    replicas: list[Replica] = field(default_factory=list)

    def replica(self, lone_put: LonePut | None = None, store: Store | None = None, **timing: Any) -> Replica:
        """Another process, of the house's store unless told otherwise. Times that a test does not choose are the ordinary ones, the pauses very short."""
        quick: dict[str, Any] = {"complete_retries": (), "gone_rereads": (0.01, 0.01)}
        me = LeaseOwner(f"replica-{len(self.replicas) + 1}")
        driver = Driver(Driving(self.uploads, store or self.store, me, Timing(**quick | timing)))
        presigner = Presigner(
            addressing=ADDRESSING, credentials=StaticCredentials(Credentials("AKID", "hush")), clock=now
        )
        replica = Replica(driver, UploadService(driver, presigner, lone_put=lone_put))
        self.replicas.append(replica)
        return replica

    async def row(self, upload: Upload) -> Upload:
        found = await self.uploads.reread(upload.id)
        assert found is not None
        return found

    async def sql(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        async with self.engine.begin() as connection:
            result = await connection.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

    async def events(self, upload: Upload) -> list[str]:
        rows = await self.sql("SELECT type FROM events WHERE upload_id = :id ORDER BY id", id=upload.id)
        return [row[0].removeprefix("upload.") for row in rows]

    async def age(self, upload: Upload, by: timedelta) -> Upload:
        """Let so much time have passed for this row; whoever drove it is dead, and it is due."""
        await self.sql(
            f"UPDATE uploads SET {AGED}, lease_owner = NULL, lease_until = NULL, wake_at = now() WHERE id = :id",
            id=upload.id,
            by=by,
        )
        return await self.row(upload)

    async def due(self, upload: Upload) -> Upload:
        """Let the lease be over and the row's time have come."""
        return await self.age(upload, timedelta(0))

    def send(self, upload: Upload, *numbers: int) -> None:
        """Put parts of the plan as a browser does, all of them when none is named."""
        assert upload.multipart_upload_id is not None
        assert upload.part_count is not None
        for number in numbers or range(1, upload.part_count + 1):
            self.store.put_part(upload.key, upload.multipart_upload_id, number, upload.plan.size_of(number))

    async def sent(self, replica: Replica, size: int = 20 * MIB) -> Upload:
        """An open upload all of whose parts are at the store."""
        upload = await started(replica, size)
        self.send(upload)
        return upload

    async def intent(self, lease: LeaseOwner = DEAD) -> Upload:
        """A row that somebody committed and then said no more of."""
        upload_id = new_upload_id()
        new = NewUpload(
            id=upload_id,
            tenant="acme",
            owner="ada",
            policy="default",
            filename="film.mov",
            content_type="video/quicktime",
            content_encoding=None,
            metadata={},
            plan=plan_parts(20 * MIB),
            bucket="uploads",
            key=f"acme/ada/{upload_id}/film.mov",
            mark=new_mark(),
            fingerprint=None,
            lifetime=LIFETIME,
            hard_lifetime=timedelta(days=6),
        )
        return (await self.uploads.start(new, None, lease, timedelta(seconds=30))).upload

    async def create_at_store(self, upload: Upload) -> MultipartUploadId:
        made = await self.store.create_multipart_upload(
            upload.key,
            mark=upload.mark,
            content_type=upload.content_type,
            content_encoding=None,
            content_disposition="attachment",
        )
        return made.multipart_upload_id

    async def manifest(self, upload: Upload) -> Manifest:
        assert upload.multipart_upload_id is not None
        listed = await self.store.list_parts(upload.key, upload.multipart_upload_id)
        return tuple(ManifestPart(part.part_number, part.etag, part.size) for part in listed)

    async def complete_at_store(self, upload: Upload) -> None:
        """What a Complete of ours does whose sender did not live to hear of it."""
        assert upload.multipart_upload_id is not None
        manifest = await self.manifest(upload)
        await FakeStore.complete_multipart_upload(
            self.store, upload.key, upload.multipart_upload_id, manifest
        )

    def completes(self) -> int:
        return len(self.store.manifests)


def a_request(size: int | None = 20 * MIB, *, sign: int = 0, fingerprint: str | None = None) -> StartRequest:
    return StartRequest("film.mov", size, None, None, {}, None, fingerprint, sign)


def a_key(key: str = "one", content: bytes = b"request") -> IdempotencyKey:
    return IdempotencyKey("acme", "key-1", key, content)


async def started(replica: Replica, size: int | None = 20 * MIB, **wishes: Any) -> Upload:
    start, _ = await replica.service.start("acme", "ada", a_request(size, **wishes), RULES)
    return start.upload


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Look again and again; fails when it does not become true in time."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is awaited is a row, which sets no event
            await asyncio.sleep(0.01)
