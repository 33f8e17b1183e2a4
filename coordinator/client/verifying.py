"""Whether the parts that are at the store are parts of this content.

Asked where only a fingerprint speaks for it: a copy has another modification time than the file it was made from. A
part is compared by the digest that was recorded for it, or by its ETag where that is an MD5. One that differs means
that the file is another; one that cannot be compared is sent again.
"""

import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from coordinator.client.digests import Algorithm, Hashing
from coordinator.client.errors import FileChanged
from coordinator.client.files import Content
from coordinator.protocol import PartAnswer
from coordinator.uploads.plan import Plan

__all__ = ["Evidence", "evidence_of", "other_content", "verified"]

_MD5: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a part's content can be compared with."""

    algorithm: Algorithm
    digest: bytes
    certain: bool
    """Whether another digest proves another content: an ETag only looks like an MD5."""


async def verified(
    hashing: Hashing, content: Content, plan: Plan, parts: Iterable[PartAnswer]
) -> list[PartAnswer]:
    """The parts that are this content's. Raises FileChanged when one is not."""
    found: list[PartAnswer] = []
    for part in parts:
        evidence = evidence_of(part)
        if evidence is None:
            continue
        digest = await hashing.submit(content, evidence.algorithm, plan.offset(part.part_number), part.size)
        if digest == evidence.digest:
            found.append(part)
        elif evidence.certain:
            raise other_content(content.filename)
    return found


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
