"""open -> aborting, when nobody has worked on an upload for its whole lifetime.

A client that only sends parts and never reports is not stale: the part times at the store count. Whatever happens,
`hard_expires_at` ends the upload.
"""

from datetime import timedelta

import structlog

from coordinator.uploads.aborting import abort
from coordinator.uploads.completion import listed_parts, resolve_gone
from coordinator.uploads.creation import abort_others
from coordinator.uploads.driving import Driving
from coordinator.uploads.model import Upload
from coordinator.uploads.recovery import newest_activity
from coordinator.uploads.state import Event, Reason, State
from coordinator.uploads.store import StoreError, StoreUploadGone

__all__ = ["expire"]

log = structlog.stdlib.get_logger()


async def expire(driving: Driving, upload: Upload) -> Upload:
    """An open row whose wake-up time has come: extend it when it is in use, else abort it."""
    if upload.lease_owner is not None:
        return await _left_alone(driving, upload)
    if upload.expires_at > upload.now:
        return await _until_it_expires(driving, upload)
    try:
        return await _look_and_expire(driving, upload)
    except StoreError as failed:
        log.warning("expire.failed", upload_id=str(upload.id), store=str(failed))
        return await driving.rest(upload)


async def _left_alone(driving: Driving, upload: Upload) -> Upload:
    """Whoever opened it died, or could not reach the store, before it had aborted what earlier creates left."""
    try:
        await abort_others(driving, upload)
    except StoreError as failed:
        # the lease stays as the sign that this is still to be done; being claimed, the row rests for a lease
        log.warning("expire.failed", upload_id=str(upload.id), store=str(failed))
        return upload
    return await _until_it_expires(driving, upload)


async def _look_and_expire(driving: Driving, upload: Upload) -> Upload:
    try:
        in_use = upload.hard_expires_at > upload.now and await _in_use(driving, upload)
    except StoreUploadGone:
        return await resolve_gone(driving, upload)
    return upload if in_use else await _end_if_stale(driving, upload)


async def _end_if_stale(driving: Driving, upload: Upload) -> Upload:
    """Abort, unless a client has signed or the row has moved on while the store was asked."""
    current = await driving.current(upload)
    if current.state is not State.OPEN:
        return current
    if current.expires_at > current.now:
        return await _until_it_expires(driving, current)
    moved = await driving.try_move(current, Event.ABORTING, driving.leased(reason=Reason.STALE))
    return await abort(driving, moved) if moved else await driving.current(upload)


async def _until_it_expires(driving: Driving, upload: Upload) -> Upload:
    await driving.repository.postpone(upload, max(upload.expires_at - upload.now, timedelta(0)))
    return upload


async def _in_use(driving: Driving, upload: Upload) -> bool:
    """Whether parts have arrived lately; then the row is extended."""
    newest = newest_activity(upload, await listed_parts(driving, upload))
    if newest + upload.lifetime <= upload.now:
        return False
    return await driving.repository.extend(upload, urls_until=None, active_at=newest)
