"""The widget in somebody else's page: another origin, a policy of its own, tokens from a callback, two at once."""

from playwright.async_api import Browser, expect

from tests.browser.conftest import IsWhole, MakeSample
from tests.browser.documented import Documented
from tests.browser.files import PART
from tests.browser.foreign import ForeignSite
from tests.browser.observer import Observer
from tests.browser.service import Service
from tests.browser.visitor import Row, visiting

GIVE_TOKEN = """
window.told = [];
const token = async () => (await fetch('/token')).text();
for (const widget of document.querySelectorAll('coordinator-upload')) widget.token = token;
for (const news of ['add', 'state', 'complete', 'error'])
  document.addEventListener(news, ({ detail }) => told.push(`${news} ${detail.task.file.name}`));
"""


async def test_another_origin_embeds_it_with_a_token_callback_under_its_own_strict_policy(
    *,
    browser: Browser,
    service: Service,
    site: ForeignSite,
    observer: Observer,
    sample: MakeSample,
    is_whole: IsWhole,
) -> None:
    file = sample(PART + 1)
    site.body = f'<coordinator-upload endpoint="{service.url}"></coordinator-upload>'
    site.script = GIVE_TOKEN
    async with visiting(browser, site.url, None, path="/") as visitor:
        await visitor.choose(file.path)
        upload = await is_whole(visitor.row(file.name), file)
        assert upload["policy"] == "default"
        told = await visitor.page.evaluate("told")
        assert {f"add {file.name}", f"state {file.name}", f"complete {file.name}"} == set(told)
        # its styles are there, although the policy allows no style at all
        bar = visitor.page.locator("#choose-files")
        assert await bar.evaluate("(one) => getComputedStyle(one).cursor") == "pointer"
    assert site.tokens_given == 1


async def test_the_page_of_its_document_sends_a_film_as_it_stands_under_the_policy_there(
    *,
    browser: Browser,
    service: Service,
    site: ForeignSite,
    observer: Observer,
    sample: MakeSample,
    is_whole: IsWhole,
) -> None:
    film = sample(PART + 1, "film.mp4")
    documented = Documented("widget.md", service.url, observer.url)
    site.page, site.policy = documented.page, documented.policy
    async with visiting(browser, site.url, None, path="/") as visitor:
        await visitor.choose(film.path)
        await is_whole(visitor.row(film.name), film)
    assert {put.part_number for put in observer.puts} == {1, 2}
    assert site.tokens_given == 1


async def test_a_token_address_is_enough(
    browser: Browser, service: Service, site: ForeignSite, observer: Observer, sample: MakeSample
) -> None:
    file = sample(10)
    site.body = f'<coordinator-upload endpoint="{service.url}" token-url="/token"></coordinator-upload>'
    async with visiting(browser, site.url, None, path="/") as visitor:
        await visitor.choose(file.path)
        await visitor.row(file.name).reaches("completed")
    assert site.tokens_given == 1


async def test_two_on_one_page_keep_to_themselves(
    browser: Browser, service: Service, site: ForeignSite, observer: Observer, sample: MakeSample
) -> None:
    mine, yours = sample(20), sample(30)
    one = f'<coordinator-upload id="{{}}" endpoint="{service.url}" token-url="/token" {{}}></coordinator-upload>'
    site.body = one.format("left", 'lang="de" theme="dark"') + one.format("right", 'theme="light"')
    async with visiting(browser, site.url, None, path="/") as visitor:
        page = visitor.page
        await page.set_input_files("#left >> #choose", mine.path)
        await page.set_input_files("#right >> #choose", yours.path)
        for name, file, state in (("#left", mine, "Fertig"), ("#right", yours, "Complete")):
            rows = page.locator(f"{name} >> li[data-upload]")
            await Row(rows).reaches("completed")
            await expect(rows).to_contain_text(file.name)
            await expect(rows).to_contain_text(state)
        grounds = [
            await page.locator(f"{name} >> .drop").evaluate("(one) => getComputedStyle(one).backgroundColor")
            for name in ("#left", "#right")
        ]
        assert grounds == ["rgb(23, 27, 34)", "rgb(255, 255, 255)"]


async def test_leaving_warns_until_the_last_of_two_has_ended(
    browser: Browser, service: Service, site: ForeignSite, observer: Observer, sample: MakeSample
) -> None:
    long, short = sample(2 * PART), sample(10)
    one = f'<coordinator-upload id="{{}}" endpoint="{service.url}" token-url="/token"></coordinator-upload>'
    site.body = one.format("left") + one.format("right")
    warns = "!dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    async with visiting(browser, site.url, None, path="/") as visitor:
        page = visitor.page
        observer.hold(after=PART // 16, beyond=1)
        await page.set_input_files("#left >> #choose", long.path)
        await observer.until(lambda: len(observer.under_way) > 0)
        await page.set_input_files("#right >> #choose", short.path)
        await Row(page.locator("#right >> li[data-upload]")).reaches("completed")
        assert await page.evaluate(warns) is True
        observer.release()
        await Row(page.locator("#left >> li[data-upload]")).reaches("completed")
        assert await page.evaluate(warns) is False


async def test_what_the_page_does_not_take_is_refused_in_words_before_anything_is_sent(
    browser: Browser, service: Service, site: ForeignSite, observer: Observer, sample: MakeSample
) -> None:
    large, strange = sample(2_000_000, "large.csv"), sample(10, "program.exe")
    good, surplus = sample(10, "good.csv"), sample(11, "surplus.csv")
    site.body = (
        f'<coordinator-upload endpoint="{service.url}" token-url="/token" accept=".csv, image/*" '
        'max-size="1 MB" max-files="1"></coordinator-upload>'
    )
    async with visiting(browser, site.url, None, path="/") as visitor:
        hint = visitor.page.locator("#choose-hint")
        await expect(hint).to_have_text("Only CSV and images · At most 1.0 MB each · 1 file at most")
        await expect(visitor.page.locator("#choose-a-folder")).to_be_hidden()
        await visitor.drop(large.path)
        await visitor.row(large.name).complains("larger than the 1.0 MB that are allowed")
        await visitor.drop(strange.path)
        await visitor.row(strange.name).complains("Allowed: CSV and images")
        await visitor.drop(good.path)
        await visitor.row(good.name).reaches("completed")
        await visitor.choose(surplus.path)
        await visitor.row(surplus.name).complains("No more than 1 file can be sent here")
        assert len(observer.puts) == 1
        await visitor.row(strange.name).press("clear")
        await expect(visitor.row(large.name).element.locator("[data-action=clear]")).to_be_focused()


async def test_the_style_follows_the_variables_of_the_page(
    browser: Browser, service: Service, site: ForeignSite, observer: Observer
) -> None:
    site.body = f'<coordinator-upload endpoint="{service.url}" token-url="/token"></coordinator-upload>'
    site.script = """
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`coordinator-upload { --coordinator-accent: rgb(1, 100, 3); }
        coordinator-upload::part(drop) { border-style: double; }`);
      document.adoptedStyleSheets = [sheet];
    """
    async with visiting(browser, site.url, None, path="/") as visitor:
        style = "(one) => { const { backgroundColor, borderTopStyle } = getComputedStyle(one); return [backgroundColor, borderTopStyle]; }"
        assert (await visitor.page.locator("#choose-files").evaluate(style))[0] == "rgb(1, 100, 3)"
        assert (await visitor.page.locator("#drop").evaluate(style))[1] == "double"
