"""Files that look alike are not taken for one another: every object has the bytes of its own file, or nothing is sent."""

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.bucket import Bucket
from tests.browser.conftest import IsWhole, MakeSample
from tests.browser.files import PART, write_disk
from tests.browser.leaving import Again, by_dropping, left_in_the_middle, through_the_list
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder
from tests.browser.visitor import Visitor, isolated

SIZE = 5 * PART
LATER = 60


async def test_a_file_like_an_unfinished_one_becomes_an_upload_of_its_own(
    visitor: Visitor, observer: Observer, tmp_path: Path, is_whole: IsWhole
) -> None:
    disk = write_disk(tmp_path / "disk.img", SIZE, seed=1)
    other = write_disk(tmp_path / "disk2.img", SIZE, seed=2)
    assert disk.sha256 != other.sha256
    held = await left_in_the_middle(visitor, observer, disk)
    upload_id = await visitor.unfinished(disk.name).get_attribute("data-upload-id")

    observer.forget()
    await visitor.drop(other.path)
    assert (await is_whole(visitor.row(other.name), other))["id"] != upload_id
    assert sorted(put.part_number for put in observer.puts) == [1, 2, 3, 4, 5]

    observer.forget()
    await visitor.drop(disk.path)
    assert (await is_whole(visitor.row(disk.name), disk))["id"] == upload_id
    assert {put.part_number for put in observer.puts} == {1, 2, 3, 4, 5} - held


async def test_a_file_like_one_that_is_being_sent_becomes_an_upload_of_its_own(
    visitor: Visitor, observer: Observer, tmp_path: Path, is_whole: IsWhole
) -> None:
    disk = write_disk(tmp_path / "disk.img", SIZE, seed=1)
    other = write_disk(tmp_path / "disk2.img", SIZE, seed=2)
    observer.hold(after=PART // 16, beyond=2)
    await visitor.choose(disk.path)
    await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 3)
    await visitor.choose(other.path)
    # from then on this tab is known to send it
    await visitor.row(other.name).reaches("uploading")
    # nothing tells another page which of the two it is
    apart = (await visitor.another_tab()).unfinished(other.name)
    await expect(apart).to_contain_text(
        "Another tab is sending it right now. It cannot be matched to a file."
    )
    await expect(apart.locator("button:visible")).to_have_text(["Discard"])
    observer.release()
    for file in (disk, other):
        await is_whole(visitor.row(file.name), file)


@pytest.mark.parametrize("again", [through_the_list, by_dropping])
async def test_a_file_changed_where_nothing_is_sampled_is_refused_until_the_old_upload_is_discarded(
    *,
    visitor: Visitor,
    observer: Observer,
    tmp_path: Path,
    is_whole: IsWhole,
    key_holder: KeyHolder,
    bucket: Bucket,
    again: Again,
) -> None:
    before = write_disk(tmp_path / "disk.img", SIZE, seed=1)
    held = await left_in_the_middle(visitor, observer, before)
    upload_id = await visitor.unfinished(before.name).get_attribute("data-upload-id")
    assert upload_id is not None
    modified = before.path.stat().st_mtime
    changed = write_disk(before.path, SIZE, seed=2)
    os.utime(changed.path, (modified + LATER, modified + LATER))

    observer.forget()
    await again(visitor, changed)
    row = visitor.row(changed.name)
    await row.complains(f"The file was changed since the upload of “{isolated(changed.name)}” began")
    await row.complains("discard the unfinished upload first")
    assert observer.puts == []
    upload = await key_holder.upload(upload_id)
    assert upload["state"] == "open"
    assert await bucket.parts(upload["key"]) == held
    await expect(visitor.unfinished(changed.name)).to_be_visible()

    await row.press("anew")
    await visitor.page.locator("dialog [data-action=keep]").click()
    await row.reaches("failed")
    await row.press("anew")
    await visitor.page.locator("dialog [data-action=confirm]").click()
    assert (await is_whole(row, changed))["id"] != upload_id
    await key_holder.ends(upload_id, "aborted")
    await expect(visitor.page.locator("#unfinished")).to_be_hidden()


async def test_equal_files_at_once_all_arrive(
    visitor: Visitor, sample: MakeSample, is_whole: IsWhole
) -> None:
    empty = [sample(0, name) for name in ("e1.txt", "e2.txt")]
    equal = [write_disk(empty[0].path.parent / name, PART + 1, seed=1) for name in ("c1.bin", "c2.bin")]
    await visitor.choose(*(file.path for file in (*empty, *equal)))
    uploads = [await is_whole(visitor.row(file.name), file) for file in (*empty, *equal)]
    assert len({upload["id"] for upload in uploads}) == 4
    await expect(visitor.page.locator("#files-summary")).to_contain_text("4 of 4 complete")
