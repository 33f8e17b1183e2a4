"""The system's Firefox, driven by WebDriver BiDi, which it speaks by itself: no driver, no patched build.

Where Firefox is not installed, its tests are skipped and say so; `./run test` installs it beside Chromium.
"""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

NAMES = ("firefox-esr", "firefox")
PATIENCE = 90.0
ENDPOINT = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")
# every notice of a first start, and every call home, is one more thing that a test would wait for
PREFERENCES = """
user_pref("app.normandy.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("dom.disable_beforeunload", true);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("toolkit.telemetry.enabled", false);
"""


def find_firefox(path: str) -> str:
    for name in NAMES:
        found = shutil.which(name, path=path)
        if found:
            return found
    pytest.skip("Firefox is not installed (Debian: apt-get install --no-install-recommends firefox-esr)")


class Tab:
    """One page of a Firefox; `see` evaluates an expression in it, of what JSON can say."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)
        self._context = ""

    async def open(self, url: str) -> None:
        if not self._context:
            await self._call("session.new", capabilities={})
            tree = await self._call("browsingContext.getTree")
            self._context = tree["contexts"][0]["context"]
        await self._call("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def reload(self) -> None:
        await self._call("browsingContext.reload", context=self._context, wait="complete")

    async def see(self, expression: str) -> Any:
        found = await self._evaluate(f"(async () => JSON.stringify((await ({expression})) ?? null))()")
        return json.loads(found["value"])

    async def until(self, condition: str) -> None:
        """Until the expression is true, which the page itself looks at again and again."""
        await self.see(
            f"(async () => {{ while (!({condition})) await new Promise((again) => setTimeout(again, 20)); }})()"
        )

    async def choose(self, element: str, *paths: Path) -> None:
        """Has the expression's file input hold these files, as if somebody had chosen them."""
        node = await self._evaluate(element)
        await self._call(
            "input.setFiles",
            context=self._context,
            element={"sharedId": node["sharedId"]},
            files=[str(path) for path in paths],
        )

    async def _evaluate(self, expression: str) -> dict[str, Any]:
        answer = await self._call(
            "script.evaluate",
            expression=expression,
            target={"context": self._context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        result: dict[str, Any] = answer["result"]
        return result

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(PATIENCE):
            while (answer := await self._socket.receive_json()).get("id") != number:
                pass
        assert answer["type"] == "success", answer
        result: dict[str, Any] = answer["result"]
        return result


@asynccontextmanager
async def firefox(profile: Path) -> AsyncIterator[Tab]:
    path = find_firefox(os.environ.get("PATH", os.defpath))
    _write(profile)
    process = await asyncio.create_subprocess_exec(
        *[path, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"],
        env={**os.environ, "HOME": str(profile), "MOZ_CRASHREPORTER_DISABLE": "1"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        endpoint = await _endpoint(process)
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{endpoint}/session") as socket:
            yield Tab(socket)
    finally:
        process.kill()
        # to the end of its pipe too, which leaves no transport open
        await process.communicate()


def _write(profile: Path) -> None:
    profile.mkdir()
    (profile / "user.js").write_text(PREFERENCES)


async def _endpoint(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        async for line in process.stderr:
            if found := ENDPOINT.search(line):
                return found[1].decode()
    raise AssertionError("Firefox ended before it could be reached")
