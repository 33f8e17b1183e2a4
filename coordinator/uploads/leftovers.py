"""A multipart upload that stands and shall not: abort it until ListParts says that it is gone.

A part whose PUT was under way may land after the abort (S3: "you might need to abort multiple times"). Whoever calls
this knows that nothing can become of the upload any more: no Complete runs, and none is sent meanwhile.
"""

from coordinator.uploads.driving import Driving
from coordinator.uploads.model import MultipartUploadId, Upload
from coordinator.uploads.recovery import Aborting, Listed, decide_aborted
from coordinator.uploads.store import StoreUploadGone

__all__ = ["abort_until_gone"]


async def abort_until_gone(driving: Driving, upload: Upload, made: MultipartUploadId) -> bool:
    """True once the store shows nothing more of this one; False after `ABORTS` of them. Raises StoreError."""
    aborts, decision = 0, Aborting.ABORT
    while decision is Aborting.ABORT:
        try:
            await driving.store.abort_multipart_upload(upload.key, made)
        except StoreUploadGone:
            # Swift goes on listing the parts of an upload that is gone
            return True
        aborts += 1
        decision = decide_aborted(await _listed(driving, upload, made), aborts=aborts)
    return decision is Aborting.NOTHING_LEFT


async def _listed(driving: Driving, upload: Upload, made: MultipartUploadId) -> Listed:
    try:
        await driving.store.list_parts(upload.key, made)
    except StoreUploadGone:
        return Listed.GONE
    return Listed.PARTS
