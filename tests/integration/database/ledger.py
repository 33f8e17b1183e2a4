"""Short ways to a row in any state, all of them by moves of the transition table."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.uploads import Uploads
from coordinator.uploads.ledger import Changes
from coordinator.uploads.model import (
    Identity,
    LeaseOwner,
    Manifest,
    ManifestPart,
    Method,
    MultipartUploadId,
    NewUpload,
    Upload,
    new_mark,
    new_upload_id,
)
from coordinator.uploads.plan import MIB, plan_parts
from coordinator.uploads.state import Event, State

ME = LeaseOwner("worker-1")
OTHER = LeaseOwner("worker-2")
LEASE = timedelta(seconds=30)
OWNER = Identity("acme", "ada")
MANIFEST: Manifest = (ManifestPart(1, "aa", 8 * MIB), ManifestPart(2, "bb", 2 * MIB))

WAY = {
    State.CREATING: (),
    State.OPEN: (Event.OPENED,),
    State.COMPLETING: (Event.OPENED, Event.COMPLETING),
    State.COMPLETED: (Event.OPENED, Event.COMPLETING, Event.COMPLETED),
    State.ABORTING: (Event.OPENED, Event.ABORTING),
    State.ABORTED: (Event.OPENED, Event.ABORTING, Event.ABORTED),
    State.FAILED: (Event.FAILED,),
}

CHANGES = {event: Changes() for event in Event} | {
    Event.OPENED: Changes(multipart_upload_id=MultipartUploadId("store-id")),
    Event.COMPLETING: Changes(manifest=MANIFEST, lease=ME, lease_for=LEASE, attempted=True),
    Event.ABORTING: Changes(lease=ME, lease_for=LEASE),
    Event.TAKEN_OVER: Changes(lease=ME, lease_for=LEASE),
}


def an_upload(**changes: object) -> NewUpload:
    """10 MiB in two parts, of Ada at Acme, with an id and a key of its own."""
    upload_id = new_upload_id()
    plain = NewUpload(
        id=upload_id,
        tenant="acme",
        owner="ada",
        policy="default",
        filename="film.mov",
        content_type="video/quicktime",
        content_encoding=None,
        metadata={"title": "Ein F\u00fcllhorn"},
        plan=plan_parts(10 * MIB),
        bucket="uploads",
        key=f"acme/ada/{upload_id}/film.mov",
        mark=new_mark(),
        fingerprint=None,
        lifetime=timedelta(hours=24),
        hard_lifetime=timedelta(days=6),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # tests name fields of NewUpload


class Ledger:
    def __init__(self, uploads: Uploads, engine: AsyncEngine) -> None:
        self.uploads = uploads
        self.engine = engine

    async def at(self, state: State, new: NewUpload | None = None) -> Upload:
        """A fresh row, moved to `state`."""
        row = (await self.uploads.start(new or an_upload(), None, ME, LEASE)).upload
        for event in WAY[state]:
            row = await self.moved(row, event)
        return row

    async def open(self, method: Method) -> Upload:
        """A fresh open row of that method."""
        if method is Method.MULTIPART:
            return await self.at(State.OPEN)
        new = an_upload(method=method, plan=plan_parts(5))
        return (await self.uploads.start(new, None, ME, LEASE)).upload

    async def moved(self, upload: Upload, event: Event, changes: Changes | None = None) -> Upload:
        moved = await self.uploads.move(upload, event, changes or CHANGES[event])
        assert moved is not None
        return moved

    async def read(self, upload: Upload) -> Upload:
        row = await self.uploads.reread(upload.id)
        assert row is not None
        return row

    async def sql(self, statement: str, **parameters: object) -> list[tuple[object, ...]]:
        """Look, or meddle, behind the repository's back."""
        async with self.engine.begin() as connection:
            result = await connection.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

    async def lapse(self, upload: Upload) -> None:
        """Let the lease end and the wake-up time come, as if time had passed."""
        await self.sql(
            "UPDATE uploads SET wake_at = now() - interval '1 s', "
            "lease_until = CASE WHEN lease_owner IS NOT NULL THEN now() - interval '1 s' END WHERE id = :id",
            id=upload.id,
        )


def without_now(upload: Upload) -> Upload:
    """To compare what two readings say of the row itself."""
    return replace(upload, now=upload.created_at)
