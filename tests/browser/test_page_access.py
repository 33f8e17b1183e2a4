"""The page asks for a token only where one is needed, and keeps it nowhere."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.chromium import find_chromium
from tests.browser.conftest import MakeSample
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder, Service
from tests.browser.visitor import NOTHING_STORED, visiting


async def test_a_wrong_token_is_refused_in_words_and_a_right_one_is_kept_nowhere(
    browser: Browser, service: Service, key_holder: KeyHolder, observer: Observer, sample: MakeSample
) -> None:
    file = sample(10)
    async with visiting(browser, service.url, None) as visitor:
        form, hint = visitor.page.locator("#access"), visitor.page.locator("#access-hint")
        await expect(form).to_be_visible()
        await expect(hint).to_contain_text("kept in this page only")
        await visitor.give_token("wrong")
        await expect(hint).to_contain_text("That token was not accepted")
        await expect(visitor.page.locator("#access-token")).to_have_value("")

        await visitor.give_token(await key_holder.token())
        await expect(form).to_be_hidden()
        await visitor.choose(file.path)
        await visitor.row(file.name).reaches("completed")
        assert await visitor.stored() == NOTHING_STORED
        assert await visitor.page.context.cookies() == []
        assert visitor.page.url == f"{service.url}/upload/"

        # kept nowhere means asked again
        await visitor.page.reload()
        await expect(form).to_be_visible()


@pytest.mark.parametrize(
    ("deed", "rule"),
    [
        (
            "document.head.append(Object.assign(document.createElement('style'), {textContent: 'b {}'}))",
            "style-src",
        ),
        ("try { document.body.innerHTML = '<b>' } catch {}", "require-trusted-types-for"),
        ("fetch('http://127.0.0.1:9/').catch(() => {})", "connect-src"),
    ],
)
async def test_the_policy_reports_what_it_stops(
    browser: Browser, service: Service, deed: str, rule: str
) -> None:
    """The listener that all these tests rely on does hear."""
    with pytest.raises(AssertionError, match=f"policy: {rule}"):
        async with visiting(browser, service.url, None) as visitor:
            await visitor.page.evaluate(f"() => {{ {deed} }}")


def test_without_chromium_the_tests_fail_and_say_what_to_install() -> None:
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        find_chromium("")
