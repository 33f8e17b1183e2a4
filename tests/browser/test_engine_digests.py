"""Digests of parts, computed in workers under the page's own policy and bound into URLs: other bytes are refused."""

import asyncio
import os

import pytest
from playwright.async_api import Route

from tests.browser.bucket import Bucket
from tests.browser.chromium import chromium
from tests.browser.conftest import MakeSample
from tests.browser.engine import Engine
from tests.browser.files import MIB, PART
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder, Service
from tests.browser.visitor import PATIENCE_MS, Visitor, visiting

REPORTED = """fetch('/v1/uploads/' + task.upload.id, {{ headers: {{ Authorization: 'Bearer {token}' }} }})
  .then((answer) => answer.json()).then((upload) => upload.parts_uploaded === {count})"""
# clears away whatever can be while the reads are pending
READ = """async ([size, step]) => {
  const { Reading } = await import('/client/digests/reading.js');
  const often = setInterval(gc, 1);
  const [file] = document.querySelector('#own').files;
  const read = async () => {
    const reading = new Reading(file.slice(0, size), new AbortController().signal);
    let buffer = new ArrayBuffer(step);
    while (reading.left > 0) ({ buffer } = await reading.next(buffer));
  };
  await Promise.all([read(), read(), read(), read()]);
  clearInterval(often);
}"""
HASH = """async () => {
  const { openHasher, digestOf } = await import('/client/digests/open.js');
  const [file] = document.querySelector('#own').files;
  window.hash = (algorithm) => digestOf(openHasher(), algorithm, file, new AbortController().signal).catch(({ code }) => code);
}"""

STREAM = """async (gzip) => {
  const [file] = document.querySelector('#own').files;
  const [name, type] = ['log.txt', 'text/plain'];
  watch(gzip ? engine.add(new File([file], name, { type }), { gzip }) : engine.addStream(file.stream(), { name, type }));
}"""
READ_BACK = """async () => {
  const bytes = await (await fetch(await engine.downloadUrl(task.upload.id))).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}"""


@pytest.fixture
async def engine(visitor: Visitor, key_holder: KeyHolder) -> Engine:
    return Engine(visitor.page, await key_holder.token())


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
async def test_a_part_that_is_damaged_on_its_way_is_refused_and_sent_again(
    engine: Engine, observer: Observer, sample: MakeSample, bucket: Bucket, algorithm: str
) -> None:
    await engine.prepare(digests=algorithm)
    file = sample(3 * PART + 1)
    observer.damage(2)
    await engine.add(file.path)
    await engine.reaches("completed")
    assert [put.status for put in observer.puts if put.part_number == 2] == [400, 200]
    assert len(observer.puts) == 5
    assert len(engine.page.workers) > 0, "it was not computed on the page"
    upload = await engine.see("task.upload")
    assert await bucket.sha256(upload["key"]) == file.sha256
    assert upload["part_digests"] == {"rule": "optional", "algorithms": ["sha256", "md5"]}


@pytest.mark.parametrize("gzip", [False, True])
async def test_each_part_of_a_stream_is_bound_to_its_digest(
    engine: Engine, observer: Observer, sample: MakeSample, *, gzip: bool
) -> None:
    await engine.prepare(digests="on")
    file = sample(17 * MIB)
    observer.damage(2)
    await engine.page.set_input_files("#own", file.path)
    await engine.page.evaluate(STREAM, gzip)
    await engine.reaches("completed")
    assert [put.status for put in observer.puts if put.part_number == 2] == [400, 200]
    assert observer.finished() == {1, 2}
    assert await engine.page.evaluate(READ_BACK) == file.sha256


async def test_a_file_that_was_touched_goes_on_where_its_parts_were_recorded_with_digests(
    engine: Engine, visitor: Visitor, observer: Observer, sample: MakeSample, bucket: Bucket
) -> None:
    await engine.prepare(digests="on")
    file = sample(4 * PART)
    observer.hold(after=PART // 16, beyond=2)
    await engine.add(file.path)
    await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 2)
    # the store's answers are still on their way: what is paused before they come is not reported
    await engine.until("task.progress.partsDone === 2")
    await engine.see("task.pause()")
    observer.release()
    await observer.until(lambda: not observer.under_way)
    # what was sent is reported within a second
    await engine.comes(REPORTED.format(token=engine.token, count=2))
    observer.forget()
    os.utime(file.path, (1_000_000_000, 1_000_000_000))
    await visitor.reload()
    await engine.prepare()
    await engine.add(file.path)
    await engine.reaches("completed")
    assert {put.part_number for put in observer.puts} == {3, 4}
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256


async def test_md5_is_computed_by_webassembly_under_the_page_s_own_policy(
    engine: Engine, visitor: Visitor, sample: MakeSample, bucket: Bucket
) -> None:
    await engine.prepare(digests="md5")
    file = sample(5 * PART + 1)
    await engine.add(file.path)
    await engine.reaches("completed")
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256
    assert visitor.asked("GET", "/client/digests/lanes.js")
    assert not visitor.asked("GET", "/client/digests/md5.js"), "the way without WebAssembly was taken"


async def test_where_webassembly_is_forbidden_md5_is_computed_without_it(
    engine: Engine, visitor: Visitor, sample: MakeSample, bucket: Bucket
) -> None:
    async def forbid(route: Route) -> None:
        answer = await route.fetch()
        headers = answer.headers | {"content-security-policy": "default-src 'none'; script-src 'self'"}
        await route.fulfill(response=answer, headers=headers)

    await visitor.page.route("**/digests/worker.js", forbid)
    await engine.prepare(digests="md5")
    file = sample(5 * PART + 1)
    await engine.add(file.path)
    await engine.reaches("completed")
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256
    assert visitor.asked("GET", "/client/digests/md5.js")


async def test_a_read_that_nothing_refers_to_is_not_cleared_away(
    service: Service, key_holder: KeyHolder, sample: MakeSample
) -> None:
    token = await key_holder.token()
    file = sample(2 * PART)
    async with (
        chromium("--js-flags=--expose-gc") as browser,
        visiting(browser, service.url, token) as visitor,
    ):
        engine = Engine(visitor.page, token)
        await engine.prepare()
        await visitor.page.set_input_files("#own", file.path)
        async with asyncio.timeout(PATIENCE_MS / 1_000):
            await visitor.page.evaluate(READ, [file.size, 65_536])


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
async def test_a_file_that_changed_is_told_apart_from_one_that_cannot_be_hashed(
    engine: Engine, sample: MakeSample, algorithm: str
) -> None:
    await engine.prepare()
    file = sample(PART + 1)
    await engine.page.set_input_files("#own", file.path)
    await engine.page.evaluate(HASH)
    assert len(await engine.see(f"hash('{algorithm}')")) > len("file_changed")
    file.path.write_bytes(b"shorter")
    assert await engine.see(f"hash('{algorithm}')") == "file_changed"
