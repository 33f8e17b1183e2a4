"""Where the store cannot be reached from the browser, the page says which way its files take instead."""

from playwright.async_api import Route

from tests.browser.conftest import IsWhole, MakeSample
from tests.browser.files import PART
from tests.browser.observer import Observer
from tests.browser.visitor import Visitor


async def _blocked(route: Route) -> None:
    await route.abort("connectionrefused")


async def test_a_blocked_store_is_gone_around_and_said(
    visitor: Visitor, observer: Observer, sample: MakeSample, is_whole: IsWhole
) -> None:
    file = sample(2 * PART)
    page = visitor.page
    await page.route(f"{observer.url}/**", _blocked)
    # what the row says on its way may be gone in a moment: kept as it comes
    await page.evaluate("""() => {
      window.ways = [];
      document.addEventListener('progress', ({ target }) =>
        ways.push(target.shadowRoot?.querySelector('[data-part=way]')?.textContent));
      window.paths = [];
      window.first = '';
      document.addEventListener('path', ({ target, detail }) => {
        paths.push(detail.path);
        if (detail.path === 'relay') first = target.shadowRoot.querySelector('[data-part=way]').textContent;
      });
      window.heard = [];
      const region = document.querySelector('coordinator-upload').shadowRoot.getElementById('announcer');
      new MutationObserver(() => heard.push(region.textContent)).observe(region, { childList: true });
    }""")
    await visitor.choose(file.path)
    await is_whole(visitor.row(file.name), file)
    assert "relay" in await page.evaluate("paths")
    # at once, before any more of it is sent
    assert "through the service, because" in await page.evaluate("first")
    assert await page.evaluate("ways.some((way) => way?.includes('through the service, because'))")
    await page.wait_for_function("() => heard.some((news) => news.includes('through the service, because'))")
    assert observer.puts == []
