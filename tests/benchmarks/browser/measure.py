"""One file through one page in a browser of its own, and what that took."""

import asyncio
from collections import Counter
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
    """`busy` and `blocked` in milliseconds of the page's main thread (tasks at all; tasks over 50 ms). Memory at its peak, in MB:
    JavaScript's heap, the page's process without what it shares with others (as Chromium's task manager tells it), and all of it.
    """

    SHOWN: ClassVar = ("busy", "blocked", "heap", "private", "memory", "cpu")
    FINE: ClassVar = frozenset({"heap", "private", "cpu"})

    seconds: float
    busy: float
    blocked: float
    heap: float
    private: float
    memory: float
    cpu: float


@dataclass
class Peaks:
    """What the page and its process held at most, in bytes."""

    page: Page
    pids: list[int]
    heap: float = 0
    private: int = 0
    memory: int = 0

    async def watch(self) -> None:
        while True:
            self.heap = max(self.heap, (await _metrics(self.page))["JSHeapUsedSize"])
            held = [_held(pid) for pid in self.pids]
            self.private = max(self.private, *(one["RssAnon"] + one["VmSwap"] for one in held))
            self.memory = max(self.memory, *(one["VmRSS"] for one in held))
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
            private=peaks.private / 1e6,
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


def _held(pid: int) -> Counter[str]:
    """Bytes, by the kernel's names; nothing of a process that has ended."""
    held: Counter[str] = Counter()
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name.startswith(("Rss", "Vm")):
                held[name] = int(rest.split()[0]) * 1024
    return held
