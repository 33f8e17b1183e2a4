"""Pause, resume and cancel do what they say, as the store sees it."""

from playwright.async_api import expect

from tests.browser.bucket import Bucket
from tests.browser.conftest import IsWhole, MakeSample
from tests.browser.files import MIB, PART
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder
from tests.browser.visitor import Visitor


async def test_a_paused_upload_sends_nothing_and_resumes_with_what_is_missing(
    visitor: Visitor, observer: Observer, sample: MakeSample, is_whole: IsWhole
) -> None:
    file, other = sample(6 * PART), sample(2 * MIB)
    observer.hold(after=PART // 16, beyond=3)
    await visitor.choose(file.path)
    row = visitor.row(file.name)
    await observer.until(lambda: len(observer.finished()) == 3 and len(observer.under_way) == 3)
    await row.press("pause")
    await row.reaches("paused")
    observer.release()
    await observer.until(lambda: not observer.under_way)
    assert observer.finished() == {1, 2, 3}
    seen = len(observer.puts)

    # the page still works and so does the way to the store: this upload alone rests
    await visitor.choose(other.path)
    await visitor.row(other.name).reaches("completed")
    assert len(observer.puts) == seen + 1
    await row.reaches("paused")

    observer.forget()
    await row.press("resume")
    await is_whole(row, file)
    assert sorted(put.part_number for put in observer.puts) == [4, 5, 6]


async def test_a_cancelled_upload_leaves_nothing_at_the_store(
    visitor: Visitor, observer: Observer, sample: MakeSample, key_holder: KeyHolder, bucket: Bucket
) -> None:
    file = sample(6 * PART)
    observer.hold(after=PART // 16, beyond=3)
    await visitor.choose(file.path)
    row = visitor.row(file.name)
    await observer.until(lambda: len(observer.finished()) == 3 and len(observer.under_way) == 3)
    upload = await key_holder.upload(await row.upload_id())
    assert upload["key"] in await bucket.unfinished()
    # where it has nothing to lose it is not asked
    await row.passes(0)

    await row.press("cancel")
    await visitor.page.locator("dialog [data-action=keep]").click()
    await row.reaches("uploading")
    await row.press("cancel")
    await visitor.page.locator("dialog [data-action=confirm]").click()
    await row.reaches("cancelled")
    observer.release()
    await observer.until(lambda: not observer.under_way)

    await key_holder.ends(upload["id"], "aborted")
    assert upload["key"] not in await bucket.unfinished()
    assert upload["key"] not in await bucket.keys()
    assert observer.finished() == {1, 2, 3}
    await expect(visitor.page.locator("#unfinished")).to_be_hidden()
