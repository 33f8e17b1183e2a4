"""What the browser talks to in this benchmark: pages and signing on one port, the store on another.

So every part crosses origins as in real life. With a RATE every call for a signature takes the store's `DELAY` too. A plan is the
one that the service itself would make.

    python -m tests.benchmarks.browser.sink FOLDER PAGES_PORT STORE_PORT [RATE]
"""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import uvloop

from coordinator.uploads.plan import plan_parts
from tests.benchmarks.browser.store import DELAY, serve

TYPES: Final = {".html": "text/html", ".js": "text/javascript"}
Answer = tuple[int, str, bytes]


class Exchange(asyncio.Protocol):
    """HTTP/1.1, one request after the other on a connection; every call of the service's takes `delay` seconds."""

    def __init__(self, answer: Callable[[str, str, bytes], Answer], delay: float) -> None:
        self._answer, self._delay = answer, delay
        self._received = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
        if not end or len(body) < length:
            return
        self._received = b""
        method, target, _ = first.split(" ")
        answer = self._answer(method, target, body)
        self._loop.call_later(self._delay if target.startswith("/v1/") else 0, self._respond, *answer)

    def _respond(self, status: int, kind: str, body: bytes) -> None:
        head = f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        if not self._transport.is_closing():
            self._transport.write(head.encode() + body)


class Pages:
    """Pages, modules, our routes and a signing route for Uppy."""

    def __init__(self, folder: Path, store: str) -> None:
        self._folder, self._store = folder, store
        self._plan = plan_parts(0)
        self._asked: dict[str, Any] = {}

    def __call__(self, _method: str, target: str, body: bytes) -> Answer:
        path = target.partition("?")[0]
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


async def main(folder: str, pages_port: str, store_port: str, rate: int | None = None) -> None:
    pages = Pages(Path(folder), f"http://127.0.0.1:{store_port}")
    delay = 0.0 if rate is None else DELAY
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Exchange(pages, delay), "127.0.0.1", int(pages_port))
    storing = asyncio.create_task(serve(int(store_port), rate))
    print("ready", flush=True)
    await storing


if __name__ == "__main__":
    served, pages, parts, *shaped = sys.argv[1:]
    uvloop.run(main(served, pages, parts, int(shaped[0]) if shaped else None))
