"""Presigned PutObject: a whole object in one request, every header of which is signed.

The signed `content-length` binds the URL to the object's size; metadata, conditions and digests are bound as headers,
which S3 allows without hoisting them into the query string. A value that a client or a proxy would send otherwise than
it was signed (other letters than ASCII, runs of spaces) is refused here, where it is a defect, rather than by the store,
where it is a riddle.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from coordinator.signing.multipart import MAX_PART_SIZE
from coordinator.signing.sigv4 import UNSIGNED_PAYLOAD, HashState, QuerySigner

__all__ = ["canonical_put", "checked_headers"]

_NAME: Final = re.compile(r"[a-z0-9-]+")
_VALUE: Final = re.compile(r"[!-~]+(?: [!-~]+)*")
_OURS: Final = frozenset({"content-length", "host"})


def checked_headers(headers: Mapping[str, str], size: int) -> dict[str, str]:
    """The headers by ascending name. Raises ValueError."""
    if type(size) is not int or not 0 <= size <= MAX_PART_SIZE:
        raise ValueError(f"size must be a whole number of bytes from 0 to {MAX_PART_SIZE}")
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or name in _OURS:
            raise ValueError("a header's name must be in lower case, and neither host nor content-length")
        if not _VALUE.fullmatch(value):
            raise ValueError(f"{name} must be printable ASCII without runs of spaces")
    return dict(sorted(headers.items()))


def canonical_put(
    signer: QuerySigner, path: str, host: str, headers: Mapping[str, str], size: int
) -> tuple[str, HashState]:
    """The names of the signed headers, and the hash of the canonical request."""
    lines = {"content-length": str(size), "host": host, **headers}
    names = sorted(lines)
    signed = ";".join(names)
    header_lines = "".join(f"{name}:{lines[name]}\n" for name in names)
    query = signer.canonical_query(signed)
    return signed, sha256(f"PUT\n{path}\n{query}\n{header_lines}\n{signed}\n{UNSIGNED_PAYLOAD}".encode())
