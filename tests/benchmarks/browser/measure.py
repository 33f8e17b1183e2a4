"""One file through one page in a browser of its own, and what that took."""

import asyncio
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from playwright.async_api import CDPSession, Playwright

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
)
LONG_TASKS: Final = """
window.blocked = 0;
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.blocked += task.duration;
}).observe({ type: 'longtask', buffered: true });
"""
RUN: Final = """async () => {
  const [file] = document.querySelector('#file').files;
  window.blocked = 0;
  const begun = performance.now();
  await window.send(file);
  return (performance.now() - begun) / 1000;
}"""
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


async def measure(playwright: Playwright, url: str, file: Path) -> Measured:
    chromium = shutil.which("chromium")
    async with await playwright.chromium.launch(executable_path=chromium, args=FLAGS) as browser:
        page = await browser.new_page()
        await page.add_init_script(LONG_TASKS)
        await page.goto(url)
        await page.wait_for_function("() => window.send")
        await page.set_input_files("#file", file)
        devtools = await page.context.new_cdp_session(page)
        whole = await browser.new_browser_cdp_session()
        await devtools.send("Performance.enable")
        before, cpu = await _metrics(devtools), await _cpu(whole)
        watching = asyncio.create_task(_peaks(devtools, await _renderers(whole)))
        try:
            seconds = await page.evaluate(RUN)
        finally:
            watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        after = await _metrics(devtools)
        heap, memory = PEAKS.pop(watching)
        return Measured(
            seconds=seconds,
            busy=(after["TaskDuration"] - before["TaskDuration"]) * 1000,
            blocked=await page.evaluate("() => window.blocked"),
            heap=max(heap, after["JSHeapUsedSize"]) / 1e6,
            memory=memory / 1e6,
            cpu=await _cpu(whole) - cpu,
        )


PEAKS: Final[dict[asyncio.Task[None], tuple[float, float]]] = {}


async def _peaks(devtools: CDPSession, pids: list[int]) -> None:
    task = asyncio.current_task()
    assert task is not None
    PEAKS[task] = (0.0, 0.0)
    while True:
        heap = (await _metrics(devtools))["JSHeapUsedSize"]
        memory = max(_resident(pid) for pid in pids)
        PEAKS[task] = (max(PEAKS[task][0], heap), max(PEAKS[task][1], memory))
        await asyncio.sleep(EVERY)


async def _metrics(devtools: CDPSession) -> dict[str, float]:
    found = await devtools.send("Performance.getMetrics")
    return {one["name"]: one["value"] for one in found["metrics"]}


async def _renderers(whole: CDPSession) -> list[int]:
    return [one["id"] for one in await _processes(whole) if one["type"] == "renderer"]


async def _cpu(whole: CDPSession) -> float:
    return float(sum(one["cpuTime"] for one in await _processes(whole)))


async def _processes(whole: CDPSession) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await whole.send("SystemInfo.getProcessInfo"))["processInfo"]
    return found


def _resident(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0
