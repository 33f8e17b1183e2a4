"""open -> completed | failed, for a `put` upload: look at the object, and believe only what HEAD shows.

Nothing is sent to the store, so there is no outcome to wait for, no lease and no deadline: whoever sees our mark and the
right size makes the move, and whoever comes second finds it made. Between the look and the move nobody can change the
object: its URL writes it once, or nothing else; and an abort deletes only after a move of its own, which then was first.

absent            422 parts_missing, and the row is as it was
ours              completed
ours, other size  failed(size): no URL of ours wrote it
foreign           failed(conflict); it is never touched
"""

import base64
from dataclasses import replace

from coordinator.errors import PartsMismatch, PartsMissing
from coordinator.uploads.asking import refuse_other_content, require_open
from coordinator.uploads.completion import look
from coordinator.uploads.driving import Driving
from coordinator.uploads.ledger import Changes
from coordinator.uploads.model import Digest, Upload
from coordinator.uploads.reconciling import store_answers
from coordinator.uploads.recovery import Seen
from coordinator.uploads.state import Event, Reason

__all__ = ["complete_lone_put"]


async def complete_lone_put(driving: Driving, upload: Upload, digest: Digest | None) -> Upload:
    """The row afterwards. Raises PartsMissing, PartsMismatch, PartChanged, UploadGone, StorageUnavailable,
    StorageMisconfigured.
    """
    if digest is not None and digest.algorithm == "md5":
        refuse_other_content(upload, digest.value)
    with store_answers(upload):
        seen, found = await look(driving, upload)
    if found is None:
        # not there any more is another matter than not there yet
        require_open(await driving.current(upload))
        raise PartsMissing(
            "The file is not at the store: sign and send part 1, then complete again",
            members={"part_numbers": [1]},
        )
    if seen is not Seen.OURS:
        return await driving.fail(upload, Reason.CONFLICT if seen is Seen.FOREIGN else Reason.SIZE)
    if upload.parts_uploaded:
        await _require_reported(driving, upload, found.etag)
    proven = _proven(digest or upload.digest, found.etag)
    changes = Changes(etag=found.etag, version_id=found.version_id, digest=proven)
    return await driving.move(upload, Event.COMPLETED, changes)


async def _require_reported(driving: Driving, upload: Upload, etag: str) -> None:
    """What was reported must be what is there: the store may have taken an earlier content and refused a later one."""
    for claim in await driving.repository.parts(upload.id):
        if claim.etag not in {None, etag}:
            raise PartsMismatch(
                "The object at the store is not the one that was reported: the file has changed since it was first "
                "sent. Abort this upload and start a new one",
                members={"part_numbers": [1]},
            )


def _proven(digest: Digest | None, etag: str) -> Digest | None:
    """An MD5 that the store's ETag repeats was computed by the store; any other digest is only a claim."""
    if digest is None or digest.algorithm != "md5":
        return digest
    return replace(digest, verified=_hexadecimal(digest.value) == etag)


def _hexadecimal(value: str) -> str | None:
    try:
        return base64.b64decode(value, validate=True).hex()
    except ValueError:
        return None
