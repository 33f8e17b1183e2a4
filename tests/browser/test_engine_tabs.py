"""What a browser remembers and shares: handles of files after a reload, and one sender among its tabs."""

import pytest

from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.engine import Engine
from tests.browser.files import PART
from tests.browser.handles import KEPT
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder
from tests.browser.visitor import Visitor


@pytest.fixture
async def engine(visitor: Visitor, key_holder: KeyHolder) -> Engine:
    return Engine(visitor.page, await key_holder.token())


async def test_after_a_reload_a_file_that_the_browser_still_knows_need_not_be_chosen_again(
    engine: Engine, visitor: Visitor, observer: Observer, bucket: Bucket
) -> None:
    await engine.prepare()
    sha256 = await engine.write("film.bin", 4 * PART)
    observer.hold(after=PART // 16, beyond=2)
    await engine.add_opened("film.bin")
    await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 2)
    upload = await engine.see("task.upload")
    await visitor.reload()
    observer.release()
    await observer.until(lambda: not observer.under_way)
    [kept] = await engine.see(KEPT)
    assert {**kept, "kept": 0} == {
        "id": upload["id"],
        "fingerprint": upload["fingerprint"],
        "handle": "file",
        "kept": 0,
    }

    observer.forget()
    await engine.prepare()
    found = await engine.see(
        "engine.resumable().then((all) => all.map((it) => [it.upload.id, it.handle?.name, it.elsewhere]))"
    )
    assert found == [[upload["id"], "film.bin", False]]
    await engine.see("engine.resumable().then(([it]) => engine.resumeFrom(it)).then(watch)")
    await engine.reaches("completed")
    assert {put.part_number for put in observer.puts} == {3, 4}
    assert await bucket.sha256(upload["key"]) == sha256
    await engine.comes(f"({KEPT})().then((all) => all.length === 0)")


async def test_a_second_tab_waits_for_the_first_and_takes_over_when_it_is_closed(
    engine: Engine, visitor: Visitor, observer: Observer, sample: MakeSample, bucket: Bucket
) -> None:
    file = sample(4 * PART)
    first, second = Engine(await engine.page.context.new_page(), engine.token), engine
    await first.page.goto(second.page.url)
    for tab in (first, second):
        await tab.prepare()
    observer.hold(after=PART // 16, beyond=2)
    await first.add(file.path)
    await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 2)
    await second.add(file.path)
    await second.is_told("elsewhere", True)
    await second.until("task.progress.partsDone === 2")
    assert not [one.url for one in visitor.requests if one.method == "PUT"], "the second one sent something"

    observer.forget()
    await first.page.close()
    observer.release()
    await second.reaches("completed")
    assert await second.told("elsewhere") == [True, False]
    assert {put.part_number for put in observer.puts} <= {3, 4}
    assert await bucket.sha256((await second.see("task.upload"))["key"]) == file.sha256
