"""A file of one part, and what a browser does with the one URL of an upload of method `put`."""

import base64
import hashlib
from dataclasses import replace
from typing import Final

from coordinator.uploads.model import Upload
from coordinator.uploads.requests import SignedPart, StartRequest
from coordinator.uploads.store import LonePut
from tests.integration.uploads.house import RULES, House, Replica, a_request

CONTENT: Final = b"ten bytes."
MD5: Final = base64.b64encode(hashlib.md5(CONTENT, usedforsecurity=False).digest()).decode()
OTHER: Final = b"other text"
OTHER_MD5: Final = base64.b64encode(hashlib.md5(OTHER, usedforsecurity=False).digest()).decode()
ETAG: Final = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()

ONCE: Final = LonePut(once=True)
MORE_THAN_ONCE: Final = LonePut(once=False)


def a_file(content: bytes = CONTENT, *, sign: int = 1, md5: str | None = None) -> StartRequest:
    return replace(a_request(len(content), sign=sign), md5=md5)


async def begun(replica: Replica, request: StartRequest | None = None) -> tuple[Upload, SignedPart]:
    started, [signed] = await replica.service.start("acme", "ada", request or a_file(), RULES)
    return started.upload, signed


def send(house: House, upload: Upload, signed: SignedPart, content: bytes = CONTENT) -> str:
    return house.store.put_signed(upload.key, content, signed.headers)
