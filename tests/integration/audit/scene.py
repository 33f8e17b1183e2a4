"""Rows and what the bucket holds of them, in any state and with any trouble, each made in the fewest steps."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.audit.audit import audit
from coordinator.audit.auditor import Auditor
from coordinator.audit.finding import Finding, Name, Report
from coordinator.audit.mending import mend
from coordinator.database.uploads import Uploads
from coordinator.uploads.driving import Driving, Timing
from coordinator.uploads.keys import make_key
from coordinator.uploads.ledger import Changes
from coordinator.uploads.model import (
    LeaseOwner,
    ManifestPart,
    Method,
    MultipartUploadId,
    NewUpload,
    Upload,
    new_mark,
    new_upload_id,
)
from coordinator.uploads.plan import plan_parts
from coordinator.uploads.state import Event, Reason
from tests.integration.audit.hands import Contents, Hands

CONTENT = b"a file of one part"
EIGHT_DAYS = timedelta(days=8)
ME = LeaseOwner("audit-test")

Found = set[tuple[Name, str | None, str]]
"""Name, key, and what --apply would do."""


def later() -> datetime:
    """By this clock all that stands at the store is a week old."""
    return datetime.now(UTC) + EIGHT_DAYS


@dataclass
class Scene:
    engine: AsyncEngine
    hands: Hands
    uploads: Uploads = field(init=False)

    def __post_init__(self) -> None:
        self.uploads = Uploads(self.engine)

    # rows

    async def creating(self, *, tenant: str = "acme") -> Upload:
        return (await self.uploads.start(self.new(tenant), None, ME, timedelta(seconds=30))).upload

    def new(self, tenant: str = "acme") -> NewUpload:
        upload_id = new_upload_id()
        return NewUpload(
            id=upload_id,
            tenant=tenant,
            owner="ada",
            policy="default",
            filename="film.mov",
            content_type="video/quicktime",
            content_encoding=None,
            metadata={},
            plan=plan_parts(len(CONTENT)),
            bucket=self.hands.store.bucket,
            key=make_key(tenant, "ada", upload_id, "film.mov"),
            mark=new_mark(),
            fingerprint=None,
            lifetime=timedelta(hours=1),
            hard_lifetime=timedelta(days=6),
        )

    async def open(self, *, tenant: str = "acme") -> Upload:
        """All its parts are sent."""
        row = await self.creating(tenant=tenant)
        made = await self.create_at_store(row.key, row.mark)
        await self.hands.put_part(row.key, made, CONTENT)
        return await self.moved(row, Event.OPENED, multipart_upload_id=made)

    async def small(self, *, sent: bool) -> Upload:
        """Of method `put`; open from the beginning."""
        new = replace(self.new(), method=Method.PUT)
        row = (await self.uploads.start(new, None, ME, timedelta(seconds=30))).upload
        if sent:
            await self.hands.put_object(row.key, CONTENT, mark=row.mark)
        return row

    async def completing(self) -> Upload:
        row = await self.open()
        parts = await self.hands.store.list_parts(row.key, _made(row))
        manifest = tuple(ManifestPart(part.part_number, part.etag, part.size) for part in parts)
        return await self.moved(row, Event.COMPLETING, manifest=manifest, attempted=True)

    async def completed(self) -> Upload:
        row = await self.completing()
        await self.complete_at_store(row)
        found = await self.hands.store.head_object(row.key)
        assert found is not None
        return await self.moved(row, Event.COMPLETED, etag=found.etag)

    async def aborting(self) -> Upload:
        return await self.moved(await self.open(), Event.ABORTING, reason=Reason.CLIENT)

    async def aborted(self) -> Upload:
        """And checked late."""
        row = await self.aborting()
        await self.hands.store.abort_multipart_upload(row.key, _made(row))
        return await self.moved(row, Event.ABORTED)

    async def unresolved(self) -> Upload:
        return await self.moved(await self.completing(), Event.FAILED, reason=Reason.UNRESOLVED)

    async def house(self) -> list[Upload]:
        """One upload in every state, and nothing wrong."""
        failed = await self.creating()
        return [
            await self.creating(),
            await self.open(),
            await self.small(sent=False),
            await self.small(sent=True),
            await self.completing(),
            await self.completed(),
            await self.aborting(),
            await self.aborted(),
            await self.moved(failed, Event.FAILED, reason=Reason.CREATE_LOST),
        ]

    async def moved(self, row: Upload, event: Event, **changes: Any) -> Upload:
        moved = await self.uploads.move(row, event, Changes(**changes))
        assert moved is not None
        return moved

    async def row(self, upload: Upload) -> Upload:
        found = await self.uploads.reread(upload.id)
        assert found is not None
        return found

    async def states(self) -> set[tuple[str, str]]:
        """Of every row, by its key."""
        return {(key, state) for key, state in await self.sql("SELECT key, state FROM uploads")}

    async def sql(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        async with self.engine.begin() as connection:
            result = await connection.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

    # the store

    async def create_at_store(self, key: str, mark: str) -> MultipartUploadId:
        made = await self.hands.store.create_multipart_upload(
            key,
            mark=mark,
            content_type="video/quicktime",
            content_encoding=None,
            content_disposition="attachment",
        )
        return made.multipart_upload_id

    async def complete_at_store(self, row: Upload) -> None:
        parts = await self.hands.store.list_parts(row.key, _made(row))
        manifest = tuple(ManifestPart(part.part_number, part.etag, part.size) for part in parts)
        await self.hands.store.complete_multipart_upload(row.key, _made(row), manifest)

    async def abort_at_store(self, row: Upload) -> None:
        await self.hands.store.abort_multipart_upload(row.key, _made(row))

    # the audit

    def auditor(self, **wishes: Any) -> Auditor:
        usual: dict[str, Any] = {"retention": None, "pauses": (0.0, 0.0), "clock": later}
        return Auditor(self.engine, self.hands.store, **usual | wishes)

    async def audited(self, **wishes: Any) -> Report:
        return await audit(self.auditor(**wishes))

    async def mended(self, auditor: Auditor, report: Report) -> list[Finding]:
        timing = Timing(gone_rereads=(0.0,))
        driving = Driving(self.uploads, self.hands.store, ME, timing)
        return [finding async for finding in mend(auditor, driving, report)]

    async def everything(self) -> tuple[Contents, list[tuple[Any, ...]]]:
        """The whole bucket and the whole ledger."""
        rows = await self.sql("SELECT to_jsonb(uploads)::text FROM uploads ORDER BY id")
        rows += await self.sql("SELECT to_jsonb(events)::text FROM events ORDER BY id")
        rows += await self.sql("SELECT to_jsonb(parts)::text FROM parts ORDER BY upload_id, part_number")
        return await self.hands.contents(), rows


def found(report: Report) -> Found:
    """What was found; fails when anything was found twice."""
    told = [(finding.name, finding.key, finding.remedy.value) for finding in report.findings]
    assert len(told) == len(set(told)), "found twice"
    return set(told)


def a_key(name: str = "film.mov", *, ago: timedelta = timedelta(0)) -> str:
    """Of an upload of ours that no row knows, started `ago`."""
    started = datetime.now(UTC) - ago
    return make_key("acme", "ada", new_upload_id(lambda: int(started.timestamp() * 1000)), name)


def _made(row: Upload) -> MultipartUploadId:
    assert row.multipart_upload_id is not None
    return row.multipart_upload_id
