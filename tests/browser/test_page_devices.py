"""An upload goes on in another browser and after a crash of this one: by what the coordinator and the store know of it."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

from playwright.async_api import BrowserContext, expect

from tests.browser.chromium import chromium_of, process_group
from tests.browser.conftest import IsWhole, MakeSample, Visiting
from tests.browser.engine import Engine
from tests.browser.files import PART, Sample
from tests.browser.handles import KEPT, OWN_CHOOSER
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder, Service
from tests.browser.visitor import PATIENCE_MS, Visitor, isolated, visiting_in

IS_KEPT = f"({KEPT})().then((all) => all.length === 1)"


async def test_another_device_goes_on_with_a_copy_of_the_file(
    visit: Visiting, observer: Observer, sample: MakeSample, is_whole: IsWhole, tmp_path: Path
) -> None:
    file = sample(5 * PART)
    observer.hold(after=PART // 16, beyond=2)
    async with visit() as first:
        await first.choose(file.path)
        await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 3)
        upload_id = await first.row(file.name).upload_id()
    observer.release()
    await observer.until(lambda: not observer.under_way)
    observer.forget()
    # what copies or synchronizes files keeps their times
    (tmp_path / "elsewhere").mkdir()
    copied = Path(shutil.copy2(file.path, tmp_path / "elsewhere"))
    async with visit() as second:
        waiting = second.unfinished(file.name)
        await expect(waiting).to_contain_text(f"Choose {isolated(file.name)} again to go on.")
        await second.choose(copied)
        assert (await is_whole(second.row(file.name), file))["id"] == upload_id
    assert sorted(put.part_number for put in observer.puts) == [3, 4, 5]


async def test_after_a_crash_of_the_browser_no_finished_part_is_sent_again(
    *,
    service: Service,
    key_holder: KeyHolder,
    observer: Observer,
    sample: MakeSample,
    is_whole: IsWhole,
    tmp_path: Path,
) -> None:
    """One file is chosen again; of the other one the profile keeps the handle."""
    token, profile = await key_holder.token(), tmp_path / "profile"
    file = sample(5 * PART)
    observer.hold(after=PART // 16, beyond=2)
    async with chromium_of(profile) as context, visiting_in(context, service.url, token) as visitor:
        kept = await choose_kept(visitor, 4 * PART)
        await visitor.choose(file.path)
        await observer.until(
            lambda: sum(put.status == 200 for put in observer.puts) == 4 and len(observer.under_way) == 5
        )
        upload_ids = {name: await visitor.row(name).upload_id() for name in (file.name, kept.name)}
        await Engine(visitor.page, token).comes(IS_KEPT)
        await crash(context)
    observer.release()
    await observer.until(lambda: not observer.under_way)
    observer.forget()

    async with chromium_of(profile) as context, visiting_in(context, service.url, token) as visitor:
        await expect(visitor.unfinished(kept.name)).to_contain_text("one click goes on")
        await visitor.unfinished(kept.name).locator("[data-action=go-on]").click()
        await expect(visitor.unfinished(file.name)).to_contain_text(
            f"Choose {isolated(file.name)} again to go on."
        )
        await visitor.choose_again(file.name, file.path)
        for one in (kept, file):
            assert (await is_whole(visitor.row(one.name), one))["id"] == upload_ids[one.name]
    assert sorted(put.part_number for put in observer.puts) == [3, 3, 4, 4, 5]


async def choose_kept(visitor: Visitor, size: int) -> Sample:
    """Through a chooser whose handles the browser keeps."""
    await visitor.page.context.add_init_script(OWN_CHOOSER)
    await visitor.reload()
    sha256 = await Engine(visitor.page, "").write("kept.bin", size)
    await visitor.page.locator("#choose-files").click()
    return Sample(Path("kept.bin"), size, sha256)


async def crash(context: BrowserContext) -> None:
    """All at once, with no time to put anything away."""
    assert context.browser is not None
    async with asyncio.timeout(PATIENCE_MS / 1000):
        closed = asyncio.Event()
        context.on("close", lambda _context: closed.set())
        os.killpg(await process_group(context.browser), signal.SIGKILL)
        await closed.wait()
