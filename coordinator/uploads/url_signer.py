"""The URLs of an upload: each part's, bound to its exact length, and the finished object's.

`urls_until` is written before URLs are answered, but only when they outlive the stored value by more than a minute:
it is what the late check of an abort waits for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Final, TypeVar

import structlog

from coordinator.errors import StorageUnavailable
from coordinator.signing.credentials import CredentialsError
from coordinator.signing.presigner import MultipartPresigner, PresignedRequest, Presigner
from coordinator.uploads.asking import require_open, sized_wanted
from coordinator.uploads.model import Upload
from coordinator.uploads.ports import UploadRepository
from coordinator.uploads.requests import Download, SignedPart, WantedPart

__all__ = ["UrlSigner"]

log = structlog.stdlib.get_logger()

URL_SLACK: Final = timedelta(seconds=60)
"""Added to a URL's end before it is believed to be dead; and how much later an end must be to be written again."""

T = TypeVar("T", MultipartPresigner, PresignedRequest)


@dataclass(frozen=True, slots=True)
class UrlSigner:
    presigner: Presigner
    repository: UploadRepository
    url_expires: int
    """Seconds a part's URL lives; the credentials' own end may cut it short."""
    download_expires: int
    """Seconds a download's URL lives, likewise."""

    async def sign(self, upload: Upload, sized: Sequence[tuple[WantedPart, int]]) -> list[SignedPart]:
        """Raises StorageUnavailable, and what `require_open` does when the upload is closed meanwhile."""
        if upload.multipart_upload_id is None:
            raise RuntimeError("an open upload has its multipart upload id")
        made = upload.multipart_upload_id
        batch = _signed(lambda: self.presigner.multipart(upload.key, made, expires_in=self.url_expires))
        until = batch.expires_at + URL_SLACK
        outlives = upload.urls_until is None or until - upload.urls_until > URL_SLACK
        # not once: an upload that was completing, and is open again when it is read, must still be told
        while outlives and not await self.repository.extend(upload, urls_until=until, active_at=None):
            require_open(await self.repository.reread(upload.id) or upload)
        signed = []
        for part, size in sized:
            put = batch.part(part.part_number, size, md5=part.md5, sha256=part.sha256)
            offset = (part.part_number - 1) * upload.part_size
            signed.append(SignedPart(part.part_number, offset, size, put.url, put.headers, batch.expires_at))
        return signed

    async def sign_missing(self, upload: Upload, count: int) -> list[SignedPart]:
        """The first `count` parts that the ledger does not hold. A stream's sizes are not known yet: none."""
        if count == 0 or upload.part_count is None or upload.size is None:
            return []
        held: set[int] = set()
        if upload.parts_uploaded:
            held = {part.part_number for part in await self.repository.parts(upload.id)}
        missing = (number for number in range(1, upload.part_count + 1) if number not in held)
        wanted = [WantedPart(number) for number in islice(missing, count)]
        return await self.sign(upload, sized_wanted(upload, wanted)) if wanted else []

    def download(self, upload: Upload) -> Download:
        """A presigned GetObject. Raises StorageUnavailable."""
        signed = _signed(
            lambda: self.presigner.get_object(
                upload.key, expires_in=self.download_expires, version_id=upload.version_id
            )
        )
        return Download(signed.url, signed.expires_at)


def _signed(sign: Callable[[], T]) -> T:
    try:
        return sign()
    except CredentialsError as missing:
        log.warning("sign.no_credentials", error=type(missing).__name__)
        raise StorageUnavailable(
            "The service has no valid credentials to sign with right now.", retry_after=10
        ) from None
