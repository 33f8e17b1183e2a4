"""Whether the parts that are at the store are parts of this content.

Asked wherever this machine does not know that they come from the very file it has (whose.py). A part is compared by the
digest that was recorded for it, or by its ETag where that is an MD5. A digest that differs proves that the file is
another. An ETag that differs proves it only where the ETag of another part agreed: a store has MD5s for ETags, or it
has not.
"""

import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import md5
from typing import Final

from coordinator.client.digests import Algorithm, Hashing
from coordinator.client.errors import FileChanged
from coordinator.client.files import Content
from coordinator.protocol import PartAnswer, UploadAnswer
from coordinator.uploads.plan import Plan

__all__ = ["Compared", "Evidence", "compared", "evidence_of", "holds", "other_content", "planned"]

_MD5: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a part's content can be compared with."""

    algorithm: Algorithm
    digest: bytes
    certain: bool
    """Whether another digest proves another content: an ETag only looks like an MD5."""


@dataclass(frozen=True, slots=True)
class Compared:
    same: list[PartAnswer]
    """The parts that are proved to be this content's."""
    other: bool
    """Whether one is proved to be another content's."""
    differs: bool
    """Whether one looks like another content's, be that proved or not."""


async def compared(hashing: Hashing, content: Content, plan: Plan, parts: Iterable[PartAnswer]) -> Compared:
    """`parts` are as the plan has them. Raises FileChanged, FileUnreadable where the content cannot be read."""
    same: list[PartAnswer] = []
    etags_agree = etags_differ = False
    for part in parts:
        evidence = evidence_of(part)
        if evidence is None:
            continue
        digest = await hashing.submit(content, evidence.algorithm, plan.offset(part.part_number), part.size)
        if digest == evidence.digest:
            same.append(part)
            etags_agree = etags_agree or not evidence.certain
        elif evidence.certain:
            return Compared(same, other=True, differs=True)
        else:
            etags_differ = True
    return Compared(same, other=etags_agree and etags_differ, differs=etags_differ)


async def holds(hashing: Hashing, upload: UploadAnswer, content: Content) -> bool:
    """Whether the ETag of a completed upload proves that its object is this content. Raises as `compared`.

    It does where a store makes it of MD5s: of the whole, or of the MD5s of its parts.
    Source: Amazon S3 User Guide, "Checking object integrity for multipart uploads".
    """
    if upload.etag is None or upload.size != content.size:
        return False
    plan = Plan(content.size, upload.part_size, upload.part_count)
    digests = [
        await hashing.submit(content, "md5", plan.offset(number), plan.size_of(number))
        for number in range(1, (plan.part_count or 0) + 1)
    ]
    of_parts = md5(b"".join(digests), usedforsecurity=False).hexdigest()
    own = {f"{of_parts}-{len(digests)}"} | ({digests[0].hex()} if len(digests) == 1 else set())
    return upload.etag in own


def planned(plan: Plan, parts: Iterable[PartAnswer]) -> list[PartAnswer]:
    """Those that are as the plan has them: one of another size is sent again."""
    count = plan.part_count or 0
    return [
        part
        for part in parts
        if 1 <= part.part_number <= count and part.size == plan.size_of(part.part_number)
    ]


def evidence_of(part: PartAnswer) -> Evidence | None:
    if part.digest is not None and part.digest.md5 is not None:
        return Evidence("md5", b64decode(part.digest.md5), certain=True)
    if part.digest is not None and part.digest.sha256 is not None:
        return Evidence("sha256", b64decode(part.digest.sha256), certain=True)
    if part.etag is not None and _MD5.fullmatch(part.etag):
        return Evidence("md5", bytes.fromhex(part.etag), certain=False)
    return None


def other_content(filename: str) -> FileChanged:
    return FileChanged(
        f"{filename} differs from what its unfinished upload began with. To send it as it is now, start again from the "
        "beginning (restart)."
    )
