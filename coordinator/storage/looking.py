"""HEAD of an object: by far the most frequent question to the store, at a sixth of what the SDK takes to ask it.

One presigned request on a kept connection, sent once but for a connection that turns out to be closed: aiohttp sends a
HEAD again then, which is harmless. Its refusals have no body, so that the status says all.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import aiohttp
from yarl import URL

from coordinator.signing.presigner import Presigner
from coordinator.storage.clock_skew import ClockSkew
from coordinator.storage.direct import Direct
from coordinator.storage.errors import store_error
from coordinator.storage.fields import in_utc
from coordinator.storage.options import S3Options
from coordinator.uploads.model import MARK_NAME
from coordinator.uploads.store import StoredObject

__all__ = ["Looker", "open_looker"]

_URL_EXPIRES: Final = 900
"""Seconds: as far as the store's clock may be from ours for any other signature."""
_AUTOMATIC: Final = ("Accept", "Accept-Encoding", "User-Agent")
_MARK: Final = f"x-amz-meta-{MARK_NAME}"


class Looker:
    def __init__(
        self, session: aiohttp.ClientSession, presigner: Presigner, *, proxy: str | None, skew: ClockSkew
    ) -> None:
        self._session = session
        self._presigner = presigner
        self._proxy = proxy
        self._skew = skew

    async def head_object(self, key: str) -> StoredObject | None:
        """None: a 404. Raises StoreError, CredentialsError, what aiohttp raises, and LookupError or ValueError for an answer
        that does not say what is there.
        """
        signed = self._presigner.head_object(key, expires_in=_URL_EXPIRES)
        async with self._session.head(
            URL(signed.url, encoded=True), allow_redirects=False, proxy=self._proxy
        ) as answer:
            self._skew.note(answer.headers)
            if answer.status == HTTPStatus.OK:
                return _stored(answer.headers)
            if answer.status == HTTPStatus.NOT_FOUND:
                return None
            raise store_error("head_object", answer.status, "")


@asynccontextmanager
async def open_looker(options: S3Options, way: Direct, skew: ClockSkew) -> AsyncIterator[Looker]:
    """Nothing is sent yet."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=options.max_connections, ssl=way.trusted),
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=options.connect_timeout, sock_read=options.read_timeout
        ),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=_AUTOMATIC,
    ) as session:
        yield Looker(session, way.presigner, proxy=way.proxy, skew=skew)


def _stored(headers: Mapping[str, str]) -> StoredObject:
    size = headers["Content-Length"]
    if not size.isdecimal():
        raise ValueError("a size that is no number")
    return StoredObject(
        etag=headers["ETag"].strip('"'),
        size=int(size),
        mark=headers.get(_MARK),
        version_id=headers.get("x-amz-version-id"),
        last_modified=in_utc(parsedate_to_datetime(headers["Last-Modified"])),
    )
