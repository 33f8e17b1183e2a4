"""creating -> open | failed: make the multipart upload at the store, or find the one an earlier attempt made.

The row is committed, with key and mark, before the store hears of it. An answer that never came is looked for under
the key, which nobody else uses: what is found is adopted, extra ones are aborted, so that exactly one stays.

They are aborted after the row has been opened and never before: only then is it settled which one is the upload, whoever
else was looking, too. The row keeps a lease until that is done, so that the sweep, or whoever completes, comes back for
them where the opener dies.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from coordinator.errors import StorageMisconfigured, StorageUnavailable
from coordinator.uploads.driving import Driving
from coordinator.uploads.keys import content_disposition
from coordinator.uploads.ledger import Changes
from coordinator.uploads.model import MultipartUploadId, Upload
from coordinator.uploads.recovery import Adoption, adopt
from coordinator.uploads.state import Event, Reason, State
from coordinator.uploads.store import (
    StoreError,
    StoreMisconfigured,
    StoreOutcomeUnknown,
    StoreRefused,
    StoreUploadGone,
)

__all__ = ["abort_others", "create", "create_again"]

log = structlog.stdlib.get_logger()

_ABORT_DATE_MARGIN = timedelta(hours=1)


async def create(driving: Driving, upload: Upload) -> Upload:
    """First attempt, by the one who committed the intent.

    Raises StorageMisconfigured (the row is failed) or StorageUnavailable (the row stays and is recovered).
    """

    async def step() -> Upload:
        try:
            return await _create(driving, upload)
        except StoreOutcomeUnknown:
            return await _look_and_create(driving, upload)

    return await _in_time(driving, upload, step())


async def create_again(driving: Driving, upload: Upload) -> Upload:
    """Any later attempt: look first. Raises as `create` does."""
    return await _in_time(driving, upload, _look_and_create(driving, upload))


async def _in_time(driving: Driving, upload: Upload, step: Coroutine[Any, Any, Upload]) -> Upload:
    """What is broken off is found later, as after a death at that point."""
    async with driving.kept(upload):
        try:
            async with asyncio.timeout(driving.timing.create_deadline.total_seconds()):
                return await step
        except TimeoutError:
            log.warning("create.deadline", upload_id=str(upload.id))
            await driving.rest(upload)
            raise _unanswered() from None


async def _look_and_create(driving: Driving, upload: Upload) -> Upload:
    try:
        listed = await driving.store.list_multipart_uploads(upload.key)
        choice, found = adopt(
            listed, age=upload.now - upload.created_at, patience=driving.timing.create_patience
        )
        if choice is Adoption.GIVE_UP:
            return await driving.fail(upload, Reason.CREATE_LOST)
        if found is None:
            row = await _create(driving, upload, alone=False)
        else:
            row = await _open(driving, upload, found.multipart_upload_id, None, alone=False)
    except StoreMisconfigured as refused:
        raise await _misconfigured(driving, upload, refused) from None
    except StoreError as unknown:
        log.warning("create.unknown", upload_id=str(upload.id), store=str(unknown))
        if _never_listed(driving, upload, unknown):
            return await driving.fail(upload, Reason.CREATE_LOST)
        await driving.rest(upload)
        raise _unanswered() from None
    return await _alone(driving, row)


def _unanswered() -> StorageUnavailable:
    return StorageUnavailable(
        "The store did not answer in time. Send the same request with the same Idempotency-Key again.",
        retry_after=5,
    )


def _never_listed(driving: Driving, upload: Upload, failed: StoreError) -> bool:
    """Whether what was made cannot be looked for at this store, ever: it is left to the bucket's lifecycle rule."""
    old = upload.now - upload.created_at > driving.timing.create_patience
    return old and isinstance(failed, StoreRefused)


async def _alone(driving: Driving, row: Upload) -> Upload:
    """The open row without others under its key, and without the lease; with it, when the store does not answer."""
    if row.state is not State.OPEN or row.lease_owner != driving.me:
        return row
    try:
        await abort_others(driving, row)
    except StoreError as failed:
        log.warning("create.extra_left", upload_id=str(row.id), store=str(failed))
        return row
    await driving.repository.postpone(row, row.expires_at - row.now)
    return await driving.current(row)


async def abort_others(driving: Driving, row: Upload) -> None:
    """Abort what an open row's earlier creates left, or still land, under its key. Raises StoreError."""
    for one in await driving.store.list_multipart_uploads(row.key):
        if one.multipart_upload_id != row.multipart_upload_id:
            await driving.store.abort_multipart_upload(row.key, one.multipart_upload_id)


async def _create(driving: Driving, upload: Upload, *, alone: bool = True) -> Upload:
    try:
        created = await driving.store.create_multipart_upload(
            upload.key,
            mark=upload.mark,
            content_type=upload.content_type,
            content_encoding=upload.content_encoding,
            content_disposition=content_disposition(upload.filename),
        )
    except (StoreMisconfigured, StoreRefused, StoreUploadGone) as refused:
        raise await _misconfigured(driving, upload, refused) from None
    return await _open(driving, upload, created.multipart_upload_id, created.abort_date, alone=alone)


async def _open(
    driving: Driving, upload: Upload, made: MultipartUploadId, abort_date: datetime | None, *, alone: bool
) -> Upload:
    """`alone`: no other create was ever sent for this row."""
    limit = None if abort_date is None else abort_date - _ABORT_DATE_MARGIN
    changes = Changes(multipart_upload_id=made, hard_expires_at=limit)
    if not alone:
        changes = replace(changes, lease=driving.me, lease_for=driving.timing.lease)
    row = await driving.move(upload, Event.OPENED, changes)
    if row.multipart_upload_id != made and row.state is not State.CREATING:
        await _abort_extra(driving, upload, made)
    return row


async def _abort_extra(driving: Driving, upload: Upload, made: MultipartUploadId) -> None:
    """An upload under our own unique key that the row does not hold: nobody can use it."""
    try:
        await driving.store.abort_multipart_upload(upload.key, made)
    except StoreError as failed:
        log.warning("create.extra_left", upload_id=str(upload.id), store=str(failed))


async def _misconfigured(driving: Driving, upload: Upload, refused: StoreError) -> StorageMisconfigured:
    log.error("create.refused", upload_id=str(upload.id), store=str(refused))
    await driving.fail(upload, Reason.CONFIG)
    return StorageMisconfigured(
        "The store refuses to start an upload with the service's credentials or bucket. "
        "Nothing was left behind; the operator has to mend the settings."
    )
