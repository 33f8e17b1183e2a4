"""The page of docs/browser.md, run as it stands there, and with its script in a file under the policy that is named there."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.documented import Documented
from tests.browser.files import PART
from tests.browser.foreign import ForeignSite
from tests.browser.observer import Observer
from tests.browser.service import Service
from tests.browser.visitor import PATIENCE_MS, visiting


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
    documented = Documented("browser.md", service.url, observer.url)
    site.page, site.policy = documented.page, ""
    if strict:
        site.page, site.script = documented.with_its_script_in_a_file()
        site.policy = documented.policy
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
