"""The system's Chromium. No browser is downloaded: without one the tests fail and say what to install."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, BrowserType, async_playwright, expect

from tests.browser.visitor import PATIENCE_MS

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium(path: str) -> str:
    for name in NAMES:
        found = shutil.which(name, path=path)
        if found:
            return found
    pytest.fail("the browser tests need Chromium; install it (Debian: apt-get install chromium)")


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    async with (
        _driver() as driver,
        await driver.launch(executable_path=_program(), args=[*QUIET, *more], timeout=PATIENCE_MS) as browser,
    ):
        yield browser


@asynccontextmanager
async def chromium_of(profile: Path) -> AsyncIterator[BrowserContext]:
    """With what this profile keeps, as people's own browsers have it. It may be killed meanwhile."""
    async with (
        _driver() as driver,
        await driver.launch_persistent_context(
            profile, executable_path=_program(), args=[*QUIET], timeout=PATIENCE_MS
        ) as context,
    ):
        yield context


async def process_group(browser: Browser) -> int:
    """Of the browser and all its helpers: Playwright starts it as the leader of one."""
    devtools = await browser.new_browser_cdp_session()
    told = await devtools.send("SystemInfo.getProcessInfo")
    await devtools.detach()
    [leader] = [one["id"] for one in told["processInfo"] if one["type"] == "browser"]
    assert os.getpgid(leader) == leader
    return int(leader)


def _program() -> str:
    return find_chromium(os.environ.get("PATH", os.defpath))


@asynccontextmanager
async def _driver() -> AsyncIterator[BrowserType]:
    # five seconds are its own, which a busy machine may take for one answer
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        yield playwright.chromium
