"""The engine from another origin than its page's, digests demanded: a worker hashes where the page's policy lets it in."""

import pytest
from playwright.async_api import Browser, Page

from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.documented import Documented, stored_as
from tests.browser.files import PART, Sample
from tests.browser.foreign import ForeignSite
from tests.browser.observer import Observer
from tests.browser.service import Service
from tests.browser.visitor import PATIENCE_MS, visiting

# MD5 is computed by the one in a worker, by the other on the page (and in a worker that may not compile WebAssembly)
LANES, PLAIN = "/client/digests/lanes.js", "/client/digests/md5.js"
NO_LINE, NO_IMPORT = "the line", "what the line imports"


@pytest.fixture
def careful_site(site: ForeignSite, service: Service, observer: Observer) -> ForeignSite:
    """The page of docs/browser.md under its policy, with digests."""
    documented = Documented("browser.md", service.url, observer.url)
    site.page, script = documented.with_its_script_in_a_file()
    site.script = script.replace("new Uploader({", "new Uploader({ digests: 'md5',")
    assert site.script != script
    site.policy = documented.policy
    return site


async def sends_whole(page: Page, film: Sample, observer: Observer, bucket: Bucket) -> None:
    """A part that is damaged on its way is refused by the store, as it is bound to its digest."""
    observer.damage(2)
    assert await bucket.sha256(await stored_as(page, film.path)) == film.sha256
    assert [put.status for put in observer.puts if put.part_number == 2] == [400, 200]


async def test_a_worker_hashes_under_the_documented_policy(
    *,
    browser: Browser,
    service: Service,
    careful_site: ForeignSite,
    observer: Observer,
    bucket: Bucket,
    sample: MakeSample,
) -> None:
    workers: list[str] = []
    async with visiting(browser, careful_site.url, None, path="/") as visitor:
        visitor.page.on("worker", lambda worker: workers.append(worker.url))
        await sends_whole(visitor.page, sample(2 * PART + 1), observer, bucket)
        loaded = [request.url for request in visitor.requests if "/digests/" in request.url]
    assert workers
    assert all(url.startswith(f"blob:{careful_site.url}/") for url in workers), workers
    assert f"{service.url}{LANES}" in loaded
    assert f"{service.url}{PLAIN}" not in loaded, f"the page hashed, or WebAssembly was not let in: {loaded}"


@pytest.mark.parametrize("refused", [NO_LINE, NO_IMPORT])
async def test_the_page_hashes_where_its_policy_lets_no_worker_in(
    *,
    browser: Browser,
    service: Service,
    careful_site: ForeignSite,
    observer: Observer,
    bucket: Bucket,
    sample: MakeSample,
    refused: str,
) -> None:
    left = service.url if refused == NO_LINE else "blob:"
    allowed = f"worker-src blob: {service.url};"
    assert allowed in careful_site.policy
    careful_site.policy = careful_site.policy.replace(allowed, f"worker-src {left};")
    loaded: list[str] = []
    # not `visiting`: what the policy refuses is reported, as often as a worker is asked for
    async with await browser.new_context() as context:
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        page.on("request", lambda request: loaded.append(request.url))
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        await page.goto(careful_site.url)
        await sends_whole(page, sample(2 * PART + 1), observer, bucket)
    assert f"{service.url}{PLAIN}" in loaded
    assert f"{service.url}{LANES}" not in loaded, "a worker hashed"
