"""A store that keeps nothing: it answers S3's calls and throws the bytes away, so that only the sender is measured.

    python -m tests.benchmarks.client.sink FOLDER

Three doors to one state: plain HTTP, TLS, and a shaped one (plain; 50 ms before each answer, 80 MB/s a connection). It
prints their ports as JSON. Bodies are counted, never looked at, but for small ones, whose ETag is a true MD5, and which must be what
their x-amz-checksum-sha256 says: a service that asks finds SHA-256 enforced, as at AWS.
"""

import asyncio
import hashlib
import json
import ssl
import sys
import time
from base64 import b64encode
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import uvloop

from tests.benchmarks.client.certificate import new_certificate

BUCKET = "bench"
LATENCY = 0.05
RATE = 80e6
SMALL = 1024 * 1024
PAGE = 1000
READ = memoryview(bytearray(256 * 1024))
"""One for all connections: what is in it is used before the next one is read."""
NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


@dataclass
class Thing:
    """A multipart upload, or an object."""

    key: str
    headers: dict[str, str]
    size: int = 0
    etag: str = ""
    parts: dict[int, tuple[int, str]] = field(default_factory=dict)


@dataclass
class State:
    uploads: dict[str, Thing] = field(default_factory=dict)
    objects: dict[str, Thing] = field(default_factory=dict)
    counter: int = 0

    def number(self) -> int:
        self.counter += 1
        return self.counter


@dataclass
class Call:
    method: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    size: int
    md5: str | None


Answer = tuple[int, dict[str, str], bytes]


def answer(state: State, call: Call) -> Answer:
    if not call.key:
        return in_bucket(state, call)
    if "uploadId" in call.query:
        return in_upload(state, call)
    if call.method == "POST" and "uploads" in call.query:
        upload_id = f"{state.number():032x}"
        state.uploads[upload_id] = Thing(call.key, kept(call.headers))
        names = f"<Bucket>{BUCKET}</Bucket><Key>{escape(call.key)}</Key><UploadId>{upload_id}</UploadId>"
        return xml(f"<InitiateMultipartUploadResult {NAMESPACE}>{names}</InitiateMultipartUploadResult>")
    return on_object(state, call)


def in_bucket(state: State, call: Call) -> Answer:
    if "location" in call.query:
        return xml(f"<LocationConstraint {NAMESPACE}/>")
    if "uploads" in call.query:
        prefix = call.query.get("prefix", "")
        listed = "".join(
            f"<Upload><Key>{escape(one.key)}</Key><UploadId>{upload_id}</UploadId>"
            f"<Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>"
            for upload_id, one in state.uploads.items()
            if one.key.startswith(prefix)
        )
        return xml(
            f"<ListMultipartUploadsResult {NAMESPACE}><Bucket>{BUCKET}</Bucket><IsTruncated>false</IsTruncated>"
            f"{listed}</ListMultipartUploadsResult>"
        )
    if call.method == "GET":
        return xml(
            f"<ListBucketResult {NAMESPACE}><Name>{BUCKET}</Name><KeyCount>0</KeyCount>"
            "<IsTruncated>false</IsTruncated></ListBucketResult>"
        )
    return 200, {}, b""


def in_upload(state: State, call: Call) -> Answer:
    upload = state.uploads.get(call.query["uploadId"])
    if upload is None:
        return problem(404, "NoSuchUpload")
    if call.method == "PUT":
        etag = call.md5 or f"{state.number():032x}"
        upload.parts[int(call.query["partNumber"])] = (call.size, etag)
        return 200, {"ETag": f'"{etag}"'}, b""
    if call.method == "GET":
        return list_parts(upload, int(call.query.get("part-number-marker") or 0), call.query["uploadId"])
    del state.uploads[call.query["uploadId"]]
    if call.method == "DELETE":
        return 204, {}, b""
    upload.size = sum(size for size, _ in upload.parts.values())
    upload.etag = f"{state.number():032x}-{len(upload.parts)}"
    state.objects[upload.key] = upload
    names = f"<Bucket>{BUCKET}</Bucket><Key>{escape(upload.key)}</Key><ETag>&quot;{upload.etag}&quot;</ETag>"
    return xml(f"<CompleteMultipartUploadResult {NAMESPACE}>{names}</CompleteMultipartUploadResult>")


def list_parts(upload: Thing, marker: int, upload_id: str) -> Answer:
    numbers = sorted(number for number in upload.parts if number > marker)
    page = numbers[:PAGE]
    listed = "".join(
        f"<Part><PartNumber>{number}</PartNumber><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
        f"<ETag>&quot;{upload.parts[number][1]}&quot;</ETag><Size>{upload.parts[number][0]}</Size></Part>"
        for number in page
    )
    more = len(numbers) > len(page)
    last = f"<NextPartNumberMarker>{page[-1]}</NextPartNumberMarker>" if page else ""
    return xml(
        f"<ListPartsResult {NAMESPACE}><Bucket>{BUCKET}</Bucket><Key>{escape(upload.key)}</Key>"
        f"<UploadId>{upload_id}</UploadId><PartNumberMarker>{marker}</PartNumberMarker>{last}"
        f"<MaxParts>{PAGE}</MaxParts><IsTruncated>{str(more).lower()}</IsTruncated>{listed}</ListPartsResult>"
    )


def on_object(state: State, call: Call) -> Answer:
    thing = state.objects.get(call.key)
    if call.method == "PUT":
        if thing is not None and call.headers.get("if-none-match") == "*":
            return problem(412, "PreconditionFailed")
        etag = call.md5 or f"{state.number():032x}"
        state.objects[call.key] = Thing(call.key, kept(call.headers), call.size, etag)
        return 200, {"ETag": f'"{etag}"'}, b""
    if call.method == "DELETE":
        state.objects.pop(call.key, None)
        return 204, {}, b""
    if thing is None:
        return problem(404, "NoSuchKey")
    headers = {**thing.headers, "ETag": f'"{thing.etag}"', "Last-Modified": formatdate(usegmt=True)}
    return 200, {**headers, "Content-Length": str(thing.size)}, b""


def is_bound_to(call: Call, content: bytes) -> bool:
    digest = b64encode(hashlib.sha256(content).digest()).decode()
    return call.headers.get("x-amz-checksum-sha256", digest) == digest


def kept(headers: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name.startswith("x-amz-meta-") or name == "content-type"
    }


def xml(text: str) -> Answer:
    return 200, {"Content-Type": "application/xml"}, b'<?xml version="1.0" encoding="UTF-8"?>' + text.encode()


def problem(status: int, code: str) -> Answer:
    return status, {"Content-Type": "application/xml"}, f"<Error><Code>{code}</Code></Error>".encode()


class Chunked:
    """Finds the end of a chunked body (RFC 9112, 7.1); what is in the chunks is skipped."""

    def __init__(self) -> None:
        self._skip = 0
        self._line = b""
        self._last = False

    def ended(self, data: bytes) -> bool:
        at = 0
        while at < len(data):
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                continue
            end = data.find(b"\n", at)
            if end < 0:
                self._line += data[at:]
                return False
            line, self._line = (self._line + data[at:end]).strip(), b""
            at = end + 1
            if self._last and not line:
                return True
            if not self._last:
                size = int(line.split(b";")[0], 16)
                self._skip = size + 2 if size else 0
                self._last = size == 0
        return False


class Connection(asyncio.BufferedProtocol):
    """Reads heads, counts bodies, answers. Bytes that are only counted are not even made."""

    def __init__(self, state: State, *, shaped: bool) -> None:
        self._state = state
        self._shaped = shaped
        self._head = b""
        self._left = 0
        self._chunked: Chunked | None = None
        self._call: Call | None = None
        self._small: list[bytes] | None = None
        self._began = 0.0
        self._taken = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, _sizehint: int) -> memoryview:
        return READ

    def buffer_updated(self, count: int) -> None:
        counted = self._call is not None and self._small is None and self._chunked is None
        if counted:
            self._count(count)
        else:
            self._receive(bytes(READ[:count]))

    def _receive(self, data: bytes) -> None:
        if self._call is None:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._head = b""
            self._begin(head)
        self._take(data)

    def _begin(self, head: bytes) -> None:
        line, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self._left = int(headers.get("content-length") or 0)
        self._chunked = Chunked() if "transfer-encoding" in headers else None
        size = int(headers.get("x-amz-decoded-content-length") or self._left)
        key = unquote(parts.path).removeprefix("/").removeprefix(BUCKET).removeprefix("/")
        self._call = Call(method, key, query, headers, size, None)
        self._small = [] if self._left <= SMALL and "x-amz-decoded-content-length" not in headers else None
        self._began = time.monotonic()
        self._taken = 0
        if headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _take(self, data: bytes) -> None:
        if self._small is not None:
            self._small.append(data)
        if self._chunked is None:
            self._count(len(data))
            return
        if self._shaped and data:
            self._slow_down(len(data))
        if self._chunked.ended(data):
            self._end()

    def _count(self, size: int) -> None:
        self._left -= size
        if self._shaped and size:
            self._slow_down(size)
        if self._left <= 0:
            self._end()

    def _slow_down(self, size: int) -> None:
        self._taken += size
        ahead = self._taken / RATE - (time.monotonic() - self._began)
        if ahead > 0.002:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(ahead, self._go_on)

    def _go_on(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _end(self) -> None:
        call = cast("Call", self._call)
        agrees = True
        if self._small is not None:
            content = b"".join(self._small)
            call.md5 = hashlib.md5(content).hexdigest()
            agrees = is_bound_to(call, content)
        self._call = None
        status, headers, body = answer(self._state, call) if agrees else problem(400, "BadDigest")
        given = {"Content-Length": str(len(body)), "Server": "sink", "x-amz-request-id": "1", **headers}
        text = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        said = f"HTTP/1.1 {status} Sink\r\nDate: {formatdate(usegmt=True)}\r\n{text}\r\n".encode()
        if call.method != "HEAD":
            said += body
        if self._shaped:
            asyncio.get_running_loop().call_later(LATENCY, self._say, said)
        else:
            self._say(said)

    def _say(self, said: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(said)


async def serve(folder: Path) -> None:
    state = State()
    certificate = new_certificate(folder)
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    ports: dict[str, object] = {"certificate": str(certificate)}
    for name, shaped, context in (("plain", False, None), ("tls", False, secure), ("shaped", True, None)):
        server = await loop.create_server(
            lambda shaped=shaped: Connection(state, shaped=shaped),
            "127.0.0.1",
            0,
            ssl=context,
        )
        ports[name] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
