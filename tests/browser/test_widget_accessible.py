"""The page as those meet it who cannot see it, cannot point, or read from right to left."""

import json
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, Route, expect

from tests.browser.axe import audit
from tests.browser.conftest import MakeSample, Visiting
from tests.browser.files import MIB, PART
from tests.browser.observer import Observer
from tests.browser.test_page_reach import fits
from tests.browser.visitor import Visitor

PHONE_WIDTH, WIDTH = 360, 1280
SPEAK = """async ([language, direction]) => {
  Object.assign(document.documentElement, { lang: language, dir: direction });
  document.querySelector('coordinator-upload').lang = language;
}"""
LISTEN = """() => {
  const region = document.querySelector('coordinator-upload').shadowRoot.getElementById('announcer');
  window.heard = [];
  new MutationObserver(() => heard.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
}"""
MOVING = """() => [...document.querySelector('coordinator-upload').shadowRoot.querySelectorAll('*')]
  .map((element) => ({ name: element.className, style: getComputedStyle(element) }))
  .filter(({ style }) => style.animationName !== 'none' || style.transitionDuration !== '0s')
  .map(({ name }) => name)"""
ADD = """(count) => {
  const widget = document.querySelector('coordinator-upload');
  const kind = Math.random().toString(36) + performance.now();
  window.tasks = widget.add(Array.from({ length: count }, (_, n) => new File([kind, String(n)], `${n}.txt`)));
}"""
ALL_ARE = "(state) => tasks.every((task) => task.state === state)"
HEARD = "() => heard.join(' | ')"


async def nothing_is_wrong(page: Page, state: str) -> None:
    """In both schemes, both directions of writing, on a phone and not; drawing anew keeps what is under way."""
    for language, direction in (("en", "ltr"), ("ar", "rtl")):
        await page.evaluate(SPEAK, [language, direction])
        await expect(page.locator(".frame")).to_have_attribute("lang", language)
        for width in (PHONE_WIDTH, WIDTH):
            await page.set_viewport_size({"width": width, "height": 740})
            await fits(page)
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme=scheme)
                assert await audit(page) == [], f"{state}, {language}, {width} pixels, {scheme}"


def _refuse_starts_of(name: str) -> Callable[[Route], Awaitable[None]]:
    problem = {"code": "size_not_allowed", "title": "Too large", "detail": "At most 5 bytes.", "status": 413}

    async def answer(route: Route) -> None:
        if route.request.method == "POST" and name in (route.request.post_data or ""):
            await route.fulfill(status=413, content_type="application/problem+json", body=json.dumps(problem))
        else:
            await route.continue_()

    return answer


async def _answer_that_nothing_is_here(route: Route) -> None:
    problem = {"code": "not_found", "title": "Nothing here", "detail": "It went.", "status": 404}
    await route.fulfill(status=404, content_type="application/problem+json", body=json.dumps(problem))


async def test_axe_finds_nothing_in_any_state(
    visit: Visiting, observer: Observer, sample: MakeSample
) -> None:
    small, large = sample(MIB), sample(5 * PART)
    refused = sample(10, "refused.bin")
    async with visit(reduced_motion="reduce") as visitor:
        page = visitor.page
        await page.route("**/v1/uploads", _refuse_starts_of(refused.name))
        await nothing_is_wrong(page, "empty")
        await visitor.choose(small.path, refused.path)
        await visitor.row(small.name).reaches("completed")
        await page.locator("li[data-state=failed]").wait_for()
        observer.hold(after=PART // 16, beyond=2)
        await visitor.choose(large.path)
        await visitor.row(large.name).shows("·")
        await observer.until(lambda: len(observer.under_way) == 3)
        await nothing_is_wrong(page, "uploading, failed and completed")
        assert await page.evaluate(MOVING) == []
        await page.emulate_media(reduced_motion="no-preference")
        assert "bar-fill" in await page.evaluate(MOVING), "nothing was to be kept still"
        await page.emulate_media(reduced_motion="reduce")
        await visitor.row(large.name).press("pause")
        await visitor.row(large.name).press("cancel")
        await nothing_is_wrong_with_a_question(page)
        await page.locator("dialog [data-action=keep]").click()
        await visitor.reload()
        choose = visitor.unfinished(large.name).locator("[data-action=choose]")
        await expect(choose).to_have_attribute("part", "button primary-button")
        await nothing_is_wrong(page, "unfinished")
        # which is left as it is written from right to left: what is too long of a name goes at its end all the same
        name = visitor.unfinished(large.name).locator(".row-name")
        await expect(name).to_have_css("direction", "ltr")
        await expect(name).to_have_css("text-align", "right")
        observer.release()


async def nothing_is_wrong_with_a_question(page: Page) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await audit(page) == [], scheme


async def test_axe_finds_nothing_where_a_token_is_asked_for(visit: Visiting) -> None:
    async with visit(reduced_motion="reduce") as visitor:
        await visitor.page.reload()
        await expect(visitor.page.locator("#access")).to_be_visible()
        for scheme in ("light", "dark"):
            await visitor.page.emulate_media(color_scheme=scheme)
            assert await audit(visitor.page) == [], scheme


async def test_the_audit_does_find_something(visitor: Visitor) -> None:
    await visitor.page.evaluate(
        "document.querySelector('coordinator-upload').shadowRoot.append(document.createElement('button'))"
    )
    assert any("button-name" in one for one in await audit(visitor.page))


async def test_a_screen_reader_hears_quarters_and_states_and_no_more(
    visitor: Visitor, observer: Observer, sample: MakeSample
) -> None:
    file = sample(4 * PART)
    await visitor.page.locator("#choose").wait_for(state="attached")
    await visitor.page.evaluate(LISTEN)
    observer.hold(after=PART // 16, beyond=2)
    await visitor.choose(file.path)
    row = visitor.row(file.name)
    await row.passes(50)
    await visitor.page.wait_for_function("() => heard.join().includes('%')")
    await row.press("pause")
    await row.press("resume")
    observer.release()
    await row.reaches("completed")
    await visitor.page.wait_for_function("() => heard.at(-1).includes('complete')")
    heard = (await visitor.page.evaluate(HEARD)).replace(f"{file.name}: ", "")
    said = [news for once in heard.split(" | ") for news in once.split(". ")]
    assert [news for news in said if news in {"paused", "upload complete"}] == ["paused", "upload complete"]
    assert set(said) <= {"1 file added", "25%", "50%", "75%", "paused", "upload complete"}


async def test_what_went_wrong_with_a_button_of_a_row_is_heard(visitor: Visitor, sample: MakeSample) -> None:
    file = sample(10)
    page = visitor.page
    await page.route("**/download", _answer_that_nothing_is_here)
    await visitor.choose(file.path)
    row = visitor.row(file.name)
    await row.reaches("completed")
    await page.evaluate(LISTEN)
    await row.press("download")
    await page.wait_for_function(
        "(name) => heard.join().includes(`${name}: The service refuses this`)", arg=file.name
    )
    await row.complains("The service refuses this")


async def test_the_keyboard_pauses_resumes_and_cancels(
    visitor: Visitor, observer: Observer, sample: MakeSample
) -> None:
    file, other = sample(5 * PART), sample(10)
    page = visitor.page
    observer.hold(after=PART // 16, beyond=2)
    await visitor.choose(file.path, other.path)
    row = visitor.row(file.name)
    await visitor.row(other.name).reaches("completed")
    await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 3)
    main = row.element.locator("[data-action=pause], [data-action=resume]")
    await main.focus()
    await page.keyboard.press("Enter")
    await row.reaches("paused")
    await expect(main).to_have_attribute("part", "button primary-button")
    await page.keyboard.press("Enter")
    await row.reaches("uploading")
    await expect(main).to_have_attribute("part", "button")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    # the harmless answer is the first
    await expect(page.locator("dialog [data-action=keep]")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_be_hidden()
    await expect(row.element.locator("[data-action=cancel]")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog [data-action=keep]")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await row.reaches("cancelled")
    observer.release()
    # its buttons went; the focus waits on the one that is left
    await expect(row.element.locator("[data-action=clear]")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(row.element).to_have_count(0)
    await expect(visitor.row(other.name).element.locator("[data-action=download]")).to_be_focused()


async def test_the_focus_stays_when_what_is_done_with_all_files_goes(
    visitor: Visitor, observer: Observer
) -> None:
    page = visitor.page
    observer.hold()
    await page.evaluate(ADD, 3)
    await observer.until(lambda: len(observer.under_way) > 0)
    await page.locator("[data-all=pause]").focus()
    observer.release()
    await page.wait_for_function(ALL_ARE, arg="completed")
    await expect(page.locator("[data-all=clear]")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#choose-files")).to_be_focused()
    observer.hold()
    await page.evaluate(ADD, 3)
    await observer.until(lambda: len(observer.under_way) > 0)
    await page.locator("[data-all=pause]").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_function(ALL_ARE, arg="paused")
    await expect(page.locator("[data-all=resume]")).to_be_focused()
    await page.locator("[data-all=cancel]").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_function(ALL_ARE, arg="cancelled")
    # on a row, where nothing could be done with all of them for a moment
    clear = page.locator("[data-all=clear]:focus, li:first-child [data-action=clear]:focus")
    await expect(clear).to_be_visible()
    observer.release()


async def test_a_question_is_not_answered_by_the_one_before(
    visitor: Visitor, observer: Observer, sample: MakeSample
) -> None:
    """A dialog tells late that it was closed: by then it may ask again."""
    file = sample(5 * PART)
    observer.hold(after=PART // 16, beyond=2)
    await visitor.choose(file.path)
    row = visitor.row(file.name)
    await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 3)
    await row.element.locator("[data-action=cancel]").click()
    asks_again = "([keep, cancel]) => (keep.click(), cancel.click())"
    keep = await visitor.page.locator("dialog [data-action=keep]").element_handle()
    cancel = await row.element.locator("[data-action=cancel]").element_handle()
    await visitor.page.evaluate(asks_again, [keep, cancel])
    await visitor.page.locator("dialog [data-action=confirm]").click()
    await row.reaches("cancelled")
    observer.release()
