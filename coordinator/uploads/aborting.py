"""aborting -> aborted | completed, and the late check: make sure that nothing is left at the store.

Of a `put` upload that is the object itself, which is deleted for as long as it bears our mark; a PutObject that was
under way may land after that, and the late check deletes it once more.

An abort whose Complete was ever attempted looks at the object first: aborting what has become an object can destroy
it on some stores. A part whose PUT was under way may land after the abort, so it is made once more when the last
signed URL is dead.
"""

import structlog

from coordinator.uploads.completion import look
from coordinator.uploads.driving import Driving
from coordinator.uploads.ledger import Changes
from coordinator.uploads.leftovers import abort_until_gone
from coordinator.uploads.model import Method, Upload
from coordinator.uploads.recovery import ABORTS, Aborting, Seen, backoff, decide_aborting
from coordinator.uploads.state import Event, Reason
from coordinator.uploads.store import StoredObject, StoreError

__all__ = ["abort", "check_late"]

log = structlog.stdlib.get_logger()


async def abort(driving: Driving, upload: Upload) -> Upload:
    """Drive a row in `aborting`; it stays there, and is looked at again, while the store does not answer."""
    async with driving.kept(upload):
        try:
            seen, found = await _looked(driving, upload)
            if decide_aborting(seen) is Aborting.COMPLETED and found is not None:
                changes = Changes(etag=found.etag, version_id=found.version_id)
                return await driving.move(upload, Event.COMPLETED, changes)
            if not await _nothing_left(driving, upload):
                return await driving.rest(upload)
        except StoreError as failed:
            log.warning("abort.failed", upload_id=str(upload.id), store=str(failed))
            return await driving.rest(upload)
        changes = Changes(reason=upload.reason, wake_in=driving.timing.late_check_after)
        return await driving.move(upload, Event.ABORTED, changes)


async def _looked(driving: Driving, upload: Upload) -> tuple[Seen, StoredObject | None]:
    """Of an upload whose Complete was never attempted there is no object to look for."""
    return (Seen.ABSENT, None) if upload.complete_attempted_at is None else await look(driving, upload)


async def check_late(driving: Driving, upload: Upload) -> None:
    """An aborted or failed row, after its last URL has died: abort what landed late, then let the row rest for good."""
    try:
        if upload.reason is not Reason.UNRESOLVED:
            if await _is_an_object(driving, upload):
                log.error("late_check.object_of_ours", upload_id=str(upload.id), state=upload.state)
            elif not await _nothing_left(driving, upload):
                await _check_again(driving, upload)
                return
    except StoreError as failed:
        log.warning("late_check.failed", upload_id=str(upload.id), store=str(failed))
        await _check_again(driving, upload)
        return
    await driving.repository.settle(upload)


async def _check_again(driving: Driving, upload: Upload) -> None:
    """Never sooner than any other fruitless drive is repeated; the audit tells of a row that goes on so (`row.stuck`)."""
    await driving.repository.postpone(upload, max(driving.timing.late_check_after, backoff(upload.attempts)))


async def _is_an_object(driving: Driving, upload: Upload) -> bool:
    """Whether an upload that ended otherwise has become an object after all, which only an operator may remove."""
    if upload.method is Method.PUT:
        return False
    seen, _ = await look(driving, upload)
    return seen in {Seen.OURS, Seen.OURS_OTHER_SIZE}


async def _nothing_left(driving: Driving, upload: Upload) -> bool:
    """Abort whatever stands under the upload's own key. True once the store shows nothing more."""
    if upload.method is Method.PUT:
        return await _deleted(driving, upload)
    known = [] if upload.multipart_upload_id is None else [upload.multipart_upload_id]
    listed = await driving.store.list_multipart_uploads(upload.key)
    made = {*known, *(found.multipart_upload_id for found in listed)}
    return all([await abort_until_gone(driving, upload, one) for one in made])


async def _deleted(driving: Driving, upload: Upload) -> bool:
    """Whatever does not bear our mark is not ours to touch."""
    for _ in range(ABORTS):
        seen, found = await look(driving, upload)
        if found is None or seen is Seen.FOREIGN:
            return True
        await driving.store.delete_object(upload.key, found.version_id)
    return False
