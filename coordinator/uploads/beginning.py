"""open -> completing: hold the ledger against the store's list, freeze the manifest, and let the drive begin.

A store may take long to list ten thousand parts. That is a task of the process, too: whoever waits is told to come back
in time, and whoever repeats the request joins, so that a slow list is read once.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from coordinator.errors import (
    AlreadyCompleted,
    Completing,
    PartsMismatch,
    PartsMissing,
    StorageUnavailable,
)
from coordinator.uploads.asking import completed_plan
from coordinator.uploads.creation import abort_others
from coordinator.uploads.driver import Driver
from coordinator.uploads.lone_put import complete_lone_put
from coordinator.uploads.model import Digest, Method, Upload
from coordinator.uploads.plan import S3Limits
from coordinator.uploads.reconciling import manifest_of, store_answers
from coordinator.uploads.state import Event

__all__ = ["Wish", "begin_completion"]

_SLOW: Final = "The store takes long to list the parts. Send the same request again: it goes on from there."


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client says of its file when it completes it."""

    size: int | None
    digest: Digest | None
    limits: S3Limits


async def begin_completion(driver: Driver, upload: Upload, wish: Wish, wait: float) -> Upload:
    """The row once it is completing, and driven; or as somebody else left it. A `put` one is completed.

    Raises PartsMissing, PartsMismatch, ValidationFailed, UploadGone, StorageMisconfigured, and StorageUnavailable also when
    the store has not listed the parts within `wait` seconds.
    """
    # whoever has reported since is not answered by a look at the ledger from before
    same = (upload.id, upload.parts_uploaded, wish)
    begun = await driver.shared(same, lambda: _begin(driver, upload, wish), timedelta(seconds=wait))
    if begun is None:
        raise StorageUnavailable(_SLOW, retry_after=2)
    return begun


async def _begin(driver: Driver, upload: Upload, wish: Wish) -> Upload:
    driving = driver.driving
    plan = completed_plan(upload, wish.size, wish.limits)
    if upload.method is Method.PUT:
        return await complete_lone_put(driving, upload, wish.digest)
    if upload.lease_owner is not None:
        # opened by somebody who may be dead, and may have left others under the key: nobody looks for them later
        with store_answers(upload):
            await abort_others(driving, upload)
    try:
        manifest = await manifest_of(driving, upload, plan)
    except (AlreadyCompleted, Completing):
        # by another request while we asked the store, or behind our back: either way what was asked for
        return await driving.current(upload)
    except (PartsMissing, PartsMismatch):
        raced = await driving.current(upload)
        if raced.epoch == upload.epoch:
            raise
        # a store in the midst of another request's Complete may list no parts at all: this is no verdict
        return raced
    changes = driving.leased(
        manifest=manifest, attempted=True, size=plan.size, part_count=plan.part_count, digest=wish.digest
    )
    moved = await driving.repository.move(upload, Event.COMPLETING, changes)
    if moved is None:
        return await driving.current(upload)
    driver.complete(moved)
    return moved
