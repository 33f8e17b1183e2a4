"""The page of docs/browser.md, run as it stands there, and with its script in a file under the policy that is named there."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.files import PART
from tests.browser.foreign import ForeignSite
from tests.browser.observer import Observer
from tests.browser.service import Service
from tests.browser.visitor import PATIENCE_MS, visiting

DOCUMENT = (Path(__file__).parents[2] / "docs" / "browser.md").read_text(encoding="utf-8")
SCRIPT = re.compile(r'<script type="module">\n(.*?)</script>', re.DOTALL)


def block(language: str, *, coordinator: str, store: str) -> str:
    """The only one of this language, with the addresses that are here in place of the page's."""
    [only] = re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, flags=re.DOTALL | re.MULTILINE)
    text = str(only).replace("https://uploads.example.org", coordinator)
    return text.replace("https://store.example.org", store).strip()


@pytest.mark.parametrize("strict", [False, True], ids=["as-it-stands", "under-the-policy"])
async def test_the_page_sends_a_film(
    *,
    browser: Browser,
    service: Service,
    site: ForeignSite,
    observer: Observer,
    bucket: Bucket,
    sample: MakeSample,
    strict: bool,
) -> None:
    film = sample(2 * PART + 1)
    site.page = block("html", coordinator=service.url, store=observer.url)
    site.policy = ""
    if strict:
        [site.script] = SCRIPT.findall(site.page)
        site.page = SCRIPT.sub('<script type="module" src="/site.js"></script>', site.page)
        policy = block("http", coordinator=service.url, store=observer.url)
        site.policy = policy.removeprefix("Content-Security-Policy: ")
    async with visiting(browser, site.url, None, path="/") as visitor:
        page = visitor.page
        await page.set_input_files("#film", film.path)
        said = page.locator("#said")
        await expect(said).to_have_text(re.compile("^stored as "), timeout=PATIENCE_MS)
        key = (await said.inner_text()).removeprefix("stored as ")
        assert await bucket.sha256(key) == film.sha256
        assert await page.locator("#bar").evaluate("(bar) => bar.value") == 1
    assert {put.part_number for put in observer.puts} == {1, 2, 3}
    assert site.tokens_given == 1
