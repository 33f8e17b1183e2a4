"""completing -> completed | open | failed: send Complete, and believe only what HEAD shows.

The manifest is frozen in the row before it is sent. Whatever Complete answers (a 200, an error inside a 200, nothing
at all), the outcome is read: HEAD for our mark and size, ListParts for what is left. Attempts never overlap: each
is stamped in the row before it is sent, is not sent when somebody else has taken the row over since, ends itself
`complete_deadline` after its stamp, and nobody sends the next one earlier unless the store has answered this one.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

import structlog

from coordinator.uploads.asking import refuse_other_object
from coordinator.uploads.driving import Driving
from coordinator.uploads.ledger import Changes
from coordinator.uploads.leftovers import abort_until_gone
from coordinator.uploads.model import Method, MultipartUploadId, Upload
from coordinator.uploads.recovery import (
    GONE_LONG_ENOUGH,
    Decision,
    Listed,
    Seen,
    decide_completing,
    seen_as,
)
from coordinator.uploads.state import Event, Reason
from coordinator.uploads.store import (
    ListedPart,
    StoredObject,
    StoreError,
    StoreMisconfigured,
    StoreOutcomeUnknown,
    StoreRefused,
    StoreUploadGone,
)

__all__ = ["complete", "complete_again", "listed_parts", "look", "resolve_gone"]

log = structlog.stdlib.get_logger()


class _Attempt(StrEnum):
    """What is known of one Complete that was sent."""

    REFUSED = "refused"
    """The store said no to the manifest: it had no effect."""
    FAILED = "failed"
    """The store answered with a failure of its own: the attempt is over, its effect is not known."""
    PROMISED = "promised"
    """The store said that it is done, which only HEAD can confirm."""
    GONE = "gone"
    """The store knows of no such upload, to which only an earlier attempt can have put an end."""
    UNKNOWN = "unknown"
    """It may still be running."""


_BROKEN_PROMISES = 3
"""Fruitless drives, and such answers in a row, a deadline apart, after which an upload is lost that the store calls done, or
gone, and goes on listing without an object.
"""

_FAILURES = {
    Decision.FAIL_SIZE: Reason.SIZE,
    Decision.FAIL_CONFLICT: Reason.CONFLICT,
    Decision.FAIL_LOST: Reason.LOST,
}


async def complete(driving: Driving, upload: Upload, pauses: tuple[float, ...] | None = None) -> Upload:
    """Send the attempt that the row was just stamped with, then settle.

    An attempt that the store answered with a failure of its own is over, and is repeated after each of `pauses`.
    """
    left = driving.timing.complete_retries if pauses is None else pauses
    async with driving.kept(upload):
        current = await driving.current(upload)
        if current.epoch != upload.epoch:
            return current
        attempt = await _send(driving, current)
        decision, found = await _decide(driving, current)
        if not (decision is Decision.SEND and attempt is _Attempt.FAILED and left):
            return await _conclude(driving, current, decision, found, attempt)
        await asyncio.sleep(left[0])
        stamped = await _stamp(driving, current)
    return await complete(driving, stamped, left[1:]) if stamped else await driving.current(upload)


async def complete_again(driving: Driving, upload: Upload) -> Upload:
    """After a takeover: read at once, send only when the last attempt must have ended."""
    async with driving.kept(upload):
        decision, found = await _decide(driving, upload)
        over = _attempt_over(driving, upload)
        if not (decision is Decision.SEND and over):
            return await _conclude(driving, upload, decision, found, _Attempt.UNKNOWN)
        stamped = await _stamp(driving, upload)
    return await complete(driving, stamped) if stamped else await driving.current(upload)


def _attempt_over(driving: Driving, upload: Upload) -> bool:
    """Whether the last attempt must have ended, whatever became of it."""
    attempted = upload.complete_attempted_at
    return attempted is None or upload.now - attempted > driving.timing.complete_deadline


async def resolve_gone(driving: Driving, upload: Upload, size: int | None = None) -> Upload:
    """An open upload whose parts the store no longer knows: completed behind our back, or lost.

    `size`: what a stream's client says that it has. Reads several times before it says lost. Raises StoreError when the
    store does not answer, ValidationFailed when the object has another size than the client says: then nothing is decided.
    """
    for pause in (*driving.timing.gone_rereads, None):
        seen, found = await look(driving, upload)
        if seen is Seen.OURS and found is not None:
            refuse_other_object(found.size, size)
            return await _completed(driving, upload, found)
        try:
            await listed_parts(driving, upload)
        except StoreUploadGone:
            log.info("upload.gone", upload_id=str(upload.id))
        else:
            return upload
        if pause is not None:
            await asyncio.sleep(pause)
    return await driving.fail(upload, Reason.LOST)


async def look(driving: Driving, upload: Upload) -> tuple[Seen, StoredObject | None]:
    """HEAD, held against the row. Raises StoreError."""
    found = await driving.store.head_object(upload.key)
    return seen_as(found, upload.mark, upload.plan), found


async def _send(driving: Driving, upload: Upload) -> _Attempt:
    if upload.manifest is None or upload.complete_attempted_at is None:
        raise RuntimeError("a completing row holds its manifest and its attempt's time")
    left = upload.complete_attempted_at + driving.timing.complete_deadline - upload.now
    if left <= timedelta(0):
        return _Attempt.UNKNOWN
    try:
        async with asyncio.timeout(left.total_seconds()):
            await driving.store.complete_multipart_upload(upload.key, _made(upload), upload.manifest)
    except StoreRefused as refused:
        log.warning("complete.refused", upload_id=str(upload.id), store=str(refused))
        return _Attempt.REFUSED
    except StoreOutcomeUnknown as unknown:
        log.warning("complete.unknown", upload_id=str(upload.id), store=str(unknown))
        return _Attempt.FAILED if unknown.answered else _Attempt.UNKNOWN
    except StoreUploadGone:
        log.warning("complete.gone", upload_id=str(upload.id))
        return _Attempt.GONE
    except StoreMisconfigured as unknown:
        log.warning("complete.unknown", upload_id=str(upload.id), store=str(unknown))
    except TimeoutError:
        log.warning("complete.deadline", upload_id=str(upload.id))
    else:
        return _Attempt.PROMISED
    return _Attempt.UNKNOWN


async def _decide(driving: Driving, upload: Upload) -> tuple[Decision, StoredObject | None]:
    seen, found, listed = await _observe(driving, upload)
    if seen is Seen.OURS and listed is Listed.PARTS:
        log.warning("complete.leftover", upload_id=str(upload.id))
    gone_for = None if _sent_since(upload) else _in_vain_for(upload)
    return decide_completing(seen, listed, gone_for=gone_for), found


async def _conclude(
    driving: Driving, upload: Upload, decision: Decision, found: StoredObject | None, attempt: _Attempt
) -> Upload:
    if decision is Decision.COMPLETED and found is not None:
        return await _completed(driving, upload, found)
    may_still_land = attempt is _Attempt.UNKNOWN and not _attempt_over(driving, upload)
    if decision is Decision.FAIL_CONFLICT and may_still_land:
        return await _wait_for_the_attempt(driving, upload)
    if decision in _FAILURES:
        return await driving.fail(upload, _FAILURES[decision])
    if decision is Decision.SEND and attempt is _Attempt.REFUSED:
        return await driving.move(upload, Event.REOPENED, Changes())
    if decision is Decision.SEND:
        return await _wait_for_the_object(driving, upload, attempt)
    return await driving.rest(upload, gone=decision is Decision.WAIT_GONE and not _sent_since(upload))


def _in_vain_for(upload: Upload) -> timedelta | None:
    """How long the store has shown nothing of what it called done, or gone."""
    return None if upload.gone_since is None else upload.now - upload.gone_since


def _sent_since(upload: Upload) -> bool:
    """Whether another attempt was sent after the one that `gone_since` is about: that one says nothing of this one."""
    since, attempted = upload.gone_since, upload.complete_attempted_at
    return since is not None and attempted is not None and attempted > since


async def _stamp(driving: Driving, upload: Upload) -> Upload | None:
    """Commit that another attempt is about to be sent. None: somebody else drives the row now, and we must not."""
    return await driving.try_move(upload, Event.TAKEN_OVER, driving.leased(attempted=True))


async def _observe(driving: Driving, upload: Upload) -> tuple[Seen, StoredObject | None, Listed]:
    try:
        seen, found = await look(driving, upload)
    except StoreError as failed:
        log.warning("complete.head_failed", upload_id=str(upload.id), store=str(failed))
        seen, found = Seen.ERROR, None
    return seen, found, await _listed(driving, upload)


async def _listed(driving: Driving, upload: Upload) -> Listed:
    try:
        await listed_parts(driving, upload)
    except StoreUploadGone:
        return Listed.GONE
    except StoreError as failed:
        log.warning("list.failed", upload_id=str(upload.id), store=str(failed))
        return Listed.ERROR
    return Listed.PARTS


async def listed_parts(driving: Driving, upload: Upload) -> Sequence[ListedPart]:
    """What the store holds of the upload; of a `put` one the object is the only part. Raises StoreError."""
    if upload.method is Method.PUT:
        seen, found = await look(driving, upload)
        if found is None or seen is Seen.FOREIGN:
            return []
        return [ListedPart(1, found.etag, found.size, found.last_modified)]
    return await driving.store.list_parts(upload.key, _made(upload))


def _made(upload: Upload) -> MultipartUploadId:
    if upload.multipart_upload_id is None:
        raise RuntimeError("an open or completing row holds its multipart upload")
    return upload.multipart_upload_id


async def _completed(driving: Driving, upload: Upload, found: StoredObject) -> Upload:
    plan = upload.plan.of(found.size)
    changes = Changes(
        etag=found.etag, version_id=found.version_id, size=plan.size, part_count=plan.part_count
    )
    return await driving.move(upload, Event.COMPLETED, changes)


async def _wait_for_the_object(driving: Driving, upload: Upload, attempt: _Attempt) -> Upload:
    """Nothing shows yet. When the store has said often enough that it is done, or gone, nothing ever will."""
    promised = attempt in {_Attempt.PROMISED, _Attempt.GONE}
    if promised:
        log.error("complete.promise_not_kept", upload_id=str(upload.id), attempts=upload.attempts)
        in_vain, often = _in_vain_for(upload), driving.timing.complete_deadline * (_BROKEN_PROMISES - 1)
        if in_vain is not None and in_vain >= often and upload.attempts >= _BROKEN_PROMISES:
            stamped = await _stamp(driving, upload)
            return await _give_up(driving, stamped) if stamped else await driving.current(upload)
    return await _wait_for_the_attempt(driving, upload, promised=promised)


async def _give_up(driving: Driving, upload: Upload) -> Upload:
    """End what the store goes on listing, so that nothing can come of it, and call lost what HEAD does not show then.

    The row was stamped for it as for an attempt: nobody sends Complete before the deadline. It takes half of that at
    most, because what is broken off may still arrive.
    """
    async with driving.kept(upload):
        try:
            async with asyncio.timeout(driving.timing.complete_deadline.total_seconds() / 2):
                ended = await abort_until_gone(driving, upload, _made(upload))
                seen, found = await look(driving, upload)
        except (StoreError, TimeoutError) as failed:
            log.warning("complete.not_given_up", upload_id=str(upload.id), error=type(failed).__name__)
            return await driving.rest(upload, gone=True)
        listed = Listed.GONE if ended else Listed.PARTS
        decision = decide_completing(seen, listed, gone_for=GONE_LONG_ENOUGH)
        return await _conclude(driving, upload, decision, found, _Attempt.UNKNOWN)


async def _wait_for_the_attempt(driving: Driving, upload: Upload, *, promised: bool = False) -> Upload:
    """The last attempt may still run at the store: come back when it must have ended.

    `promised`: what the store says is counted from the first of such answers on, and anew after another one.
    """
    now = (await driving.current(upload)).now
    attempted = upload.complete_attempted_at or now
    left = attempted + driving.timing.complete_deadline - now + timedelta(seconds=1)
    await driving.repository.postpone(upload, max(left, timedelta(seconds=1)), gone=promised)
    return await driving.current(upload)
