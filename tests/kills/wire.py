"""What lies between the server and its store: kills it while a request is under way, and can make the store look ill."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qs, urlsplit

from tests.e2e.gate import Gate

__all__ = ["Answer", "Trick", "Wire", "answer_lost", "call_of", "promised", "refused", "request_lost"]

Answer = Callable[[], Awaitable[bytes]]
"""Passes the request on, and yields what the store answers."""

Trick = Callable[[Answer], Awaitable[bytes | None]]
"""What the server hears instead; None: nothing, its connection ends."""

_CALLS: Final = {
    ("POST", "uploads"): "create_multipart_upload",
    ("GET", "uploads"): "list_multipart_uploads",
    ("GET", "uploadId"): "list_parts",
    ("PUT", "uploadId"): "upload_part",
    ("POST", "uploadId"): "complete_multipart_upload",
    ("DELETE", "uploadId"): "abort_multipart_upload",
}


class Wire(Gate):
    def __init__(self, store_url: str) -> None:
        super().__init__(store_url)
        self._tricks: dict[str, list[Trick]] = {}
        self._always: dict[str, Trick] = {}
        self.calls: Counter[str] = Counter()
        self.on_send: Callable[[str], Awaitable[None]] | None = None
        """Told of each call when all of its request is here and nothing has been passed on."""

    def reset(self) -> None:
        self._tricks.clear()
        self._always.clear()
        self.calls.clear()

    def once(self, call: str, *tricks: Trick) -> None:
        """Play each of them on one request, in turn."""
        self._tricks.setdefault(call, []).extend(tricks)

    def always(self, call: str, trick: Trick) -> None:
        self._always[call] = trick

    async def _pass(self, head: bytes, body: bytes) -> bytes | None:
        async def pass_on() -> bytes:
            return await self._ask_store(head, body)

        call = call_of(head)
        if call is None:
            return await pass_on()
        self.calls[call] += 1
        if self.on_send is not None:
            await self.on_send(call)
        waiting = self._tricks.get(call)
        trick = waiting.pop(0) if waiting else self._always.get(call)
        return await (trick(pass_on) if trick else pass_on())


def call_of(head: bytes) -> str | None:
    """The port's name for a request; None for those that start-up and readiness make, and for what clients send."""
    method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
    query = parse_qs(urlsplit(target).query, keep_blank_values=True)
    if re.search(r"coordinator-(check-|probe/)|coordinator-probe%2F", target):
        return None
    if method == "HEAD":
        return "head_object"
    if method == "PUT" and "uploadId" not in query:
        return "send_object"
    if method == "DELETE" and not query:
        return "delete_object"
    return next((call for (verb, name), call in _CALLS.items() if verb == method and name in query), None)


async def request_lost(_: Answer) -> bytes | None:
    """The store never hears of it."""
    return None


async def answer_lost(pass_on: Answer) -> bytes | None:
    """The store acts, and nobody learns of it."""
    await pass_on()
    return None


async def promised(_: Answer) -> bytes | None:
    """The store does nothing, and says that it has completed the upload."""
    return _whole(200, "<CompleteMultipartUploadResult><ETag>made-up</ETag></CompleteMultipartUploadResult>")


def refused(status: int, code: str) -> Trick:
    """The store does nothing, and says so."""
    whole = _whole(status, f"<Error><Code>{code}</Code><Message>made up</Message></Error>")

    async def refuse(_: Answer) -> bytes | None:
        return whole

    return refuse


def _whole(status: int, xml: str) -> bytes:
    head = f"HTTP/1.1 {status} Made Up\r\nContent-Type: application/xml\r\nContent-Length: {len(xml)}\r\n"
    return f"{head}Connection: close\r\n\r\n{xml}".encode()
