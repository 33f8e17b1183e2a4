"""A part that comes through the service: held to the rules of one that is sent directly, and sent on as it arrives.

It counts as a signed URL does: `urls_until` is written before the store hears of it, and again while it is under way, so
that the late check of an abort comes after whatever may still land. A part whose upload closes meanwhile is broken off.
A failure at the store means: send the part again, unless the store shows that the upload is gone.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NoReturn

import structlog

from coordinator.errors import (
    DatabaseUnavailable,
    DigestMismatch,
    PartRefused,
    StorageMisconfigured,
    StorageUnavailable,
)
from coordinator.uploads.asking import require_open
from coordinator.uploads.completion import listed_parts, look, resolve_gone
from coordinator.uploads.driving import Driving
from coordinator.uploads.model import Claim, Method, Upload
from coordinator.uploads.recovery import Seen
from coordinator.uploads.requests import WantedPart
from coordinator.uploads.store import (
    StoreError,
    StoreMisconfigured,
    StoreOutcomeUnknown,
    StoreRefused,
    StoreUploadGone,
)
from coordinator.uploads.url_signer import URL_SLACK, UrlSigner

__all__ = ["ArrivingPart", "relay_part"]

log = structlog.stdlib.get_logger()

LANDS_WITHIN: Final = timedelta(minutes=5)
"""How far ahead `urls_until` is kept while a part is under way."""

_NOTES_MISSED: Final = 3
"""In a row; after that much longer the part could land later than the ledger says."""

_OTHER_BYTES: Final = frozenset(
    {"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"}
)
_FOR_GOOD: Final = frozenset(
    {
        "EntityTooLarge",
        "EntityTooSmall",
        "InvalidArgument",
        "InvalidRequest",
        "NotImplemented",
        "PreconditionFailed",
    }
)
"""What the same part would be told again. Anything else may pass (a conflict with one's own earlier attempt, above all)."""


@dataclass(frozen=True, slots=True)
class ArrivingPart:
    wanted: WantedPart
    size: int
    body: AsyncIterator[bytes]
    """Exactly `size` bytes, or an exception."""


async def relay_part(driving: Driving, signer: UrlSigner, upload: Upload, part: ArrivingPart) -> Claim:
    """Send a part of an open upload on; what is to be recorded. `signer` knows what binds the part of a `put` upload.

    Raises PartChanged, DigestMismatch, PartRefused, StorageUnavailable, StorageMisconfigured, DatabaseUnavailable, what
    `require_open` does when the upload closes or turns out to be gone, and what the body does.
    """
    await _note(driving, upload)
    if upload.method is Method.PUT:
        sent = _send_object(driving, upload, part, signer.object_headers(upload, part.wanted))
    else:
        sent = _send_part(driving, upload, part)
    sending = asyncio.create_task(_told(driving, upload, sent))
    noting = asyncio.create_task(_keep_noting(driving, upload))
    try:
        await asyncio.wait({sending, noting}, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done():
            noting.result()
        wanted = part.wanted
        return Claim(wanted.part_number, part.size, await sending, wanted.md5, wanted.sha256)
    finally:
        sending.cancel()
        noting.cancel()
        await asyncio.gather(sending, noting, return_exceptions=True)


async def _note(driving: Driving, upload: Upload) -> None:
    until = upload.now + LANDS_WITHIN
    known = upload.urls_until is not None and until - upload.urls_until <= URL_SLACK
    # not once: an upload that was completing, and is open again when it is read, must still be told
    while not known and not await driving.repository.extend(upload, urls_until=until, active_at=None):
        require_open(await driving.repository.reread(upload.id) or upload)


async def _keep_noting(driving: Driving, upload: Upload) -> NoReturn:
    missed = 0
    while missed < _NOTES_MISSED:
        await asyncio.sleep(driving.timing.part_noted_every.total_seconds())
        try:
            current = await driving.repository.reread(upload.id) or upload
            await _note(driving, require_open(current))
            missed = 0
        except DatabaseUnavailable:
            missed += 1
            log.warning("relay.not_noted", upload_id=str(upload.id))
    raise DatabaseUnavailable("The part was given up. Send it again.", retry_after=5)


async def _send_part(driving: Driving, upload: Upload, part: ArrivingPart) -> str | None:
    if upload.multipart_upload_id is None:
        raise RuntimeError("an open multipart upload has its id")
    return await driving.store.upload_part(
        upload.key,
        upload.multipart_upload_id,
        part.wanted.part_number,
        part.body,
        size=part.size,
        md5=part.wanted.md5,
        sha256=part.wanted.sha256,
    )


async def _send_object(
    driving: Driving, upload: Upload, part: ArrivingPart, headers: Mapping[str, str]
) -> str | None:
    """None: an earlier attempt has stored the object, whose ETag says nothing about these bytes."""
    try:
        return await driving.store.send_object(upload.key, part.body, size=part.size, headers=headers)
    except StoreRefused as refused:
        if refused.code != "PreconditionFailed":
            raise
        seen, _ = await look(driving, upload)
        if seen is not Seen.OURS:
            raise
    return None


async def _told(driving: Driving, upload: Upload, sent: Awaitable[str | None]) -> str | None:
    """The ETag, or what the store did wrong as whoever waits for an answer is told."""
    try:
        return await sent
    except StoreError as failed:
        log.warning("relay.failed", upload_id=str(upload.id), store=str(failed))
        await _refuse_if_gone(driving, upload, failed)
        raise _problem(failed) from None


async def _refuse_if_gone(driving: Driving, upload: Upload, failed: StoreError) -> None:
    """Some stores close the connection on a part of an upload that is gone, before they have said so."""
    if not isinstance(failed, StoreUploadGone | StoreOutcomeUnknown):
        return
    with suppress(StoreError):
        try:
            await listed_parts(driving, upload)
        except StoreUploadGone:
            require_open(await resolve_gone(driving, upload))


def _problem(
    failed: StoreError,
) -> DigestMismatch | PartRefused | StorageMisconfigured | StorageUnavailable:
    match failed:
        case StoreMisconfigured():
            return StorageMisconfigured(
                "The store refuses the service's own credentials; the operator has to mend the settings."
            )
        case StoreRefused(code=code) if code in _OTHER_BYTES:
            return DigestMismatch("The bytes that reached the store are others. Send the part again.")
        case StoreRefused(code=code) if code in _FOR_GOOD:
            return PartRefused(
                f"The store refuses this part ({code}). Send it directly, or start a new upload."
            )
        case _:
            return StorageUnavailable(
                "The store did not take the part, or did not say so. Send it again.", retry_after=5
            )
