"""Pages that the documents show, and the policies they name for them, with the addresses that are here in place of theirs."""

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.visitor import PATIENCE_MS

DOCS = Path(__file__).parents[2] / "docs"
SCRIPT = re.compile(r'<script type="module">\n(.*?)</script>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Documented:
    """The first page of a document, and its policy."""

    document: str
    coordinator: str
    store: str

    @property
    def page(self) -> str:
        return self._first("html")

    @property
    def policy(self) -> str:
        return self._first("http").removeprefix("Content-Security-Policy: ")

    def with_its_script_in_a_file(self) -> tuple[str, str]:
        """The page that loads `/site.js`, and the script."""
        [script] = SCRIPT.findall(self.page)
        return SCRIPT.sub('<script type="module" src="/site.js"></script>', self.page), script

    def _first(self, language: str) -> str:
        text = (DOCS / self.document).read_text(encoding="utf-8")
        found = re.search(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
        assert found, f"{self.document} shows no {language}"
        block = found[1].replace("https://uploads.example.org", self.coordinator)
        return block.replace("https://store.example.org", self.store).strip()


async def stored_as(page: Page, film: Path) -> str:
    """The key that the page of docs/browser.md says, when it has sent the film."""
    await page.set_input_files("#film", film)
    said = page.locator("#said")
    await expect(said).to_have_text(re.compile("^stored as "), timeout=PATIENCE_MS)
    return (await said.inner_text()).removeprefix("stored as ")
