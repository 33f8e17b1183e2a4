"""One HTTP/1.1 message as it is on the wire: nothing is decoded, so that what is passed on is what came.

Bodies end as RFC 9112 section 6.3 has it: by what they answer, by chunks, by length, or with the connection.
"""

import asyncio
import re
from dataclasses import dataclass, replace

_BODILESS = re.compile(rb"HTTP/1\.1 (1\d\d|204|304) ")


@dataclass(frozen=True, slots=True)
class Message:
    head: bytes
    """Up to and including the empty line."""
    body: bytes = b""
    """With the sizes of its chunks, where it has them."""

    @property
    def raw(self) -> bytes:
        return self.head + self.body

    @property
    def last(self) -> bool:
        """Whether its sender ends the connection with it."""
        return field(self.head, b"connection").lower() == b"close" or _unframed(self.head)


async def read_request(reader: asyncio.StreamReader, head: bytes) -> Message:
    """The request whose head has been read. Raises asyncio.IncompleteReadError when not all of it comes."""
    return Message(head, await _body(reader, head))


async def read_answer(reader: asyncio.StreamReader, *, to: bytes) -> Message:
    """The final answer to the request whose head is `to`. Raises asyncio.IncompleteReadError."""
    head = await reader.readuntil(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 1"):
        head = await reader.readuntil(b"\r\n\r\n")
    if to.startswith(b"HEAD ") or _BODILESS.match(head):
        return Message(head)
    return Message(head, await (reader.read() if _unframed(head) else _body(reader, head)))


def expects_continue(head: bytes) -> bool:
    return field(head, b"expect").lower() == b"100-continue"


def flipped(message: Message, at: bytes | None, bit: int) -> Message | None:
    """One bit of the body turned: the one after the first `at`, else in the middle. None: there is no such place."""
    found = 0 if at is None else message.body.find(at)
    place = _middle(message) if at is None else found + len(at)
    if found < 0 or place >= len(message.body):
        return None
    body = bytearray(message.body)
    body[place] ^= 1 << bit
    return replace(message, body=bytes(body))


def field(head: bytes, name: bytes) -> bytes:
    """A header's value; empty when there is none."""
    found = re.search(rb"(?i)\r\n" + name + rb":[ \t]*([^\r]*)", head)
    return found.group(1).strip() if found else b""


def _unframed(head: bytes) -> bool:
    """An answer whose body nothing ends but the connection."""
    framed = _chunked(head) or field(head, b"content-length") or _BODILESS.match(head)
    return head.startswith(b"HTTP/") and not framed


def _chunked(head: bytes) -> bool:
    return field(head, b"transfer-encoding").lower() == b"chunked"


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if _chunked(head):
        return await _chunks(reader)
    return await reader.readexactly(int(field(head, b"content-length") or 0))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    read = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        read += line
        if size == 0:
            break
        read += await reader.readexactly(size + 2)
    # the trailer, up to its empty line
    while not read.endswith(b"\r\n\r\n"):
        read += await reader.readuntil(b"\r\n")
    return read


def _middle(message: Message) -> int:
    if not _chunked(message.head):
        return len(message.body) // 2
    line = message.body.find(b"\r\n")
    return line + 2 + int(message.body[:line].split(b";")[0], 16) // 2
