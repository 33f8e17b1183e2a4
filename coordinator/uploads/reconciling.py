"""Holding the ledger against the store: parts that were never reported, and the manifest that Complete will name."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from coordinator.errors import StorageMisconfigured, StorageUnavailable
from coordinator.uploads.asking import require_open
from coordinator.uploads.completion import listed_parts, resolve_gone
from coordinator.uploads.driving import Driving
from coordinator.uploads.manifest import build_manifest
from coordinator.uploads.model import Claim, Manifest, Upload
from coordinator.uploads.plan import Plan
from coordinator.uploads.store import ListedPart, StoreError, StoreMisconfigured, StoreUploadGone

__all__ = ["manifest_of", "merge_listed", "store_answers"]

log = structlog.stdlib.get_logger()


async def manifest_of(driving: Driving, upload: Upload, plan: Plan) -> Manifest:
    """Raises PartsMissing, PartsMismatch, UploadGone, AlreadyCompleted, StorageUnavailable, StorageMisconfigured, and
    ValidationFailed when the whole object is there already, and has another size.
    """
    listed = await _listed(driving, upload, plan.size)
    claims = {part.part_number: part for part in await driving.repository.parts(upload.id)}
    return build_manifest(plan, listed, claims)


async def merge_listed(driving: Driving, upload: Upload) -> None:
    """Record the parts that the store lists once, in the plan's size, and that nobody reported. Raises as above."""
    listed = await _listed(driving, upload)
    reported = {part.part_number for part in await driving.repository.parts(upload.id)}
    rows = Counter(row.part_number for row in listed)
    found = [
        Claim(row.part_number, row.size, row.etag)
        for row in listed
        if rows[row.part_number] == 1 and row.part_number not in reported and _fits(upload, row)
    ]
    if found:
        await driving.repository.record_parts(upload.id, found)


def _fits(upload: Upload, row: ListedPart) -> bool:
    if upload.part_count is not None and row.part_number > upload.part_count:
        return False
    if upload.size is None:
        return row.size <= upload.part_size
    return row.size == upload.plan.size_of(row.part_number)


async def _listed(driving: Driving, upload: Upload, size: int | None = None) -> Sequence[ListedPart]:
    """What the store holds of an open upload; one that is gone is settled first, and its end is raised."""
    with store_answers(upload):
        try:
            return await listed_parts(driving, upload)
        except StoreUploadGone:
            require_open(await resolve_gone(driving, upload, size))
            return await listed_parts(driving, upload)


@contextmanager
def store_answers(upload: Upload) -> Iterator[None]:
    """What the store does wrong, as whoever waits for an answer is told: StorageUnavailable, StorageMisconfigured."""
    try:
        yield
    except StoreMisconfigured as refused:
        log.warning("store.refused", upload_id=str(upload.id), store=str(refused))
        raise StorageMisconfigured(
            "The store refuses the service's own credentials; the operator has to mend the settings."
        ) from None
    except StoreError as failed:
        log.warning("store.failed", upload_id=str(upload.id), store=str(failed))
        raise StorageUnavailable("The store does not answer right now. Try again.", retry_after=5) from None
