"""Whether the parts that are at the store are parts of this content.

Asked where only a fingerprint speaks for it: a copy has another modification time than the file it was made from. A
part is compared by the digest that was recorded for it, or by its ETag where that is an MD5. One that differs means
that the file is another; one that cannot be compared is sent again.
"""

import re
from base64 import b64decode
from collections.abc import Iterable
from typing import Final

from coordinator.client.digests import Algorithm, Hashing
from coordinator.client.errors import FileChanged
from coordinator.client.files import Content
from coordinator.protocol import PartAnswer
from coordinator.uploads.plan import Plan

__all__ = ["verified"]

_MD5: Final = re.compile(r"[0-9a-f]{32}")


async def verified(
    hashing: Hashing, content: Content, plan: Plan, parts: Iterable[PartAnswer]
) -> list[PartAnswer]:
    """The parts that are this content's. Raises FileChanged when one is not."""
    found: list[PartAnswer] = []
    for part in parts:
        evidence = _evidence(part)
        if evidence is None:
            continue
        algorithm, recorded, certain = evidence
        digest = await hashing.submit(content, algorithm, plan.offset(part.part_number), part.size)
        if digest == recorded:
            found.append(part)
        elif certain:
            raise FileChanged(
                f"{content.filename} differs from the file that its unfinished upload began with. To send it as it is now, "
                "start again from the beginning (restart)."
            )
    return found


def _evidence(part: PartAnswer) -> tuple[Algorithm, bytes, bool] | None:
    """The digest to compare with, and whether another one proves another content: an ETag only looks like an MD5."""
    if part.digest is not None and part.digest.md5 is not None:
        return "md5", b64decode(part.digest.md5), True
    if part.digest is not None and part.digest.sha256 is not None:
        return "sha256", b64decode(part.digest.sha256), True
    if part.etag is not None and _MD5.fullmatch(part.etag):
        return "md5", bytes.fromhex(part.etag), False
    return None
