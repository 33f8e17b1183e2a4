"""The system's Chromium. No browser is downloaded: without one the tests fail and say what to install."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright, expect

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
    path = find_chromium(os.environ.get("PATH", os.defpath))
    # five seconds are its own, which a busy machine may take for one answer
    expect.set_options(timeout=PATIENCE_MS)
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(
            executable_path=path, args=[*QUIET, *more], timeout=PATIENCE_MS
        ) as browser,
    ):
        yield browser
