"""The client's modules driven directly in a page, for what the page itself offers no switch: digests, handles, tabs."""

import asyncio
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.browser.visitor import PATIENCE_MS

PREPARE = """async ([token, options]) => {
  const { Uploader } = await import('/client/index.js');
  const { browserSurroundings } = await import('/client/surroundings.js');
  window.ahead = 0;
  const surroundings = { ...browserSurroundings, now: () => Date.now() + window.ahead };
  window.engine = new Uploader({ token, surroundings, ...options });
  window.told = [];
  window.watch = (task) => {
    window.task = task;
    for (const name of ['path', 'elsewhere', 'state'])
      task.addEventListener(name, ({ detail }) => window.told.push([name, detail]));
  };
  if (document.querySelector('#own')) return;
  const input = document.createElement('input');
  input.type = 'file';
  input.id = 'own';
  document.body.append(input);
}"""
# a file of the origin's own, whose handle can be had without a chooser
WRITE = """async ([name, size]) => {
  const folder = await navigator.storage.getDirectory();
  const handle = await folder.getFileHandle(name, { create: true });
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, size)));
  const writable = await handle.createWritable();
  await writable.write(bytes);
  await writable.close();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}"""
ADD_OPENED = """async (name) => {
  const handle = await (await navigator.storage.getDirectory()).getFileHandle(name);
  watch(engine.add(await handle.getFile(), { handle }));
}"""


class Engine:
    """One Uploader in a page. Its last task is looked at; `told` are its events in order."""

    def __init__(self, page: Page, token: str) -> None:
        self.page = page
        self.token = token

    async def prepare(self, **options: Any) -> None:
        await self.page.evaluate(PREPARE, [self.token, options])

    async def add(self, path: Path) -> None:
        await self.page.set_input_files("#own", path)
        await self.page.evaluate("watch(engine.add(document.querySelector('#own').files[0]))")

    async def write(self, name: str, size: int) -> str:
        """A file of random bytes; its SHA-256."""
        return str(await self.page.evaluate(WRITE, [name, size]))

    async def add_opened(self, name: str) -> None:
        await self.page.evaluate(ADD_OPENED, name)

    async def reaches(self, state: str) -> None:
        await self.until(f"task.state === '{state}' || task.error")
        found = await self.page.evaluate("[task.state, String(task.error)]")
        assert found[0] == state, found

    async def is_told(self, name: str, detail: object) -> None:
        await self.page.wait_for_function(
            "([name, detail]) => told.some((one) => one[0] === name && one[1] === detail)",
            arg=[name, detail],
            timeout=PATIENCE_MS,
        )

    async def told(self, name: str) -> list[Any]:
        return [detail for named, detail in await self.page.evaluate("told") if named == name]

    async def see(self, expression: str) -> Any:
        return await self.page.evaluate(expression)

    async def comes(self, promised: str) -> None:
        """Waits until the promise of this expression, made again and again, holds something true."""
        async with asyncio.timeout(PATIENCE_MS / 1_000):
            await self.page.evaluate(
                f"async () => {{ while (!(await {promised})) await new Promise(requestAnimationFrame); }}"
            )

    async def until(self, condition: str) -> None:
        await self.page.wait_for_function(f"() => {condition}", timeout=PATIENCE_MS)
