"""Reading a JSON body: never more than the route's limit, never longer than the deadline, and only then parsed.

413 comes before a byte is parsed, whether the length was announced or lied about; a sender that trickles is cut off
(failure matrix I1, I2). What cannot be read as JSON is 400; what reads well but is not allowed is 422 and says where
(I3): msgspec refuses unknown members, wrong types and bounds while it parses, and never recurses into what the
struct has no place for.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.types import Scope

from coordinator.errors import (
    BodyTooLarge,
    FieldError,
    MalformedRequest,
    UnsupportedMediaType,
    ValidationFailed,
)

__all__ = ["BATCH_LIMIT", "BODY_LIMIT", "RECEIVE_WITHIN", "decode", "left_unread", "read_json", "refusal"]

BODY_LIMIT: Final = 64 * 1024
"""Bytes, unless a route carries batches of parts."""
BATCH_LIMIT: Final = 512 * 1024
"""Bytes, on `/parts*` and `/complete`."""
POUR_LIMIT: Final = 32 * 1024 * 1024
POUR_WITHIN: Final = 5.0
"""Bytes and seconds of a refused body that are read and thrown away, so that its sender lives to read the refusal."""
RECEIVE_WITHIN: Final = 15.0
"""Seconds for a whole body."""

T = TypeVar("T")

_UNREAD: Final = "coordinator.body_left_unread"
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


def left_unread(scope: Scope) -> bool:
    """Whether a body was given up before its end, so that the connection cannot be used again."""
    return _UNREAD in scope


async def _read(request: Request[Any], limit: int, within: float) -> bytes:
    try:
        async with asyncio.timeout(within):
            return await _read_up_to(request, limit)
    except TimeoutError:
        request.scope[_UNREAD] = True
        raise MalformedRequest(f"The body did not arrive within {within:g} seconds.") from None


async def _read_up_to(request: Request[Any], limit: int) -> bytes:
    body = bytearray()
    announced = request.headers.get("content-length", "")
    arriving = request.stream()
    length = int(announced[:20]) if announced.isdecimal() else 0
    too_large = length > limit
    while not too_large:
        received = await anext(arriving, None)
        if received is None:
            return bytes(body)
        body += received
        too_large = len(body) > limit
    if length > POUR_LIMIT or not await _pour_away(arriving):
        request.scope[_UNREAD] = True
    raise BodyTooLarge(f"At most {limit} bytes are allowed here.")


async def _pour_away(arriving: AsyncIterator[bytes]) -> bool:
    """Whether the rest ended within bounds. A connection that is closed on unread bytes is reset, and the answer lost."""
    poured = 0
    try:
        async with asyncio.timeout(POUR_WITHIN):
            async for received in arriving:
                poured += len(received)
                if poured > POUR_LIMIT:
                    return False
    except TimeoutError:
        return False
    return True


def _says_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"
