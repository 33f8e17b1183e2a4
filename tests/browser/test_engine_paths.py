"""Where the way to the store is blocked the parts go through the service, and directly again once it is open."""

import pytest

from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.engine import Engine
from tests.browser.files import PART
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder
from tests.browser.visitor import Visitor

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
