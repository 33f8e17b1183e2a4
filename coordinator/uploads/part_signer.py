"""Signing parts of an open upload: URLs bound to one part and its exact length, never outliving what the row knows.

`urls_until` is written before URLs are answered, but only when they outlive the stored value by more than a minute:
it is what the late check of an abort waits for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from coordinator.signing.presigner import Presigner
from coordinator.uploads.asking import require_open, sized_wanted
from coordinator.uploads.model import Upload
from coordinator.uploads.ports import UploadRepository
from coordinator.uploads.requests import SignedPart, WantedPart

__all__ = ["PartSigner"]

URL_SLACK = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class PartSigner:
    presigner: Presigner
    repository: UploadRepository
    url_expires: int
    """Seconds a URL lives; the credentials' own end may cut it short."""

    async def sign(self, upload: Upload, sized: Sequence[tuple[WantedPart, int]]) -> list[SignedPart]:
        """Raises what `require_open` does when the upload is closed meanwhile."""
        if upload.multipart_upload_id is None:
            raise RuntimeError("an open upload has its multipart upload id")
        batch = self.presigner.multipart(upload.key, upload.multipart_upload_id, expires_in=self.url_expires)
        until = batch.expires_at + URL_SLACK
        outlives = upload.urls_until is None or until - upload.urls_until > URL_SLACK
        if outlives and not await self.repository.extend(upload, urls_until=until, active_at=None):
            require_open(await self.repository.reread(upload.id) or upload)
        signed = []
        for part, size in sized:
            made = batch.part(part.part_number, size, md5=part.md5, sha256=part.sha256)
            offset = (part.part_number - 1) * upload.part_size
            signed.append(
                SignedPart(part.part_number, offset, size, made.url, made.headers, batch.expires_at)
            )
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
