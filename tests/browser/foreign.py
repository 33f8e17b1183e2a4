"""A site of somebody else, at an origin of its own, that has the widget in its page and hands it tokens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from tests.browser.exchange import read_request

# what a careful site allows: no inline script or style, the coordinator's modules, and the two that are sent to
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; script-src 'self' {coordinator}; "
    "connect-src 'self' {coordinator} {store}"
)
PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>Somebody's site</title>
<script type="module" src="/site.js"></script>
<script type="module" src="{coordinator}/client/widget/index.js"></script></head>
<body><main><h1>Somebody's site</h1>{body}</main></body></html>"""


class ForeignSite:
    """`body` is what its page holds, `script` what its own script does. `page`, where it is set, is its whole page, and
    `policy` is sent with everything unless it is empty. `token()` answers its `/token` and `/upload-token`; where it raises
    ConnectionError, nothing answers."""

    def __init__(
        self, port: int, *, coordinator: str, store: str, token: Callable[[], Awaitable[str]]
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.body = ""
        self.script = ""
        self.language = "en"
        self.page = ""
        self.policy = POLICY.format(coordinator=coordinator, store=store)
        self.tokens_given = 0
        self._port = port
        self._coordinator = coordinator
        self.token = token

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._visited, "127.0.0.1", self._port)
        try:
            yield
        finally:
            server.close()

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            request = await read_request(reader)
            kind, content = await self._answer(request.target)
            policy = f"Content-Security-Policy: {self.policy}\r\n" if self.policy else ""
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
                f"{policy}Cache-Control: no-store\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + content)
            await writer.drain()
        writer.close()

    async def _answer(self, target: str) -> tuple[str, bytes]:
        if target == "/site.js":
            return "text/javascript", self.script.encode()
        if target in {"/token", "/upload-token"}:
            self.tokens_given += 1
            return "text/plain", (await self.token()).encode()
        usual = PAGE.format(language=self.language, coordinator=self._coordinator, body=self.body)
        return "text/html", (self.page or usual).encode()
