"""Reading a JSON body: never more than the route's limit, never longer than the deadline, and only then parsed.

413 comes before a byte is parsed, whether the length was announced or lied about; a sender that trickles is cut off
(failure matrix I1, I2). What cannot be read as JSON is 400; what reads well but is not allowed is 422 and says where
(I3): msgspec refuses unknown members, wrong types and bounds while it parses, and never recurses into what the
struct has no place for.
"""

import asyncio
import re
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import Request

from coordinator.errors import (
    BodyTooLarge,
    FieldError,
    MalformedRequest,
    UnsupportedMediaType,
    ValidationFailed,
)

__all__ = ["BATCH_LIMIT", "BODY_LIMIT", "RECEIVE_WITHIN", "decode", "read_json", "refusal"]

BODY_LIMIT: Final = 64 * 1024
"""Bytes, unless a route carries batches of parts."""
BATCH_LIMIT: Final = 512 * 1024
"""Bytes, on `/parts*`, on `/complete` and where many uploads are started."""
RECEIVE_WITHIN: Final = 15.0
"""Seconds for a whole body."""

T = TypeVar("T")

_AT: Final = re.compile(r" - at (?:`key` in )?`(\$[^`]*)`\Z")
_MEMBER: Final = re.compile(r"Object (?:missing required|contains unknown) field `([^`]*)`")
_LONGEST_MESSAGE: Final = 200


async def read_json(request: Request[Any], wanted: type[T], *, limit: int, within: float) -> T:
    """The body as `wanted`; no body at all counts as `{}`. `limit` in bytes, `within` in seconds.

    Raises BodyTooLarge, UnsupportedMediaType, MalformedRequest, ValidationFailed.
    """
    raw = await _read(request, limit, within)
    if raw and not _says_json(request.headers.get("content-type", "")):
        raise UnsupportedMediaType("Send the body as `Content-Type: application/json`.")
    return decode(raw or b"{}", wanted)


def decode(raw: bytes, wanted: type[T]) -> T:
    """Raises MalformedRequest or ValidationFailed."""
    try:
        return msgspec.json.decode(raw, type=wanted)
    except msgspec.ValidationError as refused:
        raise refusal(refused) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedRequest("The body is not JSON in UTF-8.") from None


def refusal(refused: msgspec.ValidationError) -> ValidationFailed:
    """What msgspec says of one member, as path and message."""
    text = str(refused)
    found = _AT.search(text)
    path = found.group(1) if found else "$"
    message = text[: found.start()] if found else text
    member = _MEMBER.match(message)
    if member:
        path = f"{path}.{member.group(1)}"
    return ValidationFailed.of(FieldError(path[:_LONGEST_MESSAGE], message[:_LONGEST_MESSAGE]))


async def _read(request: Request[Any], limit: int, within: float) -> bytes:
    try:
        async with asyncio.timeout(within):
            return await _read_up_to(request, limit)
    except TimeoutError:
        raise MalformedRequest(f"The body did not arrive within {within:g} seconds.") from None


async def _read_up_to(request: Request[Any], limit: int) -> bytes:
    """What is not read here is thrown away by `lingering`."""
    body = bytearray()
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large(limit)
    async for received in request.stream():
        body += received
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"At most {limit} bytes are allowed here.")


def _says_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"
