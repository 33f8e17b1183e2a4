"""A store that answers with the very bytes a test gives it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Canned:
    """Gives its answers in their order, each on a connection of its own; None: never."""

    endpoint_url: str = ""
    answers: list[bytes | None] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    """Of the requests, in lower case."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    _connections: set[asyncio.StreamWriter] = field(default_factory=set)

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.partition("content-length:")[2].partition("\r")[0]
        await reader.readexactly(int(length or 0))
        self.heads.append(head)
        self.requests.append(head.partition(" http/")[0])
        self.asked.set()
        answer = self.answers.pop(0)
        if answer is not None:
            writer.write(answer)
            await writer.drain()
            writer.close()

    def close(self) -> None:
        for each in self._connections:
            each.close()


@asynccontextmanager
async def canned_store() -> AsyncIterator[Canned]:
    canned = Canned()
    server = await asyncio.start_server(canned.connection, "127.0.0.1", 0)
    canned.endpoint_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield canned
    finally:
        canned.close()
        server.close()
        await server.wait_closed()


def answer(status: int, body: str = "", *headers: str, length: int | None = None) -> bytes:
    """An HTTP answer; `length` for a Content-Length that lies."""
    lines = (
        f"HTTP/1.1 {status} Said",
        f"Content-Length: {len(body.encode()) if length is None else length}",
        "Connection: close",
        *headers,
    )
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def error(status: int, code: str) -> bytes:
    return answer(status, f"<Error><Code>{code}</Code><Message>about /uploads/the-key</Message></Error>")


def parts_page(*numbers: int, following: int | None = None, truncated: bool | None = None) -> bytes:
    rows = "".join(
        f"<Part><PartNumber>{number}</PartNumber><LastModified>2026-11-21T07:00:00.000Z</LastModified>"
        f'<ETag>"etag{number}"</ETag><Size>{number}</Size></Part>'
        for number in numbers
    )
    more = str(following is not None if truncated is None else truncated).lower()
    marker = "" if following is None else f"<NextPartNumberMarker>{following}</NextPartNumberMarker>"
    return answer(200, f"<ListPartsResult>{rows}<IsTruncated>{more}</IsTruncated>{marker}</ListPartsResult>")


def uploads_page(*rows: tuple[str, str], following: tuple[str, str] | None = None) -> bytes:
    """`rows` of key and id, the first one the newest."""
    listed = "".join(
        f"<Upload><Key>{key}</Key><UploadId>{upload_id}</UploadId>"
        f"<Initiated>2026-11-21T07:00:{59 - place:02}.000Z</Initiated></Upload>"
        for place, (key, upload_id) in enumerate(rows)
    )
    markers = (
        ""
        if following is None
        else f"<NextKeyMarker>{following[0]}</NextKeyMarker><NextUploadIdMarker>{following[1]}</NextUploadIdMarker>"
    )
    more = str(following is not None).lower()
    return answer(
        200,
        f"<ListMultipartUploadsResult>{listed}<IsTruncated>{more}</IsTruncated>{markers}</ListMultipartUploadsResult>",
    )
