"""axe-core, run inside the page as an accessibility auditor would run it from the developer tools."""

from pathlib import Path

from playwright.async_api import Page

SCRIPT = Path(__file__).parents[2] / "static/node_modules/axe-core/axe.min.js"
AUDIT = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.flat()} ${failureSummary}`));
}"""


async def audit(page: Page) -> list[str]:
    """What is wrong with the page as it stands now, shadow trees and best practices included."""
    assert SCRIPT.is_file(), "the accessibility tests need axe-core; install it: npm --prefix static ci"
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(SCRIPT.read_text())
    found: list[str] = await page.evaluate(AUDIT)
    return found
