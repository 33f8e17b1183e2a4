"""A part's bytes on their way to the store, piece by piece as they arrive, and never more than a few of them in memory.

The SDK wants a body that it can read twice, to sign it and to repeat it. So the request is one of our own presigned
URLs, with its length bound, sent once on a connection of its own that is closed whatever happens: a store keeps nothing
of a body that ends early. Time-outs run only while the store is waited for; how long to wait for the body is the
body's own business.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Final

import aiohttp
from yarl import URL

from coordinator.signing.presigner import PresignedRequest, Presigner
from coordinator.storage.direct import Direct
from coordinator.storage.errors import Operation, store_error
from coordinator.storage.options import S3Options
from coordinator.uploads.model import MultipartUploadId
from coordinator.uploads.store import StoreOutcomeUnknown

__all__ = ["PartSender", "ShortBody", "open_sender"]

_URL_EXPIRES: Final = 300
"""Seconds. The store looks at it when the request begins, which is at once."""
_LONGEST_REFUSAL: Final = 64 * 1024
"""Bytes of a refusal that are read for its code."""
_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")
_AUTOMATIC: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class ShortBody(ValueError):
    """A body ended before its last byte: the request is broken off, and no part is stored."""


class PartSender:
    """Sends what cannot be sent twice. Raises StoreError, what aiohttp raises, and what a body raises."""

    def __init__(
        self, session: aiohttp.ClientSession, presigner: Presigner, *, proxy: str | None, patience: float
    ) -> None:
        """`patience` in seconds: between two pieces that the store takes, and from the last one to its answer."""
        self._session = session
        self._presigner = presigner
        self._proxy = proxy
        self._patience = patience

    async def upload_part(
        self,
        key: str,
        multipart_upload_id: MultipartUploadId,
        part_number: int,
        body: AsyncIterator[bytes],
        *,
        size: int,
        md5: str | None,
        sha256: str | None,
    ) -> str:
        """The ETag, without its quotes."""
        presigner = self._presigner.multipart(key, multipart_upload_id, expires_in=_URL_EXPIRES)
        signed = presigner.part(part_number, size, md5=md5, sha256=sha256)
        return await self._send("upload_part", signed, body, size)

    async def send_object(
        self, key: str, body: AsyncIterator[bytes], *, size: int, headers: Mapping[str, str]
    ) -> str:
        """The ETag, without its quotes."""
        signed = self._presigner.put_object(key, size, headers=headers, expires_in=_URL_EXPIRES)
        return await self._send("put_object", signed, body, size)

    async def _send(
        self, operation: Operation, signed: PresignedRequest, body: AsyncIterator[bytes], size: int
    ) -> str:
        async with asyncio.timeout(self._patience) as patience:
            pieces = _Pieces(body, size, patience, self._patience)
            try:
                async with self._session.put(
                    URL(signed.url, encoded=True),
                    data=pieces,
                    headers={**signed.headers, "Content-Length": str(size)},
                    allow_redirects=False,
                    proxy=self._proxy,
                ) as answer:
                    return await _etag(operation, answer, whole=pieces.whole)
            except aiohttp.ClientError:
                if pieces.broken is None:
                    raise
                # aiohttp says that sending failed; why it did is for whoever made the body
                raise pieces.broken from None
            finally:
                await pieces.stop()


@asynccontextmanager
async def open_sender(options: S3Options, way: Direct) -> AsyncIterator[PartSender]:
    """Nothing is sent yet."""
    # a kept connection that turns out to be closed would make aiohttp send again
    connector = aiohttp.TCPConnector(
        limit=0,
        force_close=True,
        ssl=way.trusted,
        socket_factory=partial(_socket, patience=options.part_patience),
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=options.connect_timeout),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=_AUTOMATIC,
    ) as session:
        yield PartSender(session, way.presigner, proxy=way.proxy, patience=options.part_patience)


class _Pieces:
    """The body, as aiohttp takes it: says which of the two sides is waited for, and whether all of it has gone."""

    def __init__(
        self, body: AsyncIterator[bytes], size: int, patience: asyncio.Timeout, seconds: float
    ) -> None:
        self.broken: Exception | None = None
        """What the body raised instead of going on."""
        self._body = body
        self._left = size
        self._patience = patience
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._stopped = False

    @property
    def whole(self) -> bool:
        return self._left == 0

    def __aiter__(self) -> "_Pieces":
        return self

    async def __anext__(self) -> bytes:
        async with self._turn:
            if self._stopped or self._left == 0:
                raise StopAsyncIteration
            return await self._next()

    async def stop(self) -> None:
        """Nothing is taken from the body any more, from here on."""
        async with self._turn:
            self._stopped = True

    async def _next(self) -> bytes:
        self._patience.reschedule(None)
        try:
            piece = await anext(self._body, b"")
            if not piece:
                raise ShortBody(f"the body ended {self._left} bytes early")
            self._left -= len(piece)
        except Exception as broken:
            self.broken = broken
            raise
        finally:
            if not self._patience.expired():
                self._patience.reschedule(asyncio.get_running_loop().time() + self._seconds)
        return piece


async def _etag(operation: Operation, answer: aiohttp.ClientResponse, *, whole: bool) -> str:
    """Raises StoreError for every answer but a 200 to the whole of the body."""
    if answer.status != HTTPStatus.OK:
        refusal = await _refusal(answer)
        said = _CODE.search(refusal)
        raise store_error(operation, answer.status, said.group(1).decode() if said else "")
    etag = answer.headers.get("ETag", "").strip('"')
    if not whole or not etag:
        raise StoreOutcomeUnknown(
            operation, "200", "an answer before the end of the body, or without an ETag"
        )
    return etag


async def _refusal(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > _LONGEST_REFUSAL:
            break
    return bytes(body)


def _socket(address: aiohttp.AddrInfoType, *, patience: float) -> socket.socket:
    """One that the system gives up with us: what a stalled store has not taken would keep it open after its closing."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(patience * 1000))
    return made
