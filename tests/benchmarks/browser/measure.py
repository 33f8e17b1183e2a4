"""One file through one page in a browser of its own, and what that took."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from tests.benchmarks.browser.devtools import Devtools, Page, chromium, open_page

READY: Final = "window.send && document.querySelector('#file')"
RUN: Final = """(async () => {
  const [file] = document.querySelector('#file').files;
  window.blocked = 0;
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.blocked += task.duration;
  }).observe({ type: 'longtask' });
  const begun = performance.now();
  await window.send(file);
  return (performance.now() - begun) / 1000;
})()"""
EVERY: Final = 0.05


@dataclass(frozen=True)
class Measured:
    """`busy` and `blocked` in milliseconds of the page's main thread (tasks at all; tasks over 50 ms). Memory at its peak, in MB."""

    SHOWN: ClassVar = ("busy", "blocked", "heap", "memory", "cpu")
    FINE: ClassVar = frozenset({"heap", "cpu"})

    seconds: float
    busy: float
    blocked: float
    heap: float
    memory: float
    cpu: float


@dataclass
class Peaks:
    """What the page and its process held at most, in bytes."""

    page: Page
    pids: list[int]
    heap: float = 0
    memory: int = 0

    async def watch(self) -> None:
        while True:
            self.heap = max(self.heap, (await _metrics(self.page))["JSHeapUsedSize"])
            self.memory = max(self.memory, *(_resident(pid) for pid in self.pids))
            await asyncio.sleep(EVERY)


async def measure(url: str, file: Path) -> Measured:
    async with chromium() as browser:
        page = await open_page(browser, url, READY)
        await page.choose("#file", str(file))
        await page.send("Performance.enable")
        before, cpu = await _metrics(page), await _cpu(browser)
        peaks = Peaks(page, await _renderers(browser))
        watching = asyncio.create_task(peaks.watch())
        try:
            seconds = await page.evaluate(RUN)
        finally:
            watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        after = await _metrics(page)
        return Measured(
            seconds=seconds,
            busy=(after["TaskDuration"] - before["TaskDuration"]) * 1000,
            blocked=await page.evaluate("window.blocked"),
            heap=max(peaks.heap, after["JSHeapUsedSize"]) / 1e6,
            memory=peaks.memory / 1e6,
            cpu=await _cpu(browser) - cpu,
        )


async def _metrics(page: Page) -> dict[str, float]:
    found = await page.send("Performance.getMetrics")
    return {one["name"]: one["value"] for one in found["metrics"]}


async def _renderers(browser: Devtools) -> list[int]:
    return [one["id"] for one in await _processes(browser) if one["type"] == "renderer"]


async def _cpu(browser: Devtools) -> float:
    return float(sum(one["cpuTime"] for one in await _processes(browser)))


async def _processes(browser: Devtools) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await browser.send("SystemInfo.getProcessInfo"))["processInfo"]
    return found


def _resident(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0
