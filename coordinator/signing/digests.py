"""Digests of a part's bytes, as the headers that bind a URL to them.

Only as headers, never hoisted into the query string: there most stores ignore them. Values are checked for form, since
a malformed digest would be signed without complaint and then refused by the store for every byte that was sent.
Source: S3 API reference, UploadPart (`Content-MD5`, `x-amz-checksum-*`).
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

__all__ = ["digest_headers"]

_MD5_LENGTH: Final = 16
_CHECKSUM_LENGTHS: Final = {"crc32": 4, "crc32c": 4, "crc64nvme": 8, "sha1": 20, "sha256": 32}


def digest_headers(
    md5: str | None, sha256: str | None, checksums: Mapping[str, str] | None
) -> dict[str, str]:
    """Lower-case header names in sorted order, with their values.

    `checksums` maps an algorithm (crc32, crc32c, crc64nvme, sha1, sha256) to its base64 value. Raises ValueError for
    an unknown algorithm, for sha256 given twice, and for a value that is not the base64 of exactly as many bytes.
    """
    if md5 is None and sha256 is None and not checksums:
        return {}
    values = dict(checksums or {})
    if sha256 is not None:
        if "sha256" in values:
            raise ValueError("sha256 is given twice")
        values["sha256"] = sha256
    headers = {}
    if md5 is not None:
        headers["content-md5"] = _base64_of("md5", md5, _MD5_LENGTH)
    for algorithm in sorted(values):
        if algorithm not in _CHECKSUM_LENGTHS:
            raise ValueError(f"checksum must be one of {', '.join(_CHECKSUM_LENGTHS)}")
        length = _CHECKSUM_LENGTHS[algorithm]
        headers[f"x-amz-checksum-{algorithm}"] = _base64_of(algorithm, values[algorithm], length)
    return headers


def _base64_of(name: str, value: str, length: int) -> str:
    try:
        decoded = binascii.a2b_base64(value, strict_mode=True)
    except ValueError:
        decoded = b""
    # encoding back refuses the second spellings base64 has for the same bytes (stray bits before the padding)
    if len(decoded) != length or base64.b64encode(decoded) != value.encode():
        raise ValueError(f"{name} must be the base64 of {length} bytes")
    return value
