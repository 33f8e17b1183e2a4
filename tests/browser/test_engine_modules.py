"""What the client loads: for a plain upload no more than its size counts, and what does not come is asked for again."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Route

from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.engine import Engine
from tests.browser.files import PART
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder, Service
from tests.browser.visitor import Visitor

SIZE_REPORT = Path(__file__).parents[2] / "static" / "size.mjs"


@pytest.fixture
async def engine(visitor: Visitor, key_holder: KeyHolder) -> Engine:
    return Engine(visitor.page, await key_holder.token())


async def counted() -> set[str]:
    process = await asyncio.create_subprocess_exec("node", str(SIZE_REPORT), stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0, said
    found = re.search(r"^counted: (.+)$", said.decode(), re.MULTILINE)
    assert found
    return {f"/{name}" for name in found[1].split(", ")}


async def test_a_plain_upload_loads_the_modules_that_its_size_counts(
    visitor: Visitor, service: Service, key_holder: KeyHolder, sample: MakeSample
) -> None:
    # whatever is there that loads nothing by itself
    page = await visitor.page.context.new_page()
    await page.goto(f"{service.url}/upload/page.css")
    engine = Engine(page, await key_holder.token())
    loaded: set[str] = set()
    page.on("request", lambda request: loaded.add(urlsplit(request.url).path))
    await engine.prepare()
    await engine.add(sample(3 * PART).path)
    await engine.reaches("completed")
    assert {path for path in loaded if path.endswith(".js")} == await counted()


def failing(times: int) -> tuple[list[str], Callable[[Route], Awaitable[None]]]:
    """The URLs that were refused, and what refuses each of the first `times` requests for it."""
    refused: list[str] = []

    async def answer(route: Route) -> None:
        if refused.count(route.request.url) >= times:
            await route.continue_()
            return
        refused.append(route.request.url)
        await route.abort("connectionreset")

    return refused, answer


async def test_hashers_and_what_they_import_are_asked_for_until_they_come(
    engine: Engine, visitor: Visitor, sample: MakeSample, bucket: Bucket
) -> None:
    refused, answer = failing(2)
    await visitor.page.route(re.compile("/client/(digests/(open|crew)|wishes)[.]js"), answer)
    await engine.prepare(digests="sha256")
    file = sample(2 * PART)
    await engine.add(file.path)
    await engine.reaches("completed")
    assert {urlsplit(url).path.rpartition("/")[2] for url in refused} == {"open.js", "crew.js", "wishes.js"}
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256


async def test_the_relay_is_asked_for_until_it_comes(
    engine: Engine, visitor: Visitor, observer: Observer, sample: MakeSample, bucket: Bucket
) -> None:
    refused, answer = failing(2)
    await visitor.page.route("**/client/relay.js", answer)
    await engine.prepare()
    observer.block()
    file = sample(2 * PART)
    await engine.add(file.path)
    await engine.reaches("completed")
    assert await engine.told("path") == ["relay"]
    assert len(refused) == 2
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256


@pytest.mark.parametrize("times", [1, 1_000])
async def test_a_part_that_failed_is_sent_again_also_where_what_knows_more_of_it_does_not_come(
    engine: Engine, observer: Observer, sample: MakeSample, bucket: Bucket, times: int
) -> None:
    refused, answer = failing(times)
    await engine.page.route("**/client/recovery.js", answer)
    await engine.prepare()
    file = sample(3 * PART)
    observer.fail_each(2)
    await engine.add(file.path)
    await engine.reaches("completed")
    assert refused
    assert {put.status for put in observer.puts} > {200}
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256


async def test_what_learns_of_held_parts_is_asked_for_until_it_comes(
    engine: Engine, visitor: Visitor, observer: Observer, sample: MakeSample
) -> None:
    file = sample(2 * PART)
    await engine.prepare()
    observer.hold(after=PART // 16, beyond=1)
    await engine.add(file.path)
    await observer.until(lambda: observer.finished() == {1} and len(observer.under_way) == 1)
    await visitor.reload()
    observer.release()
    await observer.until(lambda: not observer.under_way)
    observer.forget()
    refused, answer = failing(2)
    await visitor.page.route(re.compile("/client/held[.]js"), answer)
    await engine.prepare()
    await engine.add(file.path)
    await engine.reaches("completed")
    assert [put.part_number for put in observer.puts] == [2]
    assert len(refused) == 2
