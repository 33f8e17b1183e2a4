"""While no token is to be had: a file is cancelled all the same, a short outage passes, a refusal says what to do."""

from playwright.async_api import Browser, expect

from tests.browser.conftest import MakeSample
from tests.browser.foreign import ForeignSite
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder, Service
from tests.browser.visitor import visiting


async def test_a_file_is_cancelled_while_the_question_for_a_token_stands(
    browser: Browser, service: Service, sample: MakeSample
) -> None:
    file = sample(10)
    async with visiting(browser, service.url, None) as visitor:
        question = visitor.page.locator("#access")
        await expect(question).to_be_visible()
        await visitor.choose(file.path)
        row = visitor.row(file.name)
        await row.reaches("preparing")
        await row.press("cancel")
        await row.reaches("cancelled")
        await expect(question).to_be_visible()


async def test_what_no_token_can_be_is_refused_without_being_sent(browser: Browser, service: Service) -> None:
    async with visiting(browser, service.url, None) as visitor:
        await expect(visitor.page.locator("#access")).to_be_visible()
        asked = len(visitor.requests)
        await visitor.give_token("“quoted”")
        await expect(visitor.page.locator("#access-hint")).to_contain_text("That token was not accepted")
        assert len(visitor.requests) == asked


async def test_the_focus_goes_on_from_an_answered_question(
    browser: Browser, service: Service, key_holder: KeyHolder
) -> None:
    async with visiting(browser, service.url, None) as visitor:
        page = visitor.page
        await expect(page.locator("#access-token")).to_be_focused()
        await page.locator("#access-token").fill("wrong")
        await page.keyboard.press("Enter")
        await expect(page.locator("#access-hint")).to_contain_text("not accepted")
        await expect(page.locator("#access-token")).to_be_focused()
        await page.locator("#access-token").fill(await key_holder.token())
        await page.keyboard.press("Enter")
        await expect(page.locator("#choose-files")).to_be_focused()


async def test_the_question_takes_the_focus_from_nobody_who_types(
    browser: Browser, service: Service, site: ForeignSite
) -> None:
    widget = f'<coordinator-upload endpoint="{service.url}" ask-token></coordinator-upload>'
    site.body = f'<input id="mine">{widget}'
    site.script = "document.getElementById('mine').focus();"
    async with visiting(browser, site.url, None, path="/") as visitor:
        page = visitor.page
        await expect(page.locator("#access")).to_be_visible()
        await expect(page.locator("#announcer")).to_have_text("An upload token is needed")
        await expect(page.locator("#mine")).to_be_focused()
        # asked again inside of it, the focus is there
        await page.locator("#access-token").fill("“quoted”")
        await page.keyboard.press("Enter")
        await expect(page.locator("#access-hint")).to_contain_text("not accepted")
        await expect(page.locator("#access-token")).to_be_focused()
        # the field was never left, so that it tells nothing by itself
        await expect(page.locator("#announcer")).to_contain_text("not accepted")


async def test_a_token_address_that_is_away_for_a_moment_is_waited_for(
    browser: Browser, service: Service, site: ForeignSite, observer: Observer, sample: MakeSample
) -> None:
    file = sample(10)
    site.body = f'<coordinator-upload endpoint="{service.url}" token-url="/token"></coordinator-upload>'
    token, asked = site.token, 0

    async def away_at_first() -> str:
        nonlocal asked
        asked += 1
        if asked <= 3:
            raise ConnectionResetError
        return await token()

    site.token = away_at_first
    async with visiting(browser, site.url, None, path="/") as visitor:
        await visitor.choose(file.path)
        await visitor.row(file.name).reaches("completed")
        assert asked == 4


async def test_whose_session_is_over_reads_what_to_do(
    browser: Browser, service: Service, site: ForeignSite, sample: MakeSample
) -> None:
    file = sample(10)
    site.body = f'<coordinator-upload endpoint="{service.url}" token-url="/token"></coordinator-upload>'
    token = site.token

    async def signed_out() -> str:
        return "<!doctype html><title>Sign in</title>"

    site.token = signed_out
    async with visiting(browser, site.url, None, path="/") as visitor:
        await visitor.choose(file.path)
        row = visitor.row(file.name)
        await row.complains("sign in again")
        site.token = token
        await expect(visitor.page.locator("#unfinished-problem")).to_be_visible()
        await row.press("retry")
        await row.reaches("completed")
        # it answers again: what is unfinished is known, too
        await expect(visitor.page.locator("#unfinished-problem")).to_be_hidden()
