"""The page of docs/browser.md, run as it stands there, and with its script in a file under the policy that is named there."""

import pytest
from playwright.async_api import Browser

from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.documented import Documented, stored_as
from tests.browser.files import PART
from tests.browser.foreign import ForeignSite
from tests.browser.observer import Observer
from tests.browser.service import Service
from tests.browser.visitor import visiting


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
        assert await bucket.sha256(await stored_as(page, film.path)) == film.sha256
        assert await page.locator("#bar").evaluate("(bar) => bar.value") == 1
    assert {put.part_number for put in observer.puts} == {1, 2, 3}
    assert site.tokens_given == 1
