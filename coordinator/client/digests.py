"""Digests of parts and of whole files, in threads, so that hashing overlaps sending.

hashlib lets other threads run while it works; two of them keep two parts ahead of the network busy on two cores.
"""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final, Literal, Protocol

from coordinator.protocol import DigestBody, PartToSign, UploadAnswer
from coordinator.uploads.plan import Plan

__all__ = ["Algorithm", "Digests", "Hashing", "PartDigests", "algorithm_for", "base64_digest", "to_sign"]

Algorithm = Literal["md5", "sha256"]

Digests = Literal["auto", "on", "off", "md5", "sha256"]
"""Of each part. auto: where the policy requires them; on: unless the policy forbids them, with what the store enforces."""

_AT_ONCE: Final = 512 * 1024
_THREADS: Final = 2
_RULE_UNKNOWN: Final[tuple[str, list[Algorithm]]] = ("optional", ["md5"])
"""Of a coordinator that does not say: MD5 is what every store enforces."""
_AHEAD: Final = 8
"""Parts hashed before they are asked for: what is read here is still in the system's memory when it is sent."""


class Readable(Protocol):
    def read(self, offset: int, count: int) -> bytes: ...


class Hashing:
    """The threads that hash, for all uploads of a client."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="hash")

    def submit(
        self, content: Readable, algorithm: Algorithm, offset: int, size: int
    ) -> "asyncio.Future[bytes]":
        """Raises FileChanged, FileUnreadable in the future."""
        return asyncio.get_running_loop().run_in_executor(
            self._threads, _hash, content, algorithm, offset, size
        )

    async def whole(self, content: Readable, algorithm: Algorithm, size: int) -> DigestBody:
        digest = await self.submit(content, algorithm, 0, size)
        return DigestBody(algorithm=algorithm, value=base64_digest(digest))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def algorithm_for(wanted: Digests, upload: UploadAnswer) -> Algorithm | None:
    """What the parts of this upload are hashed with."""
    if wanted in {"md5", "sha256"}:
        return wanted
    rule, algorithms = _RULE_UNKNOWN
    if upload.part_digests is not None:
        rule, algorithms = upload.part_digests.rule, upload.part_digests.algorithms
    if wanted == "off" or rule == "off" or (wanted == "auto" and rule == "optional"):
        return None
    return algorithms[0]


class PartDigests:
    def __init__(self, hashing: Hashing, content: Readable, plan: Plan, algorithm: Algorithm) -> None:
        self._hashing = hashing
        self._content = content
        self._plan = plan
        self._algorithm: Algorithm = algorithm
        self._known: dict[int, asyncio.Future[bytes]] = {}

    def ahead(self, numbers: Iterable[int]) -> None:
        """Begins to hash the first few of these."""
        for number in islice(numbers, _AHEAD):
            self._begin(number)

    async def of(self, number: int) -> PartToSign:
        return to_sign(number, self._algorithm, await asyncio.shield(self._begin(number)))

    def ready(self, numbers: Iterable[int]) -> list[PartToSign]:
        """Those of the parts whose digests are known by now."""
        found = [(number, self._known.get(number)) for number in numbers]
        return [
            to_sign(number, self._algorithm, known.result())
            for number, known in found
            if known is not None and known.done() and not known.cancelled() and known.exception() is None
        ]

    def forget(self, number: int) -> None:
        self._known.pop(number, None)

    def _begin(self, number: int) -> "asyncio.Future[bytes]":
        known = self._known.get(number)
        if known is None:
            known = self._hashing.submit(
                self._content, self._algorithm, self._plan.offset(number), self._plan.size_of(number)
            )
            known.add_done_callback(lambda one: one.cancelled() or one.exception())
            self._known[number] = known
        return known


def to_sign(number: int, algorithm: Algorithm, digest: bytes, size: int | None = None) -> PartToSign:
    value = base64_digest(digest)
    if algorithm == "md5":
        return PartToSign(part_number=number, size=size, md5=value)
    return PartToSign(part_number=number, size=size, sha256=value)


def base64_digest(digest: bytes) -> str:
    return b64encode(digest).decode("ascii")


def _hash(content: Readable, algorithm: Algorithm, offset: int, size: int) -> bytes:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for start in range(offset, offset + size, _AT_ONCE):
        digest.update(content.read(start, min(_AT_ONCE, offset + size - start)))
    return digest.digest()
