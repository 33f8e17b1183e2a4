"""The rules, the real ledger and a real store: an upload's life as a client and an operator see it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.uploads import Uploads
from coordinator.uploads.driver import Driver
from coordinator.uploads.driving import Driving, Timing
from coordinator.uploads.model import Claim, Identity, LeaseOwner, Upload
from coordinator.uploads.requests import Rules, SignedPart, StartRequest, WantedPart
from coordinator.uploads.service import UploadService
from coordinator.uploads.state import Event, State
from coordinator.uploads.store import ListedMultipartUpload, ObjectStore
from tests.contract.bench import PREFIX, RealBench, manifest_of

ADA = Identity(PREFIX, "ada")
RULES = Rules("default", max_size=None, max_part_size=None, content_types=(), lifetime=3600)
SMALL = b"a file of one part"
AGED = ", ".join(
    f"{column} = {column} - CAST(:by AS interval)"
    for column in ("created_at", "complete_attempted_at", "gone_since", "expires_at", "hard_expires_at")
)


@dataclass(frozen=True)
class Replica:
    driver: Driver
    service: UploadService

    async def start(self, size: int, *, part_size: int | None = None, sign: int = 0) -> Upload:
        request = StartRequest("film.mov", size, "video/quicktime", None, {}, part_size, None, sign)
        started, _ = await self.service.start(ADA.tenant, "ada", request, RULES)
        return started.upload


@dataclass
class Life:
    engine: AsyncEngine
    real: RealBench
    replicas: list[Replica] = field(default_factory=list)

    def replica(self, store: ObjectStore | None = None, **timing: Any) -> Replica:
        """A process; `store` is its way to the bucket, where that is not the straight one."""
        me = LeaseOwner(f"replica-{len(self.replicas) + 1}")
        quick: dict[str, Any] = {"complete_retries": (), "gone_rereads": (0.01,)}
        driving = Driving(Uploads(self.engine), store or self.real.store, me, Timing(**quick | timing))
        driver = Driver(driving)
        replica = Replica(driver, UploadService(driver, self.real.presigner()))
        self.replicas.append(replica)
        return replica

    async def put(self, part: SignedPart, content: bytes) -> str:
        """As a browser; the ETag."""
        answer = await self.real.http.put(part.url, headers=dict(part.headers), content=content)
        assert answer.status_code == 200, answer.text
        return str(answer.headers["etag"]).strip('"')

    async def send(self, replica: Replica, upload: Upload, content: bytes) -> None:
        """Every part of the plan, and what a client says of it."""
        assert upload.part_count is not None
        wanted = [WantedPart(number) for number in range(1, upload.part_count + 1)]
        signed = await replica.service.sign(upload.id, ADA, wanted)
        etags = await asyncio.gather(
            *(self.put(part, content[part.offset : part.offset + part.size]) for part in signed)
        )
        claims = [Claim(part.part_number, part.size, etag) for part, etag in zip(signed, etags, strict=True)]
        await replica.service.record(upload.id, ADA, claims)

    async def sent(self, replica: Replica, content: bytes = SMALL) -> Upload:
        """An open upload all of whose parts are at the store."""
        upload = await replica.start(len(content))
        await self.send(replica, upload, content)
        return await self.row(upload)

    async def row(self, upload: Upload) -> Upload:
        found = await Uploads(self.engine).reread(upload.id)
        assert found is not None
        return found

    async def sql(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        async with self.engine.begin() as connection:
            result = await connection.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

    async def newest(self) -> Upload:
        """The upload that was started last."""
        [(upload_id,)] = await self.sql("SELECT id FROM uploads ORDER BY created_at DESC, id DESC LIMIT 1")
        found = await Uploads(self.engine).reread(upload_id)
        assert found is not None
        return found

    async def sweep(self, upload: Upload, after: timedelta = timedelta(0)) -> Upload:
        """Whoever drove the row is dead and so much time has passed: another process finds it. The row as that leaves it."""
        await self.sql(
            f"UPDATE uploads SET {AGED}, lease_owner = NULL, lease_until = NULL, wake_at = now() WHERE id = :id",
            id=upload.id,
            by=after,
        )
        await self.replica().driver.sweep(await self.row(upload))
        return await self.row(upload)

    async def ends(self, upload: Upload) -> list[str]:
        """The terminal events of an upload."""
        rows = await self.sql("SELECT type FROM events WHERE upload_id = :id ORDER BY id", id=upload.id)
        return [
            kind for (kind,) in rows if kind.removeprefix("upload.") in {"completed", "aborted", "failed"}
        ]

    async def begin_to_complete(self, upload: Upload) -> Upload:
        """What a process commits before it sends Complete."""
        driving = self.replica().driver.driving
        assert upload.multipart_upload_id is not None
        listed = await self.real.store.list_parts(upload.key, upload.multipart_upload_id)
        changes = driving.leased(
            manifest=manifest_of(*listed), attempted=True, size=upload.size, part_count=upload.part_count
        )
        moved = await driving.try_move(upload, Event.COMPLETING, changes)
        assert moved is not None
        return moved

    async def complete_at_the_store(self, upload: Upload) -> None:
        assert upload.multipart_upload_id is not None
        listed = await self.real.store.list_parts(upload.key, upload.multipart_upload_id)
        await self.real.store.complete_multipart_upload(
            upload.key, upload.multipart_upload_id, manifest_of(*listed)
        )

    async def at_the_store(self, upload: Upload) -> Sequence[ListedMultipartUpload]:
        return await self.real.store.list_multipart_uploads(upload.key)

    async def require_completed(self, upload: Upload, content: bytes = SMALL) -> None:
        """One object of ours, whole, that readers get; one event; nothing left over."""
        row = await self.row(upload)
        assert row.state is State.COMPLETED
        assert await self.ends(upload) == ["upload.completed"]
        found = await self.real.store.head_object(upload.key)
        assert found is not None
        assert (found.mark, found.size, found.etag) == (row.mark, len(content), row.etag)
        download = await self.replica().service.download(upload.id, ADA)
        answer = await self.real.http.get(download.url)
        assert (answer.status_code, answer.content) == (200, content)
        assert await self.at_the_store(upload) == []
