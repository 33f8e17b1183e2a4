"""Whether parts may be sent, on whichever way: signed for the client, or through the relay."""

from collections.abc import Sequence

from coordinator.uploads.asking import (
    SIZE_PATH,
    refuse_changed_parts,
    require_open,
    sized_wanted,
    stream_end,
)
from coordinator.uploads.ledger import UploadRepository
from coordinator.uploads.model import Upload
from coordinator.uploads.part_digests import PartDigests
from coordinator.uploads.requests import WantedPart

__all__ = ["admitted"]


async def admitted(
    repository: UploadRepository,
    upload: Upload,
    wanted: Sequence[WantedPart],
    part_digests: PartDigests,
    size_path: str = SIZE_PATH,
) -> tuple[Upload, list[tuple[WantedPart, int]]]:
    """The open upload, with its end if it is a stream that ends with one of these parts, and each part with its size.

    `size_path` is where a refused size was given, as in `sized_wanted`. Raises PartOutsidePlan, DigestRequired, PartChanged,
    StreamEnded, ValidationFailed and what `require_open` does.
    """
    upload = require_open(upload)
    sized = sized_wanted(upload, wanted, size_path)
    part_digests.require(upload, wanted)
    end = stream_end(upload, sized)
    if end is not None:
        fixed = await repository.fix_stream_end(upload.id, end)
        upload = require_open(fixed or await repository.reread(upload.id) or upload)
        sized = sized_wanted(upload, wanted, size_path)
    digested = [part for part in wanted if part.md5 is not None or part.sha256 is not None]
    if digested:
        numbers = [part.part_number for part in digested]
        refuse_changed_parts(digested, await repository.parts_by_number(upload.id, numbers))
    return upload, sized
