"""What a request says of its part before the first byte: the number in its path, the length and the digests.

The headers are those that go with a presigned URL, so that a client sends the same ones on both ways.
"""

import re
from typing import Final

from starlette.datastructures import Headers

from coordinator.errors import FieldError, LengthRequired, MalformedRequest, PartOutsidePlan, ValidationFailed
from coordinator.signing.digests import digest_headers
from coordinator.uploads.requests import WantedPart

__all__ = ["MD5_HEADER", "SHA256_HEADER", "announced_part"]

MD5_HEADER: Final = "Content-MD5"
SHA256_HEADER: Final = "x-amz-checksum-sha256"

_CHECKSUM: Final = "x-amz-checksum-"
_PART_NUMBER: Final = re.compile(r"[1-9][0-9]{0,4}")
_LENGTH: Final = re.compile(r"[0-9]{1,19}")


def announced_part(part_number: str, headers: Headers) -> tuple[WantedPart, int]:
    """The part with its size in bytes. Raises PartOutsidePlan, LengthRequired, MalformedRequest, ValidationFailed."""
    if not _PART_NUMBER.fullmatch(part_number):
        raise PartOutsidePlan("A part number is a whole number from 1 to 10000.")
    size = _size(headers)
    md5, sha256 = _only(headers, MD5_HEADER), _only(headers, SHA256_HEADER)
    _check_digests(headers, md5, sha256)
    return WantedPart(int(part_number), size, md5, sha256), size


def _size(headers: Headers) -> int:
    if "transfer-encoding" in headers or "content-length" not in headers:
        raise LengthRequired(
            "Send the part's exact size as Content-Length, and no Transfer-Encoding: "
            "the store is told the length before the first byte."
        )
    length = _only(headers, "Content-Length") or ""
    if not _LENGTH.fullmatch(length):
        raise MalformedRequest("Content-Length is not a number of bytes.")
    return int(length)


def _only(headers: Headers, name: str) -> str | None:
    given = headers.getlist(name)
    if len(given) > 1:
        raise MalformedRequest(f"Send one {name} header, not several.")
    return given[0] if given else None


def _check_digests(headers: Headers, md5: str | None, sha256: str | None) -> None:
    """Also refuses digests of other kinds: whoever sends one expects that it is checked."""
    others = {name for name in headers if name.startswith(_CHECKSUM) and name != SHA256_HEADER}
    if others:
        message = f"Only {MD5_HEADER} and {SHA256_HEADER} are checked here"
        raise ValidationFailed.of(*(FieldError(name, message) for name in sorted(others)))
    try:
        digest_headers(md5, sha256, None)
    except ValueError as refused:
        path = MD5_HEADER if str(refused).startswith("md5") else SHA256_HEADER
        raise ValidationFailed.of(FieldError(path, f"Expected a digest in base64: {refused}")) from None
