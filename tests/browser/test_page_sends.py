"""Files go from the page straight to the store, whole, in parallel parts, however they were given."""

import hashlib
import re
from pathlib import Path

from playwright.async_api import expect

from tests.browser.conftest import IsWhole, MakeSample
from tests.browser.files import MIB, PART
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder
from tests.browser.visitor import NOTHING_STORED, Row, Visitor


async def test_a_large_file_goes_in_parallel_parts_with_progress_from_bytes_in_flight(
    visitor: Visitor, observer: Observer, sample: MakeSample, is_whole: IsWhole
) -> None:
    file = sample(12 * PART)
    observer.hold(after=PART // 8)
    await visitor.choose(file.path)
    row = visitor.row(file.name)

    # four at first; more once the connection is seen to carry them
    await observer.until(lambda: _all_at(observer, PART // 8, least=4))
    await row.passes(0)
    early = await row.percent()
    observer.hold(after=PART - 1)
    await observer.until(lambda: _all_at(observer, PART - 1, least=4))
    await row.passes(early)
    assert observer.finished() == set()
    await row.shows(re.compile(r"[\d.]+ MB of 101 MB · [\d.]+ [kM]?B/s · .+ left"))

    observer.release()
    assert (await is_whole(row, file))["part_count"] == 12
    await row.shows("Complete · 101 MB")
    assert sorted(put.part_number for put in observer.puts) == list(range(1, 13))
    assert {put.status for put in observer.puts} == {200}

    assert not visitor.asked("PUT", r"/v1/uploads/[^/]+/parts/\d+")
    assert sum(len(one.post_data_buffer or b"") for one in visitor.asked("(POST|PUT)", ".*")) < 64 * 1024
    assert await visitor.stored() == NOTHING_STORED


async def test_the_download_link_gives_the_same_bytes(
    visitor: Visitor, sample: MakeSample, tmp_path: Path
) -> None:
    file = sample(3 * PART + 1)
    await visitor.choose(file.path)
    row = visitor.row(file.name)
    await row.reaches("completed")
    async with visitor.page.expect_download() as coming:
        await row.press("download")
    download = await coming.value
    assert download.suggested_filename == file.name
    await download.save_as(tmp_path / "again")
    assert hashlib.sha256((tmp_path / "again").read_bytes()).hexdigest() == file.sha256
    await expect(row.element).to_be_visible()


def _all_at(observer: Observer, taken: int, *, least: int) -> bool:
    under_way = observer.under_way
    return len(under_way) >= least and all(put.taken == taken for put in under_way)


ODD_NAMES = (
    "<img src=x onerror=alert(1)>.txt",
    "🎉 emoji 👩‍👩‍👧.bin",
    "ملف كبير.pdf",
    "a&amp;b \"q\" 'r'.txt",
)


async def test_several_files_of_any_name_and_size_at_once(
    visitor: Visitor, observer: Observer, sample: MakeSample, is_whole: IsWhole
) -> None:
    sizes = (PART + 1, 0, 1, 2 * MIB)
    files = [sample(size, name) for size, name in zip(sizes, ODD_NAMES, strict=True)]
    await visitor.choose(*(file.path for file in files))
    for file in files:
        await is_whole(visitor.row(file.name), file)
    assert await visitor.page.locator("coordinator-upload img, coordinator-upload b").count() == 0
    await expect(visitor.page.locator("#files-summary")).to_contain_text("4 of 4 complete")
    assert len(observer.puts) == 5


async def test_a_name_that_turns_the_direction_of_what_follows_is_sent_without_that_mark(
    visitor: Visitor, key_holder: KeyHolder, sample: MakeSample
) -> None:
    file = sample(10, "harmless\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe")
    await visitor.choose(file.path)
    row = visitor.row("harmless\N{REPLACEMENT CHARACTER}gpj.exe")
    await row.reaches("completed")
    assert (await key_holder.upload(await row.upload_id()))["filename"] == "harmlessgpj.exe"


async def test_dropping_works_like_choosing_and_folders_keep_their_paths(
    visitor: Visitor, sample: MakeSample, is_whole: IsWhole
) -> None:
    one = sample(PART + 1)
    folder = one.path.parent / "photos"
    (folder / "2026" / "empty").mkdir(parents=True)
    two, three = sample(10, "photos/cover.jpg"), sample(2 * MIB, "photos/2026/summer.jpg")
    await visitor.drop(one.path, folder)
    paths = {one: None, two: "photos/cover.jpg", three: "photos/2026/summer.jpg"}
    for file, path in paths.items():
        upload = await is_whole(visitor.row(file.name), file)
        assert upload["metadata"].get("path") == path
    await expect(visitor.row(three.name).element).to_contain_text("photos/2026")
    await expect(visitor.page.locator("li[data-upload]")).to_have_count(3)


async def test_a_chosen_folder_keeps_the_paths_of_its_files(
    visitor: Visitor, sample: MakeSample, is_whole: IsWhole, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    (folder / "2026").mkdir(parents=True)
    one, two = sample(10, "photos/cover.jpg"), sample(PART + 1, "photos/2026/summer.jpg")
    async with visitor.page.expect_file_chooser() as opening:
        await visitor.page.click("#choose-a-folder")
    chooser = await opening.value
    await chooser.set_files(folder)
    for file, path in {one: "photos/cover.jpg", two: "photos/2026/summer.jpg"}.items():
        upload = await is_whole(visitor.row(file.name), file)
        assert upload["metadata"]["path"] == path


async def test_an_empty_folder_is_said_to_hold_no_files(visitor: Visitor, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    await visitor.drop(folder)
    await expect(visitor.page.locator("#drop-problem")).to_contain_text("There are no files")


async def test_the_same_file_twice_on_one_page_is_sent_once(
    visitor: Visitor, observer: Observer, sample: MakeSample
) -> None:
    file = sample(2 * PART)
    observer.hold()
    await visitor.choose(file.path)
    await observer.until(lambda: len(observer.under_way) == 2)
    await visitor.choose(file.path)
    newest = Row(visitor.page.locator("li[data-upload]").first)
    await newest.complains("This file is in the list already")
    observer.release()
    await Row(visitor.page.locator("li[data-upload]").last).reaches("completed")
    assert sorted(put.part_number for put in observer.puts) == [1, 2]
