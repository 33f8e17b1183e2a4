"""open -> aborting, when nobody has worked on an upload for its whole lifetime.

A client that only sends parts and never reports is not stale: the part times at the store count. Whatever happens,
`hard_expires_at` ends the upload.
"""

import structlog

from coordinator.uploads.aborting import abort
from coordinator.uploads.completion import resolve_gone
from coordinator.uploads.driving import Driving
from coordinator.uploads.model import Upload
from coordinator.uploads.ports import StoreError, StoreUploadGone
from coordinator.uploads.recovery import newest_activity
from coordinator.uploads.state import Event, Reason, State

__all__ = ["expire"]

log = structlog.stdlib.get_logger()


async def expire(driving: Driving, upload: Upload) -> Upload:
    """An open row whose wake-up time has come: extend it when it is in use, else abort it."""
    try:
        if upload.hard_expires_at > upload.now and await _in_use(driving, upload):
            return upload
    except StoreUploadGone:
        return await resolve_gone(driving, upload)
    except StoreError as failed:
        log.warning("expire.failed", upload_id=str(upload.id), store=str(failed))
        return await driving.rest(upload)
    moved = await driving.move(upload, Event.ABORTING, driving.leased(reason=Reason.STALE))
    return await abort(driving, moved) if moved.state is State.ABORTING else moved


async def _in_use(driving: Driving, upload: Upload) -> bool:
    if upload.multipart_upload_id is None:
        return False
    listed = await driving.store.list_parts(upload.key, upload.multipart_upload_id)
    newest = newest_activity(upload, listed)
    if newest + upload.lifetime <= upload.now:
        return False
    return await driving.repository.extend(upload, urls_until=None, active_at=newest)
