"""Where the way to the store is blocked the parts go through the service, and directly again once it is open."""

import pytest
from playwright.async_api import Browser

from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.engine import Engine
from tests.browser.files import PART
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder, Service
from tests.browser.visitor import Visitor, visiting

PAUSE_ON_RELAY = """() => task.addEventListener('path', ({ detail }) => {
  if (detail === 'relay') task.pause();
})"""


@pytest.fixture
async def engine(visitor: Visitor, key_holder: KeyHolder) -> Engine:
    return Engine(visitor.page, await key_holder.token())


async def test_a_blocked_store_is_reached_through_the_service_and_directly_again_when_it_opens(
    engine: Engine, visitor: Visitor, observer: Observer, sample: MakeSample, bucket: Bucket
) -> None:
    await engine.prepare(concurrency=2, digests="sha256")
    file = sample(5 * PART)
    observer.block()
    await engine.add(file.path)
    await engine.see(PAUSE_ON_RELAY)
    await engine.is_told("path", "relay")
    assert observer.puts == []
    assert await engine.see("task.path") == "relay"

    observer.release()
    # one part looks whether the store can be reached, a minute later
    await engine.see("window.ahead += 61_000")
    await engine.see("task.resume()")
    await engine.reaches("completed")
    assert await engine.told("path") == ["relay", "direct"]
    relayed = {
        int(request.url.rpartition("/")[2])
        for request in visitor.asked("PUT", r"/v1/uploads/[^/]+/parts/\d+")
    }
    assert relayed
    assert observer.finished() >= set(range(1, 6)) - relayed
    upload = await engine.see("task.upload")
    assert await bucket.sha256(upload["key"]) == file.sha256


async def test_an_upload_whose_etags_are_hidden_completes(
    engine: Engine, visitor: Visitor, observer: Observer, sample: MakeSample, bucket: Bucket
) -> None:
    await engine.prepare()
    file = sample(2 * PART + 1)
    observer.hide_etags()
    await engine.add(file.path)
    await engine.reaches("completed")
    claims = [request.post_data_json for request in visitor.asked("PUT", r"/v1/uploads/[^/]+/parts")]
    assert claims
    assert all("etag" not in part for claim in claims if claim for part in claim["parts"])
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256


async def test_a_store_without_a_cors_rule_for_the_page_is_gone_around_and_the_path_told(
    *,
    browser: Browser,
    service: Service,
    key_holder: KeyHolder,
    observer: Observer,
    sample: MakeSample,
    bucket: Bucket,
) -> None:
    token = await key_holder.token()
    # the same page, from an origin that the bucket's rules do not name
    async with visiting(browser, service.url.replace("127.0.0.1", "localhost"), token) as visitor:
        engine = Engine(visitor.page, token)
        await engine.prepare()
        file = sample(2 * PART)
        await engine.add(file.path)
        await engine.reaches("completed")
        assert await engine.told("path") == ["relay"]
        assert observer.puts == []
        assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256
        # no more complaints from here on
        await visitor.page.close()
        assert visitor.complaints
        assert all("blocked by CORS policy" in one for one in visitor.complaints), "another reason"
        visitor.complaints.clear()
