"""The credentials' endpoints of a container and of an instance, and AWS STS, on loopback, which say what a test tells them to."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

ROLE = "/latest/meta-data/iam/security-credentials/"

ASSUMED = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{access_key_id}</AccessKeyId>
<SecretAccessKey>the-secret</SecretAccessKey><SessionToken>the-session-token</SessionToken>
<Expiration>{ends}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""


@dataclass
class Metadata:
    endpoint_url: str = ""
    expires_at: datetime | None = None
    """When what is handed out next ends; None: out of order."""
    handed_out: int = 0
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path and headers."""

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((method, path, headers))
        status, body = self.answer(method, path)
        writer.write(
            f"HTTP/1.1 {status} said\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n{body}".encode()
        )
        await writer.drain()
        writer.close()

    def answer(self, method: str, path: str) -> tuple[int, str]:
        if self.expires_at is None:
            return 400, "out of order"
        if (method, path) == ("PUT", "/latest/api/token"):
            return 200, "an-imds-token"
        if path == ROLE:
            return 200, "the-role"
        self.handed_out += 1
        ends = self.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        if method == "POST":
            return 200, ASSUMED.format(access_key_id=f"ASIA{self.handed_out}", ends=ends)
        return 200, json.dumps(
            {
                "Code": "Success",
                "AccessKeyId": f"ASIA{self.handed_out}",
                "SecretAccessKey": "the-secret",
                "Token": "the-session-token",
                "Expiration": ends,
            }
        )


@asynccontextmanager
async def metadata_server() -> AsyncIterator[Metadata]:
    metadata = Metadata()
    server = await asyncio.start_server(metadata.connection, "127.0.0.1", 0)
    metadata.endpoint_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield metadata
    finally:
        server.close()
        await server.wait_closed()
