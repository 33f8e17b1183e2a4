"""An upload whose page went away goes on with the same file and sends only what the store does not hold."""

import pytest
from playwright.async_api import expect

from tests.browser.bucket import Bucket
from tests.browser.conftest import IsWhole, MakeSample
from tests.browser.files import PART, write_sample
from tests.browser.leaving import Again, by_dropping, left_in_the_middle, through_the_list
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder
from tests.browser.visitor import NOTHING_STORED, Visitor, isolated


@pytest.mark.parametrize("again", [through_the_list, by_dropping])
async def test_after_a_reload_no_finished_part_is_sent_again(
    visitor: Visitor, observer: Observer, sample: MakeSample, is_whole: IsWhole, again: Again
) -> None:
    file = sample(12 * PART)
    held = await left_in_the_middle(visitor, observer, file)
    assert visitor.dialogs == ["beforeunload"]
    assert await visitor.stored() == NOTHING_STORED

    waiting = visitor.unfinished(file.name)
    await expect(waiting).to_contain_text(f"Choose {isolated(file.name)} again to go on.")
    upload_id = await waiting.get_attribute("data-upload-id")
    observer.forget()
    await again(visitor, file)
    assert (await is_whole(visitor.row(file.name), file))["id"] == upload_id
    assert {put.part_number for put in observer.puts} == set(range(1, 13)) - held
    assert len(observer.puts) == 12 - len(held)
    await expect(visitor.page.locator("#unfinished")).to_be_hidden()


async def test_another_file_of_that_name_and_size_is_refused_and_nothing_is_sent(
    visitor: Visitor, observer: Observer, sample: MakeSample, key_holder: KeyHolder, bucket: Bucket
) -> None:
    file = sample(4 * PART)
    held = await left_in_the_middle(visitor, observer, file)
    observer.forget()
    changed = write_sample(file.path, file.size, seed=1)
    assert changed.sha256 != file.sha256

    await visitor.choose_again(file.name, file.path)
    row = visitor.row(file.name)
    await row.complains("This is not the file that the unfinished upload began with")
    await row.complains("Choose the original file, or discard the unfinished upload")
    await expect(visitor.unfinished(file.name)).to_be_visible()
    assert observer.puts == []
    upload_id = await visitor.unfinished(file.name).get_attribute("data-upload-id")
    assert upload_id is not None
    upload = await key_holder.upload(upload_id)
    assert upload["state"] == "open"
    assert await bucket.parts(upload["key"]) == held


async def test_a_file_that_changes_while_it_is_sent_is_refused(
    visitor: Visitor, observer: Observer, sample: MakeSample, key_holder: KeyHolder
) -> None:
    file = sample(4 * PART)
    observer.hold(after=PART // 16, beyond=1)
    await visitor.choose(file.path)
    await observer.until(lambda: observer.finished() == {1} and len(observer.under_way) == 3)
    write_sample(file.path, file.size + 1, seed=2)
    observer.release()
    row = visitor.row(file.name)
    await row.reaches("failed")
    await row.complains("The file was changed after its upload began")
    assert (await key_holder.upload(await row.upload_id()))["state"] == "open"


async def test_an_unfinished_upload_can_be_discarded(
    visitor: Visitor, observer: Observer, sample: MakeSample, key_holder: KeyHolder, bucket: Bucket
) -> None:
    file = sample(4 * PART)
    await left_in_the_middle(visitor, observer, file)
    waiting = visitor.unfinished(file.name)
    upload_id = await waiting.get_attribute("data-upload-id")
    assert upload_id is not None
    await waiting.locator("[data-action=discard]").click()
    await visitor.page.locator("dialog [data-action=confirm]").click()
    await expect(visitor.page.locator("#unfinished")).to_be_hidden()
    upload = await key_holder.ends(upload_id, "aborted")
    assert upload["key"] not in await bucket.unfinished()
