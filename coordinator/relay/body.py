"""The bytes of a part as they come in: counted, paced, and held against their digests.

The digests are also bound to the request at the store; but not every store enforces them, so the last piece is let
through only when they fit. Without it the store keeps nothing.
"""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from coordinator.errors import DigestMismatch, MalformedRequest, TooSlow
from coordinator.relay.announced import MD5_HEADER, SHA256_HEADER
from coordinator.relay.pace import Pace
from coordinator.uploads.requests import WantedPart

__all__ = ["PartBody"]


class PartBody:
    """An asynchronous iterator over exactly `size` bytes.

    Raises ClientDisconnect, TooSlow, MalformedRequest (another length than announced) or DigestMismatch instead of
    its last piece. Whatever is raised, nothing of the rest has been read.
    """

    def __init__(
        self,
        receive: Receive,
        wanted: WantedPart,
        size: int,
        *,
        pace: Pace,
        count: Callable[[int], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._receive = receive
        self._left = size
        self._pace = pace
        self._count = count
        self._monotonic = monotonic
        self._digests: list[tuple[str, str, Any]] = []
        if wanted.md5 is not None:
            self._digests.append((MD5_HEADER, wanted.md5, hashlib.md5(usedforsecurity=False)))
        if wanted.sha256 is not None:
            self._digests.append((SHA256_HEADER, wanted.sha256, hashlib.sha256()))
        if size == 0:
            self._verify()

    def __aiter__(self) -> "PartBody":
        return self

    async def __anext__(self) -> bytes:
        while self._left:
            piece = self._checked(await self._next_message())
            if piece:
                return piece
        raise StopAsyncIteration

    async def _next_message(self) -> Message:
        if self._pace.left <= 0:
            raise _too_slow()
        began = self._monotonic()
        try:
            async with asyncio.timeout(self._pace.left):
                message = await self._receive()
        except TimeoutError:
            raise _too_slow() from None
        self._pace.waited(self._monotonic() - began, len(message.get("body", b"")))
        return message

    def _checked(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece: bytes = message.get("body", b"")
        self._left -= len(piece)
        self._count(len(piece))
        if self._left < 0 or (self._left and not message.get("more_body", False)):
            raise MalformedRequest("The body has another length than Content-Length says.")
        for _, _, digest in self._digests:
            digest.update(piece)
        if not self._left:
            self._verify()
        return piece

    def _verify(self) -> None:
        for name, announced, digest in self._digests:
            if b64encode(digest.digest()).decode() != announced:
                raise DigestMismatch(
                    f"The bytes are not those of {name}, and nothing was stored. Compute it again and send the part again."
                )


def _too_slow() -> TooSlow:
    return TooSlow("The part came in too slowly and was given up. Send it again, or fewer at once.")
