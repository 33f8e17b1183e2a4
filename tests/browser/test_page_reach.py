"""The page works on a phone's width, and with the keyboard alone."""

from playwright.async_api import Page, expect

from tests.browser.conftest import MakeSample, Visiting
from tests.browser.files import PART
from tests.browser.observer import Observer
from tests.browser.visitor import Visitor

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
OVERFLOW = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
# what a finger does not hit: outside, smaller than 24 pixels, or under something else
UNREACHABLE = """() => [...document.querySelector('coordinator-upload').shadowRoot.querySelectorAll('button, input')]
  .filter((one) => one.checkVisibility() && !one.classList.contains('hidden-text'))
  .filter((one) => {
    one.scrollIntoView({ block: 'center', behavior: 'instant' });
    const { left, right, top, bottom, width, height } = one.getBoundingClientRect();
    const hit = one.getRootNode().elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return left < 0 || right > innerWidth || width < 24 || height < 24 || !hit || !one.contains(hit);
  })
  .map((one) => one.outerHTML)"""


async def fits(page: Page) -> None:
    await page.locator("#choose-files").wait_for()
    assert await page.evaluate(OVERFLOW) == 0
    assert await page.evaluate(UNREACHABLE) == []


async def test_everything_fits_and_can_be_reached_on_a_phone(
    visit: Visiting, observer: Observer, sample: MakeSample
) -> None:
    file = sample(5 * PART, f"{'a-very-long-name-without-a-space' * 6}.bin")
    async with visit(**PHONE) as visitor:
        await fits(visitor.page)
        observer.hold(after=PART // 16, beyond=2)
        await visitor.choose(file.path)
        row = visitor.row(file.name)
        await observer.until(lambda: len(observer.finished()) == 2 and len(observer.under_way) == 3)
        await row.shows("left")
        await fits(visitor.page)
        await row.element.locator("[data-action=pause]").tap()
        await row.reaches("paused")
        await fits(visitor.page)

        await visitor.page.reload()
        await fits(visitor.page)
        await visitor.show_token()
        await expect(visitor.unfinished(file.name)).to_be_visible()
        await fits(visitor.page)
        observer.release()
        await visitor.choose_again(file.name, file.path)
        await row.reaches("completed")
        await fits(visitor.page)


FOCUSED = "document.activeElement.shadowRoot.activeElement"


async def focus(page: Page, selector: str) -> None:
    """Presses Tab until the element has the focus, and shows that it has."""
    wanted = page.locator(selector)
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("(one) => one === one.getRootNode().activeElement"):
            return
    raise AssertionError(f"Tab does not reach {selector}")


async def test_the_keyboard_alone_is_enough(visitor: Visitor, observer: Observer, sample: MakeSample) -> None:
    file = sample(5 * PART)
    page = visitor.page
    observer.hold(after=PART // 16, beyond=2)
    await focus(page, "#choose-files")
    async with page.expect_file_chooser() as opening:
        await page.keyboard.press("Enter")
    chooser = await opening.value
    assert chooser.is_multiple()
    await chooser.set_files(file.path)
    row = visitor.row(file.name)
    await observer.until(lambda: len(observer.finished()) == 2 and len(observer.under_way) == 3)

    await focus(page, "[data-action=pause]")
    await page.keyboard.press("Enter")
    await row.reaches("paused")
    observer.release()
    # the focus stayed on the button, which resumes now
    await page.keyboard.press("Space")
    await row.reaches("completed")
    # that button went meanwhile; the focus waited in its row for the next one
    await page.wait_for_function(f"() => {FOCUSED}?.dataset.action === 'download'")
    await page.keyboard.press("Tab")
    assert await page.evaluate(f"{FOCUSED}.dataset.action") == "clear"
    await page.keyboard.press("Space")
    await expect(row.element).to_have_count(0)
    await page.wait_for_function(f"() => {FOCUSED}?.id === 'choose-files'")
