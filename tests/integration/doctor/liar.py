"""A store that lies on command: everything goes on to a real one, and its answers are changed on the way back."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import aiohttp
from aiohttp import web
from yarl import URL

NOT_PASSED_ON = {"connection", "content-length", "transfer-encoding", "keep-alive"}


@dataclass(frozen=True)
class Asked:
    method: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Said:
    status: int
    headers: dict[str, str]
    body: bytes


Lie = Callable[[Asked, Said], Said]


def accept(said: Said) -> Said:
    """As if it had been taken."""
    return replace(said, status=200, body=b"")


@dataclass
class Liar:
    store: str
    http: aiohttp.ClientSession
    endpoint_url: str = ""
    lies: list[Lie] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        asked = Asked(
            request.method,
            request.rel_url.raw_query_string,
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
        )
        said = await self._truth(request.raw_path, asked)
        for lie in self.lies:
            said = lie(asked, said)
        headers = {name: value for name, value in said.headers.items() if name not in NOT_PASSED_ON}
        if asked.method == "HEAD":
            headers["content-length"] = said.headers.get("content-length", "0")
            return web.Response(status=said.status, headers=headers)
        return web.Response(status=said.status, headers=headers, body=said.body)

    async def _truth(self, path: str, asked: Asked) -> Said:
        headers = {name: value for name, value in asked.headers.items() if name not in NOT_PASSED_ON}
        body = asked.body if "content-length" in asked.headers else _without_length(asked.body)
        async with self.http.request(
            asked.method, URL(self.store + path, encoded=True), headers=headers, data=body or None
        ) as answer:
            said = {name.lower(): value for name, value in answer.headers.items()}
            return Said(answer.status, said, await answer.read())


async def _parts_of(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _without_length(body: bytes) -> AsyncIterator[bytes] | None:
    return _parts_of(body) if body else None


@asynccontextmanager
async def lying(store: str) -> AsyncIterator[Liar]:
    async with aiohttp.ClientSession(skip_auto_headers={"Content-Type"}, auto_decompress=False) as http:
        liar = Liar(store, http)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", liar.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            liar.endpoint_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield liar
        finally:
            await runner.cleanup()
