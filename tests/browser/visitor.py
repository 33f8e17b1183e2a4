"""Somebody at the upload page: what they do, what they see, and what their browser asked for or complained about."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, Locator, Page, expect
from playwright.async_api import Request as PageRequest

PATIENCE_MS = 60_000
PREPARATION = """
// waits between tries are a random part of a growing ceiling: always the same small part here
Math.random = () => 0.1;
// no driver can answer the newer chooser; tests of it put one of their own in its place
delete window.showOpenFilePicker;
document.addEventListener('securitypolicyviolation', (event) => {
  reportViolation(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
# events that are on their way come before this answer
LATER = "() => new Promise((done) => setTimeout(done))"
EVERYTHING_STORED = """async () => ({
  local: localStorage.length,
  session: sessionStorage.length,
  databases: (await indexedDB.databases()).length,
  caches: (await caches.keys()).length,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  cookie: document.cookie,
})"""
NOTHING_STORED = {"local": 0, "session": 0, "databases": 0, "caches": 0, "workers": 0, "cookie": ""}


def isolated(name: str) -> str:
    """A name as it stands in a sentence: its writing direction ends with it."""
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"


class Visitor:
    def __init__(self, page: Page, url: str, token: str | None, path: str = "/upload/") -> None:
        self.page = page
        self._path = path
        self.requests: list[PageRequest] = []
        self.complaints: list[str] = []
        self.dialogs: list[str] = []
        self._url = url
        self._token = token
        page.on("request", lambda request: self.requests.append(request))  # noqa: PLW0108 - Playwright marks what it calls, and a builtin cannot be marked
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", self._console)
        page.on("dialog", self._dialog)
        # only with a listener does Playwright step in before the system's chooser opens; it takes a moment to
        page.on("filechooser", lambda _chooser: None)

    def _console(self, message: ConsoleMessage) -> None:
        # a refused request is reported by Chromium itself, whatever the page does about it
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"console: {message.text}")

    async def _dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.type)
        await dialog.accept()

    async def arrive(self) -> None:
        await self.page.goto(f"{self._url}{self._path}")
        await self.show_token()

    async def another_tab(self) -> "Visitor":
        """Of the same person in the same browser, who has just opened the page there too."""
        other = Visitor(await self.page.context.new_page(), self._url, self._token, self._path)
        await other.arrive()
        return other

    async def reload(self) -> None:
        await self.page.reload()
        await self.show_token()

    async def show_token(self) -> None:
        """Gives the token that the page asks for each time it is opened."""
        if self._token is None:
            return
        await self.give_token(self._token)
        await expect(self.page.locator("#access")).to_be_hidden()

    async def give_token(self, token: str) -> None:
        await self.page.fill("#access-token", token)
        await self.page.click("#access button")

    async def choose(self, *paths: Path) -> None:
        await self.page.set_input_files("#choose", list(paths))

    async def drop(self, *paths: Path) -> None:
        """Drags files and folders over the page and lets go, as the system's file manager would."""
        devtools = await self.page.context.new_cdp_session(self.page)
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        box = await self.page.locator("#drop").bounding_box()
        assert box is not None
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("dragEnter", "dragOver", "drop"):
            await devtools.send("Input.dispatchDragEvent", {"type": kind, "data": data, **at})
        await devtools.detach()

    def row(self, name: str) -> "Row":
        exactly = self.page.get_by_text(name, exact=True)
        return Row(self.page.locator("li[data-upload]").filter(has=exactly))

    def unfinished(self, name: str) -> Locator:
        exactly = self.page.get_by_text(name, exact=True)
        return self.page.locator("li[data-unfinished]").filter(has=exactly)

    async def choose_again(self, name: str, path: Path) -> None:
        """Through the unfinished upload's own row."""
        await self.unfinished(name).locator("input[type=file]").set_input_files(path)

    async def stored(self) -> Any:
        return await self.page.evaluate(EVERYTHING_STORED)

    def asked(self, method: str, path: str) -> Sequence[PageRequest]:
        """Requests to the service whose method and path match these patterns as a whole."""
        wanted = re.compile(re.escape(self._url) + path + r"(\?.*)?")
        return [
            one for one in self.requests if re.fullmatch(method, one.method) and wanted.fullmatch(one.url)
        ]

    def signed_again(self) -> list[int]:
        """The part numbers of all sign calls, in order."""
        calls = self.asked("POST", r"/v1/uploads/[^/]+/parts/sign")
        bodies = [json.loads(call.post_data or "") for call in calls]
        return [part["part_number"] for body in bodies for part in body["parts"]]


class Row:
    """One file on the page."""

    def __init__(self, element: Locator) -> None:
        self.element = element

    async def press(self, action: str) -> None:
        await self.element.locator(f"[data-action={action}]").click()

    async def reaches(self, state: str) -> None:
        await expect(self.element).to_have_attribute("data-state", state, timeout=PATIENCE_MS)

    async def shows(self, text: str | re.Pattern[str]) -> None:
        await expect(self.element.locator(".row-facts")).to_contain_text(text, timeout=PATIENCE_MS)

    async def complains(self, text: str) -> None:
        await expect(self.element.locator("[data-part=problem]")).to_contain_text(text, timeout=PATIENCE_MS)

    async def percent(self) -> int:
        return int(await self.element.get_by_role("progressbar").get_attribute("aria-valuenow") or "")

    async def passes(self, percent: int) -> None:
        """Waits until the bar stands above `percent`."""
        bar = await self.element.get_by_role("progressbar").element_handle()
        await self.element.page.wait_for_function(
            "([bar, least]) => Number(bar.getAttribute('aria-valuenow')) > least",
            arg=[bar, percent],
            timeout=PATIENCE_MS,
        )

    async def upload_id(self) -> str:
        await expect(self.element).to_have_attribute("data-upload-id", re.compile("."))
        return await self.element.get_attribute("data-upload-id") or ""


async def _guard(context: BrowserContext, complaints: list[str]) -> None:
    context.set_default_timeout(PATIENCE_MS)
    await context.expose_binding(
        "reportViolation", lambda _source, violation: complaints.append(f"policy: {violation}")
    )
    await context.add_init_script(PREPARATION)


@asynccontextmanager
async def visiting(
    browser: Browser, url: str, token: str | None, *, path: str = "/upload/", **options: Any
) -> AsyncIterator[Visitor]:
    async with (
        await browser.new_context(**options) as context,
        visiting_in(context, url, token, path=path) as visitor,
    ):
        yield visitor


@asynccontextmanager
async def visiting_in(
    context: BrowserContext, url: str, token: str | None, *, path: str = "/upload/"
) -> AsyncIterator[Visitor]:
    """Somebody who has just opened the page. Whatever they do, the page keeps its policy and its composure."""
    violations: list[str] = []
    await _guard(context, violations)
    visitor = Visitor(await context.new_page(), url, token, path)
    await visitor.arrive()
    yield visitor
    if not visitor.page.is_closed():
        await visitor.page.evaluate(LATER)
    complaints = [*violations, *visitor.complaints]
    assert not complaints, complaints
    assert "alert" not in visitor.dialogs
