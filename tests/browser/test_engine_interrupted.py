"""What comes between while a file goes up: URLs that end, a network that goes and comes, a machine that sleeps."""

import os
import signal
from collections import Counter

import pytest
from playwright.async_api import Browser

from coordinator.local.bucket import LocalStore
from tests.browser.brief import BriefUrls, passes
from tests.browser.bucket import Bucket
from tests.browser.chromium import process_group
from tests.browser.conftest import MakeSample
from tests.browser.engine import Engine
from tests.browser.files import PART
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder
from tests.browser.visitor import Visitor


@pytest.fixture
async def engine(visitor: Visitor, key_holder: KeyHolder) -> Engine:
    return Engine(visitor.page, await key_holder.token())


async def test_a_url_that_ended_before_the_store_saw_it_is_signed_again(
    *,
    engine: Engine,
    visitor: Visitor,
    observer: Observer,
    page_store: LocalStore,
    sample: MakeSample,
    bucket: Bucket,
) -> None:
    await engine.prepare()
    file = sample(3 * PART)
    await BriefUrls(page_store, observer.url, {2}).come_to(visitor.page)
    observer.keep_until_expired(2)
    await engine.add(file.path)
    await engine.reaches("completed")
    late, again = (put for put in observer.puts if put.part_number == 2)
    assert (late.status, again.status) == (403, 200)
    assert b"expired" in late.answer
    assert sorted(put.part_number for put in observer.puts) == [1, 2, 2, 3]
    assert visitor.signed_again() == [2]
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256


async def test_after_a_change_of_network_the_rest_goes_up_by_itself(
    engine: Engine, visitor: Visitor, observer: Observer, sample: MakeSample, bucket: Bucket
) -> None:
    await engine.prepare()
    file = sample(4 * PART)
    observer.hold(after=PART // 16, beyond=2)
    await engine.add(file.path)
    await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 2)
    await visitor.page.context.set_offline(True)
    await engine.until("!navigator.onLine")
    observer.drop()
    observer.release()
    await engine.until("task.troubled")
    await observer.until(lambda: not observer.under_way)
    assert len(observer.puts) == 4
    assert await engine.see("task.state") == "uploading"

    await visitor.page.context.set_offline(False)
    await engine.reaches("completed")
    assert Counter(put.part_number for put in observer.puts) == {1: 1, 2: 1, 3: 2, 4: 2}
    assert await engine.told("path") == []
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256


async def test_after_a_sleep_in_which_connections_and_urls_ended_the_rest_goes_up(
    *,
    browser: Browser,
    engine: Engine,
    visitor: Visitor,
    observer: Observer,
    page_store: LocalStore,
    sample: MakeSample,
    bucket: Bucket,
) -> None:
    await engine.prepare(concurrency=2)
    file = sample(6 * PART)
    brief = BriefUrls(page_store, observer.url, {5, 6})
    await brief.come_to(visitor.page)
    observer.hold(after=PART // 16, beyond=2)
    await engine.add(file.path)
    await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 2)
    await brief.given()
    asleep = await process_group(browser)
    os.killpg(asleep, signal.SIGSTOP)
    try:
        observer.drop()
        observer.release()
        await observer.until(lambda: not observer.under_way)
        await passes(brief.end)
    finally:
        os.killpg(asleep, signal.SIGCONT)
    await engine.reaches("completed")
    sent = Counter(put.part_number for put in observer.puts)
    assert sent == {1: 1, 2: 1, 3: 2, 4: 2, 5: 2, 6: 2}
    assert {put.part_number for put in observer.puts if put.status == 403} == {5, 6}
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256
