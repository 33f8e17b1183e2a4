"""creating -> open | failed: make the multipart upload at the store, or find the one an earlier attempt made.

The row is committed, with key and mark, before the store hears of it. An answer that never came is looked for under
the key, which nobody else uses: what is found is adopted, extra ones are aborted, so that exactly one stays.
"""

from datetime import datetime, timedelta

import structlog

from coordinator.errors import StorageMisconfigured, StorageUnavailable
from coordinator.uploads.driving import Driving
from coordinator.uploads.keys import content_disposition
from coordinator.uploads.model import MultipartUploadId, Upload
from coordinator.uploads.ports import (
    Changes,
    StoreError,
    StoreMisconfigured,
    StoreOutcomeUnknown,
    StoreRefused,
    StoreUploadGone,
)
from coordinator.uploads.recovery import Adoption, adopt
from coordinator.uploads.state import Event, Reason, State

__all__ = ["create", "create_again"]

log = structlog.stdlib.get_logger()

_ABORT_DATE_MARGIN = timedelta(hours=1)


async def create(driving: Driving, upload: Upload) -> Upload:
    """First attempt, by the one who committed the intent.

    Raises StorageMisconfigured (the row is failed) or StorageUnavailable (the row stays and is recovered).
    """
    async with driving.kept(upload):
        try:
            return await _create(driving, upload)
        except StoreOutcomeUnknown:
            return await _look_and_create(driving, upload)


async def create_again(driving: Driving, upload: Upload) -> Upload:
    """Any later attempt: look first. Raises as `create` does."""
    async with driving.kept(upload):
        return await _look_and_create(driving, upload)


async def _look_and_create(driving: Driving, upload: Upload) -> Upload:
    try:
        listed = await driving.store.list_multipart_uploads(upload.key)
        choice, found, extra = adopt(
            listed, age=upload.now - upload.created_at, patience=driving.timing.create_patience
        )
        if choice is Adoption.GIVE_UP:
            return await driving.fail(upload, Reason.CREATE_LOST)
        if found is None:
            row = await _create(driving, upload)
        else:
            # now, and not only once the row is open: whoever dies in between is followed by nobody
            for one in extra:
                await _abort_extra(driving, upload, one.multipart_upload_id)
            row = await _open(driving, upload, found.multipart_upload_id, None)
    except StoreMisconfigured as refused:
        raise await _misconfigured(driving, upload, refused) from None
    except StoreError as unknown:
        log.warning("create.unknown", upload_id=str(upload.id), store=str(unknown))
        await driving.repository.postpone(upload, timedelta(seconds=5))
        raise StorageUnavailable(
            "The store did not answer in time. Send the same request with the same Idempotency-Key again.",
            retry_after=5,
        ) from None
    await _abort_others(driving, row)
    return row


async def _abort_others(driving: Driving, row: Upload) -> None:
    """What landed under the key after our look, of an earlier attempt: exactly one upload stays."""
    if row.state is not State.OPEN:
        return
    try:
        listed = await driving.store.list_multipart_uploads(row.key)
    except StoreError as failed:
        log.warning("create.extra_left", upload_id=str(row.id), store=str(failed))
        return
    for one in listed:
        if one.multipart_upload_id != row.multipart_upload_id:
            await _abort_extra(driving, row, one.multipart_upload_id)


async def _create(driving: Driving, upload: Upload) -> Upload:
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
    return await _open(driving, upload, created.multipart_upload_id, created.abort_date)


async def _open(
    driving: Driving, upload: Upload, made: MultipartUploadId, abort_date: datetime | None
) -> Upload:
    limit = None if abort_date is None else abort_date - _ABORT_DATE_MARGIN
    row = await driving.move(upload, Event.OPENED, Changes(multipart_upload_id=made, hard_expires_at=limit))
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
