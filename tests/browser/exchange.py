"""One HTTP/1.1 request as it came from the browser."""

import asyncio
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs, urlsplit


@dataclass
class Put:
    """A PUT that carries bytes. Times are the event loop's; `taken` are bytes of the body."""

    path: str
    part_number: int
    size: int
    began: float
    taken: int = 0
    status: int | None = None
    answer: bytes = b""
    """What the store said, its beginning at least."""
    ended: float | None = None


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    lines: tuple[str, ...]

    @classmethod
    def parse(cls, head: bytes) -> Self:
        first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        method, target, _ = first.split(" ")
        return cls(method, target, tuple(lines))

    @property
    def headers(self) -> dict[str, str]:
        pairs = (line.partition(":") for line in self.lines)
        return {name.lower(): value.strip() for name, _, value in pairs}

    def head(self) -> bytes:
        """As it came, but for one connection of its own."""
        kept = [line for line in self.lines if not line.lower().startswith("connection:")]
        head = "\r\n".join([f"{self.method} {self.target} HTTP/1.1", *kept, "Connection: close"])
        return f"{head}\r\n\r\n".encode("latin-1")

    def put(self, now: float) -> Put | None:
        """None for everything else. An object that is sent whole counts as part 1."""
        if self.method != "PUT":
            return None
        url = urlsplit(self.target)
        part_number = int(parse_qs(url.query).get("partNumber", ["1"])[0])
        return Put(url.path, part_number, int(self.headers["content-length"]), now)

    def spoiled(self) -> Self:
        """The same request with another signature."""
        before, name, signature = self.target.partition("X-Amz-Signature=")
        assert name
        other = "1" if signature.startswith("0") else "0"
        return type(self)(self.method, f"{before}{name}{other}{signature[1:]}", self.lines)


async def read_request(reader: asyncio.StreamReader) -> Request:
    return Request.parse(await reader.readuntil(b"\r\n\r\n"))
