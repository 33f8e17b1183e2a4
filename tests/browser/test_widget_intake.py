"""Files by the clipboard and by the newer chooser, whose handles save choosing again; very many files; languages."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MakeSample, Visiting
from tests.browser.files import PART
from tests.browser.handles import HELD, OWN_CHOOSER
from tests.browser.observer import Observer
from tests.browser.test_widget_accessible import LISTEN
from tests.browser.visitor import Visitor

COPY_A_PICTURE = """async () => {
  const canvas = new OffscreenCanvas(40, 30);
  canvas.getContext('2d').fillRect(0, 0, 20, 20);
  const picture = await canvas.convertToBlob({ type: 'image/png' });
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
}"""
FILL = """async (size) => {
  const root = await navigator.storage.getDirectory();
  const writable = await (await root.getFileHandle('kept.bin', { create: true })).createWritable();
  const bytes = new Uint8Array(size).map((_, index) => index * 31 + (index >> 13));
  await writable.write(bytes);
  await writable.close();
}"""
ADD_ONE = "() => void document.getElementById('widget').add([new File(['x'], 'x.txt')])"
FORGET_ALL = """() => {
  const { uploader } = document.getElementById('widget');
  window.forgotten = [...uploader.uploads];
  for (const task of forgotten) uploader.remove(task);
}"""


async def test_what_was_copied_is_pasted(visit: Visiting, observer: Observer) -> None:
    async with visit(permissions=["clipboard-read", "clipboard-write"]) as visitor:
        await visitor.page.locator("#choose-files").focus()
        await visitor.page.evaluate(COPY_A_PICTURE)
        await visitor.page.keyboard.press("Control+V")
        await visitor.row("image.png").reaches("completed")
        assert len(observer.puts) == 1


async def test_a_file_whose_handle_is_kept_goes_on_with_one_click_after_a_reload(
    visit: Visiting, observer: Observer
) -> None:
    async with visit() as visitor:
        page = visitor.page
        await page.context.add_init_script(OWN_CHOOSER)
        await visitor.reload()
        await page.evaluate(FILL, 4 * PART)
        observer.hold(after=PART // 16, beyond=2)
        await page.locator("#choose-files").click()
        await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 2)
        await visitor.reload()
        observer.release()
        await observer.until(lambda: not observer.under_way)
        observer.forget()
        waiting = visitor.unfinished("kept.bin")
        await expect(waiting).to_contain_text("one click goes on")
        await waiting.locator("[data-action=go-on]").dblclick()
        await visitor.row("kept.bin").reaches("completed")
        assert {put.part_number for put in observer.puts} == {3, 4}


async def test_a_handle_that_the_browser_finds_late_is_offered_when_it_comes(
    visit: Visiting, observer: Observer
) -> None:
    async with visit() as visitor:
        page = visitor.page
        await page.context.add_init_script(OWN_CHOOSER)
        await visitor.reload()
        await page.evaluate(FILL, 2 * PART)
        observer.hold(after=PART // 16)
        await page.locator("#choose-files").click()
        await observer.until(lambda: len(observer.under_way) == 2)
        await page.context.add_init_script(HELD)
        await visitor.reload()
        waiting = visitor.unfinished("kept.bin")
        await expect(waiting).to_contain_text("again to go on")
        await waiting.locator("[data-action=choose]").focus()
        await page.evaluate("mend()")
        await expect(waiting).to_contain_text("one click goes on")
        await expect(waiting.locator("[data-action=go-on]")).to_be_focused()
        await expect(waiting.locator("[data-action=choose]")).to_be_hidden()


async def test_very_many_files_are_all_sent_and_only_some_are_drawn(
    visitor: Visitor, sample: MakeSample
) -> None:
    folder = sample(10).path.parent / "many"
    folder.mkdir()
    for number in range(110):
        sample(10 + number, f"many/{number}.bin")
    # a live region that is not displayed is none
    await expect(visitor.page.locator("#reading")).not_to_have_css("display", "none")
    await visitor.drop(folder)
    rows = visitor.page.locator("li[data-upload]")
    await expect(rows).to_have_count(100)
    await expect(visitor.page.locator("#files-summary")).to_contain_text(
        "110 of 110 complete", timeout=60_000
    )
    await visitor.page.locator("#show-more").click()
    await expect(rows).to_have_count(110)
    await visitor.page.locator("[data-all=clear]").click()
    await expect(rows).to_have_count(0)
    await expect(visitor.page.locator("#choose-files")).to_be_focused()


async def test_all_are_paused_resumed_and_cancelled_at_once(
    visitor: Visitor, observer: Observer, sample: MakeSample
) -> None:
    files = [sample(2 * PART + number) for number in range(3)]
    observer.hold(after=PART // 16)
    await visitor.choose(*(file.path for file in files))
    await observer.until(lambda: len(observer.under_way) >= 4)
    page = visitor.page
    await page.locator("[data-all=pause]").click()
    await expect(page.locator("li[data-state=paused]")).to_have_count(3)
    await page.locator("[data-all=resume]").click()
    await expect(page.locator("li[data-state=paused]")).to_have_count(0)
    await page.locator("[data-all=pause]").click()
    await page.locator("[data-all=cancel]").click()
    if await page.locator("dialog").is_visible():
        await page.locator("dialog [data-action=confirm]").click()
    await expect(page.locator("li[data-state=cancelled]")).to_have_count(3)
    observer.release()


async def test_what_the_page_has_it_forget_leaves_nothing_behind(
    visitor: Visitor, observer: Observer, sample: MakeSample
) -> None:
    file, other = sample(10), sample(5 * PART)
    page = visitor.page
    observer.hold(after=PART // 16, beyond=2)
    await visitor.choose(file.path, other.path)
    await visitor.row(file.name).reaches("completed")
    await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 3)
    await visitor.row(other.name).element.locator("[data-action=pause]").focus()
    await page.evaluate(FORGET_ALL)
    await expect(page.locator("li[data-upload]")).to_have_count(0)
    await expect(page.locator("#choose-files")).to_be_focused()
    # what was under way is cancelled, and tells so when it has no row any more
    await page.wait_for_function("() => forgotten.some(({ state }) => state === 'cancelled')")
    assert await page.evaluate("(({ files, ended }) => [files, ended])(widget.progress)") == [0, 0]
    await expect(page.locator("#files")).to_be_hidden()
    observer.release()


async def test_leaving_warns_only_while_something_is_at_stake(
    visitor: Visitor, observer: Observer, sample: MakeSample
) -> None:
    file, other = sample(10), sample(2 * PART)
    await visitor.choose(file.path)
    await visitor.row(file.name).reaches("completed")
    await visitor.reload()
    assert visitor.dialogs == []
    observer.hold(after=PART // 16)
    await visitor.choose(other.path)
    await observer.until(lambda: len(observer.under_way) == 2)
    await visitor.reload()
    assert visitor.dialogs == ["beforeunload"]
    observer.release()


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("de-DE", ("Dateien wählen", "Fertig · 1,0 kB", "ltr")),
        ("fr-FR", ("Choisir des fichiers", "Terminé · 1,0 ko", "ltr")),
        ("es-ES", ("Elegir archivos", "Listo · 1,0 kB", "ltr")),
        ("ar", ("اختيار ملفات", "اكتمل · 1.0", "rtl")),
        ("ja-JP", ("Choose files", "Complete · 1.0 kB", "ltr")),
    ],
)
async def test_it_speaks_the_language_of_its_visitor_on_a_phone_too(
    visit: Visiting, sample: MakeSample, locale: str, words: tuple[str, str, str]
) -> None:
    file = sample(1000)
    choose, done, direction = words
    async with visit(locale=locale, viewport={"width": 360, "height": 740}) as visitor:
        await expect(visitor.page.locator("#choose-files")).to_have_text(choose)
        await visitor.choose(file.path)
        await visitor.row(file.name).shows(re.compile(re.escape(done).replace("\\ ", r"\s")))
        assert await visitor.page.evaluate("document.documentElement.dir") == direction
        # what is too long of a name goes at its end, whichever way the page is written
        name = visitor.row(file.name).element.locator(".row-name")
        await expect(name).to_have_css("direction", "ltr")
        await expect(name).to_have_css("text-align", "right" if direction == "rtl" else "left")
        width = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
        assert await visitor.page.evaluate(width) == 0


async def test_nothing_moves_when_the_network_comes_and_goes(visit: Visiting) -> None:
    async with visit() as visitor:
        page = visitor.page
        choose, notice = page.locator("#choose-files"), page.locator("#offline")
        before = await choose.bounding_box()
        await page.evaluate(LISTEN)
        await page.context.set_offline(True)
        await expect(notice).to_be_visible()
        await expect(page.locator("#announcer")).to_contain_text("No network")
        assert await choose.bounding_box() == before
        said, drop = await notice.bounding_box(), await page.locator("#drop").bounding_box()
        assert said is not None
        assert drop is not None
        assert said["y"] >= drop["y"] + drop["height"], "the notice covers where files come in"
        await page.context.set_offline(False)
        await expect(notice).to_be_hidden()
        assert await choose.bounding_box() == before
        # what is told next holds nothing of it any more
        await page.evaluate(ADD_ONE)
        await page.wait_for_function("() => heard.join().includes('1 file added')")
        assert await page.evaluate("heard.join().split('No network').length") == 2
