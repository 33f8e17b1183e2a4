"""A Chromium and the little of the DevTools protocol that a measurement needs.

Not by Playwright: it has the browser tell of every request on the network, which costs the one that is measured.
"""

import asyncio
import itertools
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import aiohttp

FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--remote-debugging-port=0",
)


class Devtools:
    """Commands may be sent by several tasks at once."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def listen(self) -> None:
        async for message in self._socket:
            told = message.json()
            waiting = self._answers.pop(told.get("id"), None)
            if waiting and not waiting.cancelled():
                waiting.set_result(told)

    async def send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        number = next(self._ids)
        self._answers[number] = asyncio.get_running_loop().create_future()
        command = {"id": number, "method": method, "params": parameters}
        await self._socket.send_json(command | ({"sessionId": session} if session else {}))
        told = await self._answers[number]
        if "error" in told:
            raise RuntimeError(f"{method}: {told['error']}")
        result: dict[str, Any] = told["result"]
        return result


class Page:
    def __init__(self, devtools: Devtools, session: str) -> None:
        self._devtools, self._session = devtools, session

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        return await self._devtools.send(method, self._session, **parameters)

    async def evaluate(self, expression: str) -> Any:
        """The value of the expression, awaited if it is a promise."""
        found = await self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"])
        return found["result"].get("value")

    async def choose(self, selector: str, file: str) -> None:
        root = (await self.send("DOM.getDocument"))["root"]["nodeId"]
        found = await self.send("DOM.querySelector", nodeId=root, selector=selector)
        await self.send("DOM.setFileInputFiles", files=[file], nodeId=found["nodeId"])


async def open_page(devtools: Devtools, url: str, ready: str) -> Page:
    """When the expression holds."""
    target = await devtools.send("Target.createTarget", url=url)
    attached = await devtools.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    page = Page(devtools, attached["sessionId"])
    while not await _holds(page, ready):  # noqa: ASYNC110 - the page has no event to await before it is there
        await asyncio.sleep(0.05)
    return page


async def _holds(page: Page, expression: str) -> bool:
    with suppress(RuntimeError):  # the page is being changed for another
        return bool(await page.evaluate(f"Boolean({expression})"))
    return False


@asynccontextmanager
async def chromium() -> AsyncIterator[Devtools]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        program = shutil.which("chromium") or "chromium"
        process = await asyncio.create_subprocess_exec(
            *[program, *FLAGS, f"--user-data-dir={profile}", "about:blank"], stderr=asyncio.subprocess.PIPE
        )
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(await _address(process), max_msg_size=0) as socket,
            ):
                devtools = Devtools(socket)
                listening = asyncio.create_task(devtools.listen())
                yield devtools
                await devtools.send("Browser.close")
                await listening
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := re.search(rb"ws://\S+", line):
            return found[0].decode()
    raise RuntimeError("Chromium ended before it listened")
