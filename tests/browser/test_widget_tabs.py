"""Two tabs with one file: what the second one says, and that it takes over."""

from playwright.async_api import expect

from tests.browser.conftest import IsWhole, MakeSample
from tests.browser.files import PART
from tests.browser.observer import Observer
from tests.browser.test_widget_accessible import LISTEN
from tests.browser.visitor import Visitor


async def test_the_second_tab_says_that_another_one_sends_and_takes_over(
    visitor: Visitor, observer: Observer, sample: MakeSample, is_whole: IsWhole
) -> None:
    file = sample(4 * PART)
    first, second = await visitor.another_tab(), visitor
    observer.hold(after=PART // 16, beyond=2)
    await first.choose(file.path)
    await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 2)
    await second.reload()
    await expect(second.unfinished(file.name)).to_contain_text("Another tab is sending it right now.")

    await second.page.evaluate(LISTEN)
    await second.choose(file.path)
    row = second.row(file.name)
    await row.reaches("uploading")
    says = "Another tab is sending this file; this one follows, and takes over when that one closes."
    await expect(row.element).to_contain_text(says)
    await second.page.wait_for_function("(says) => heard.join().includes(says)", arg=says)
    await expect(row.element).to_contain_text("2 of 4 parts")
    assert not [one.url for one in second.requests if one.method == "PUT"], "the second one sent something"

    observer.forget()
    await first.page.close()
    observer.release()
    await is_whole(row, file)
    await expect(row.element).not_to_contain_text("Another tab")
    assert {put.part_number for put in observer.puts} <= {3, 4}
