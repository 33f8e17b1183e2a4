"""The URLs of an upload: each part's, bound to its exact length, and the finished object's.

Of a `put` upload the one part is the object itself. Its URL carries the mark, and a fence: the store refuses to write
over what is there (`If-None-Match: *`), or the URL is bound to one content by its MD5.

`urls_until` is written before URLs are answered, but only when they outlive the stored value by more than a minute:
it is what the late check of an abort waits for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeVar

import structlog

from coordinator.errors import StorageUnavailable
from coordinator.signing.credentials import CredentialsError
from coordinator.signing.digests import digest_headers
from coordinator.signing.presigner import MultipartPresigner, PresignedRequest, Presigner
from coordinator.uploads.asking import refuse_other_content, require_open, sized_wanted
from coordinator.uploads.keys import object_headers
from coordinator.uploads.ledger import UploadRepository
from coordinator.uploads.model import Method, Upload
from coordinator.uploads.requests import Download, SignedPart, WantedPart
from coordinator.uploads.store import LonePut

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
    lone_put: LonePut | None = None
    """What the bucket allows for uploads of method `put`; None: none begin here, those there are go on."""

    async def sign(self, upload: Upload, sized: Sequence[tuple[WantedPart, int]]) -> list[SignedPart]:
        """Raises StorageUnavailable, PartChanged, and what `require_open` does when the upload is closed meanwhile."""
        if upload.method is Method.PUT:
            signed = [self._object(upload, part, size) for part, size in sized]
        else:
            signed = self._parts(upload, sized)
        await self._note_urls(upload, max(part.expires_at for part in signed))
        return signed

    async def sign_missing(
        self, upload: Upload, count: int, *, md5: str | None = None, sha256: str | None = None
    ) -> list[SignedPart]:
        """The first `count` parts that the ledger does not hold. A stream's sizes are not known yet: none.

        The digests are those of the whole file, and bound where it is one part.
        """
        if count == 0 or upload.part_count is None or upload.size is None:
            return []
        held: set[int] = set()
        if upload.parts_uploaded:
            held = {part.part_number for part in await self.repository.parts(upload.id)}
        missing = (number for number in range(1, upload.part_count + 1) if number not in held)
        wanted = [WantedPart(number) for number in islice(missing, count)]
        if wanted and upload.part_count == 1:
            wanted = [WantedPart(1, md5=md5, sha256=sha256)]
        return await self.sign(upload, sized_wanted(upload, wanted)) if wanted else []

    def _parts(self, upload: Upload, sized: Sequence[tuple[WantedPart, int]]) -> list[SignedPart]:
        if upload.multipart_upload_id is None:
            raise RuntimeError("an open multipart upload has its id")
        made = upload.multipart_upload_id
        batch = _signed(lambda: self.presigner.multipart(upload.key, made, expires_in=self.url_expires))
        signed = []
        for part, size in sized:
            put = batch.part(part.part_number, size, md5=part.md5, sha256=part.sha256)
            offset = (part.part_number - 1) * upload.part_size
            signed.append(SignedPart(part.part_number, offset, size, put.url, put.headers, batch.expires_at))
        return signed

    def object_headers(self, upload: Upload, part: WantedPart) -> dict[str, str]:
        """What goes with the one part of a `put` upload. What holds it to one content is the store's word, or else an MD5.

        Raises PartChanged.
        """
        refuse_other_content(upload, part.md5)
        bound = upload.bound_md5
        once = bound is None or (self.lone_put is not None and self.lone_put.once)
        return object_headers(upload, once=once) | digest_headers(bound or part.md5, part.sha256, None)

    def _object(self, upload: Upload, part: WantedPart, size: int) -> SignedPart:
        headers = self.object_headers(upload, part)
        put = _signed(
            lambda: self.presigner.put_object(upload.key, size, headers=headers, expires_in=self.url_expires)
        )
        return SignedPart(part.part_number, 0, size, put.url, put.headers, put.expires_at)

    async def _note_urls(self, upload: Upload, expires_at: datetime) -> None:
        until = expires_at + URL_SLACK
        outlives = upload.urls_until is None or until - upload.urls_until > URL_SLACK
        # not once: an upload that was completing, and is open again when it is read, must still be told
        while outlives and not await self.repository.extend(upload, urls_until=until, active_at=None):
            require_open(await self.repository.reread(upload.id) or upload)

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
