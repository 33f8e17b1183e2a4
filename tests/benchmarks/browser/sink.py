"""A store that keeps nothing, and the signing beside it: what the browser talks to in this benchmark.

Two ports of one process: pages and signing, and the store, so that every part crosses origins as in real life. With a
RATE the store answers `DELAY` seconds after the last byte and takes RATE bytes a second from a connection, and every call
for a signature takes `DELAY` too. A plan is the one that the service itself would make.

    python sink.py FOLDER PAGES_PORT STORE_PORT [RATE]
"""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import uvloop

from coordinator.uploads.plan import plan_parts

DELAY: Final = 0.050
AHEAD: Final = 1 << 18
BUFFER: Final = bytearray(1 << 20)

TYPES: Final = {".html": "text/html", ".js": "text/javascript"}
CORS: Final = (
    "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: *\r\nAccess-Control-Allow-Headers: *\r\n"
    "Access-Control-Expose-Headers: ETag\r\nAccess-Control-Max-Age: 600\r\nTiming-Allow-Origin: *\r\n"
)

Answer = tuple[int, str, bytes]


class Exchange(asyncio.BufferedProtocol):
    """HTTP/1.1, one request after the other on a connection. Bodies of PUTs are counted, others kept."""

    def __init__(
        self, answer: Callable[[str, str, bytes], Answer], *, rate: int | None, delay: float
    ) -> None:
        self._answer, self._rate, self._delay = answer, rate, delay
        self._head = b""
        self._request: tuple[str, str] | None = None
        self._missing = self._taken = 0
        self._body: list[bytes] = []
        self._began = 0.0
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def get_buffer(self, _sizehint: int) -> bytearray:
        return BUFFER

    def buffer_updated(self, count: int) -> None:
        if self._request is None:
            self._head += bytes(BUFFER[:count])
            if b"\r\n\r\n" not in self._head:
                return
            head, _, rest = self._head.partition(b"\r\n\r\n")
            self._head = b""
            self._open(head.decode("latin-1"))
            self._take(rest, len(rest))
        else:
            self._take(None, count)

    def _open(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._request = (method, target)
        self._missing, self._taken, self._body = int(headers.get("content-length", 0)), 0, []
        self._began = self._loop.time()

    def _take(self, kept: bytes | None, count: int) -> None:
        assert self._request is not None
        if self._request[0] != "PUT" or self._request[1].startswith("/v1/"):
            self._body.append(bytes(BUFFER[:count]) if kept is None else kept)
        self._missing -= count
        self._taken += count
        if self._missing <= 0:
            delay = (
                self._delay if self._request[0] != "OPTIONS" and self._request[1].startswith("/v1/") else 0
            )
            delay = max(delay, self._behind())
            (self._loop.call_later(delay, self._respond) if delay > 0 else self._respond())
        elif self._rate and (behind := self._behind()) > AHEAD / self._rate:
            self._transport.pause_reading()
            self._loop.call_later(behind, self._transport.resume_reading)

    def _behind(self) -> float:
        """Seconds that the bytes came too early. The store's answer is late by `DELAY`."""
        if self._rate is None:
            return 0
        late = self._delay if self._missing <= 0 and self._request and self._request[0] == "PUT" else 0
        return self._began + self._taken / self._rate + late - self._loop.time()

    def _respond(self) -> None:
        assert self._request is not None
        status, kind, body = self._answer(*self._request, b"".join(self._body))
        self._request = None
        head = f'HTTP/1.1 {status} OK\r\n{CORS}ETag: "{"0" * 32}"\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n'
        if not self._transport.is_closing():
            self._transport.write(head.encode() + body)


class Pages:
    """Pages, modules, our routes and a signing route for Uppy."""

    def __init__(self, folder: Path, store: str) -> None:
        self._folder, self._store = folder, store
        self._plan = plan_parts(0)
        self._asked: dict[str, Any] = {}

    def __call__(self, method: str, target: str, body: bytes) -> Answer:
        path = target.partition("?")[0]
        if method == "OPTIONS":
            return 200, "text/plain", b""
        if path.startswith("/v1/"):
            return (
                201 if path == "/v1/uploads" else 200,
                "application/json",
                json.dumps(self._route(path, body)).encode(),
            )
        file = self._folder / path.lstrip("/")
        if not file.is_file():
            return 404, "text/plain", b""
        return 200, TYPES.get(file.suffix, "application/octet-stream"), file.read_bytes()

    def _route(self, path: str, body: bytes) -> dict[str, Any]:
        asked = json.loads(body or b"{}")
        if path == "/v1/uploads":
            self._plan = plan_parts(asked["size"], part_size=asked.get("part_size"))
            self._asked = {
                name: asked[name] for name in ("filename", "metadata", "fingerprint") if name in asked
            }
            count = min(asked["sign"], self._plan.part_count or 1)
            return {"upload": self._upload("open"), "parts": [self._signed(n) for n in range(1, count + 1)]}
        if path == "/v1/sign":
            return {"url": f"{self._store}/{asked.get('partNumber', 0)}"}
        if path.endswith("/sign"):
            return {"parts": [self._signed(part["part_number"]) for part in asked["parts"]]}
        return self._upload("completed" if path.endswith("/complete") else "open")

    def _upload(self, state: str) -> dict[str, Any]:
        plan = self._plan
        return {"id": "u", "state": state, "size": plan.size, "method": "multipart", "fingerprint": None} | {
            "part_size": plan.part_size, "part_count": plan.part_count, "created_at": "2026-01-01T00:00:00Z",
            "part_digests": {"rule": "optional", "algorithms": ["sha256", "md5"]}, **self._asked,
        }  # fmt: skip

    def _signed(self, number: int) -> dict[str, Any]:
        size, offset = self._plan.size_of(number), self._plan.offset(number)
        url = f"{self._store}/{number}"
        return {"part_number": number, "offset": offset, "size": size, "method": "PUT", "url": url} | {
            "headers": {}, "expires_at": "2100-01-01T00:00:00Z",
        }  # fmt: skip


def store(method: str, target: str, _body: bytes) -> Answer:
    """As Uppy 6 reads it, the answers to POST are S3's XML."""
    if method != "POST":
        return 200, "text/plain", b""
    name = "InitiateMultipartUploadResult" if target.endswith("/0") else "CompleteMultipartUploadResult"
    text = f"<{name}><UploadId>u</UploadId><Key>f</Key><Location>l</Location><ETag>e</ETag></{name}>"
    return 200, "application/xml", text.encode()


async def main(folder: str, pages_port: str, store_port: str, rate: int | None = None) -> None:
    loop = asyncio.get_running_loop()
    delay = 0.0 if rate is None else DELAY
    pages = Pages(Path(folder), f"http://127.0.0.1:{store_port}")
    await loop.create_server(lambda: Exchange(pages, rate=None, delay=delay), "127.0.0.1", int(pages_port))
    server = await loop.create_server(
        lambda: Exchange(store, rate=rate, delay=delay), "127.0.0.1", int(store_port)
    )
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    served, pages, parts, *shaped = sys.argv[1:]
    uvloop.run(main(served, pages, parts, int(shaped[0]) if shaped else None))
