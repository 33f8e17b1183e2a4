"""A page whose own policy does not name the store: the browser stops every direct part, and tells the script nothing."""

import pytest
from playwright.async_api import Browser

from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.engine import Engine
from tests.browser.foreign import ForeignSite
from tests.browser.observer import Observer
from tests.browser.service import Service
from tests.browser.visitor import visiting

SEND = """async ([endpoint, token]) => {
  const { Uploader } = await import(`${endpoint}/client/index.js`);
  // four tries come to the seconds for which the direct way is tried, and no more
  Math.random = () => 0.6;
  window.told = [];
  const input = Object.assign(document.createElement('input'), { type: 'file', id: 'own' });
  input.onchange = () => {
    window.task = new Uploader({ endpoint, token }).add(input.files[0]);
    task.addEventListener('path', ({ detail }) => told.push(['path', detail]));
  };
  document.body.append(input);
}"""


async def test_a_policy_that_leaves_out_the_store_is_gone_around(
    *,
    browser: Browser,
    service: Service,
    site: ForeignSite,
    observer: Observer,
    bucket: Bucket,
    sample: MakeSample,
) -> None:
    file = sample(10)
    site.policy = site.policy.replace(observer.url, "")

    async def send() -> None:
        async with visiting(browser, site.url, None, path="/") as visitor:
            engine = Engine(visitor.page, await site.token())
            await engine.see(f"({SEND})(['{service.url}', '{engine.token}'])")
            await visitor.page.set_input_files("#own", file.path)
            await engine.reaches("completed")
            assert await engine.told("path") == ["relay"]
            assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256
            assert observer.puts == []

    # what the browser stopped is all that there is to complain of
    with pytest.raises(AssertionError, match="policy: connect-src"):
        await send()
