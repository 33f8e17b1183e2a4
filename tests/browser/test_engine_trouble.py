"""Bad weather of every kind, many files, and what has no length: everything arrives whole without anybody's help."""

import hashlib
import re
from datetime import timedelta

import pytest
from playwright.async_api import Response

from tests.browser.brief import now, passes
from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.engine import Engine
from tests.browser.files import MIB, PART
from tests.browser.observer import Observer
from tests.browser.service import PLAIN, KeyHolder
from tests.browser.visitor import Visitor
from tests.e2e.cable import Cable

STREAM = """async (size) => {
  let at = 0;
  const stream = new ReadableStream({
    pull(out) {
      const piece = new Uint8Array(Math.min(300_000, size - at));
      for (let index = 0; index < piece.length; index += 1) piece[index] = (at + index) % 251;
      at += piece.length;
      out.enqueue(piece);
      if (at === size) out.close();
    },
  });
  watch(engine.addStream(stream, { name: 'recording.webm', type: 'video/webm' }));
}"""
GZIP = """async ([words, policy]) => {
  watch(engine.add(new File([words], 'log.txt', { type: 'text/plain' }), { gzip: true, policy }));
}"""
READ_BACK = "async () => (await fetch(await engine.downloadUrl(task.upload.id))).text()"
MANY = """async (count) => {
  for (let number = 0; number < count; number += 1)
    engine.add(new File([`file ${number} `.repeat(1 + number * 40)], `${number}.txt`), { path: `many/${number}.txt` });
}"""
STATES = "() => engine.uploads.map((upload) => upload.state)"


@pytest.fixture
async def engine(visitor: Visitor, key_holder: KeyHolder) -> Engine:
    return Engine(visitor.page, await key_holder.token())


async def test_a_fifth_of_all_parts_fails_in_turns_and_the_file_arrives_whole(
    engine: Engine, observer: Observer, sample: MakeSample, bucket: Bucket
) -> None:
    await engine.prepare()
    file = sample(12 * PART)
    observer.fail_each(3)
    await engine.add(file.path)
    await engine.reaches("completed")
    assert {put.status for put in observer.puts} >= {200, 403, 500, 503, None}
    failed = [put for put in observer.puts if put.status != 200]
    assert 5 * len(failed) >= len(observer.puts)
    assert observer.finished() == set(range(1, 13))
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256


CUT = timedelta(seconds=20)
RELAYED = re.compile(r"/v1/uploads/[^/]+/parts/\d+$")


def is_refused_relay(answer: Response) -> bool:
    return RELAYED.search(answer.url) is not None and answer.status == 503


async def test_a_store_that_is_cut_off_for_20_seconds_is_waited_for(
    *,
    engine: Engine,
    visitor: Visitor,
    observer: Observer,
    service_cable: Cable,
    sample: MakeSample,
    bucket: Bucket,
) -> None:
    await engine.prepare()
    file = sample(6 * PART)
    observer.hold(after=PART // 16, beyond=1)
    await engine.add(file.path)
    await observer.until(lambda: observer.finished() == {1} and len(observer.under_way) >= 4)
    service_cable.cut()
    observer.block()
    observer.drop()
    over = now() + CUT
    try:
        async with visitor.page.expect_response(is_refused_relay) as refused:
            await engine.until("task.troubled")
        # the service cannot reach it either, and says so of a part that is tried through it
        assert (await (await refused.value).json())["code"] == "storage_unavailable"
        await passes(over)
        assert await engine.see("task.state") == "uploading"
        # an outage is not taken for a way that is blocked
        assert await engine.told("path") == []
    finally:
        service_cable.mend()
        observer.release()
    await engine.reaches("completed")
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256


async def test_many_small_files_go_up_side_by_side(
    engine: Engine, visitor: Visitor, observer: Observer, key_holder: KeyHolder
) -> None:
    await engine.prepare()
    await visitor.page.evaluate(MANY, 60)
    await visitor.page.wait_for_function(f"{STATES}.every((state) => state === 'completed')", timeout=60_000)
    assert len(observer.puts) == 60
    assert (
        max(sum(one.began <= put.began < (one.ended or 0) for one in observer.puts) for put in observer.puts)
        > 1
    )
    ids = await engine.see("engine.uploads.map((upload) => upload.upload.id)")
    found = await key_holder.upload(ids[7])
    assert (found["filename"], found["metadata"]["path"]) == ("7.txt", "many/7.txt")
    # one PutObject for each, and nothing to report about it
    assert not visitor.asked("PUT", r"/v1/uploads/[^/]+/parts")


async def test_a_stream_goes_up_while_it_is_made(
    engine: Engine, visitor: Visitor, bucket: Bucket, observer: Observer
) -> None:
    await engine.prepare()
    size = 2 * 16 * MIB + 12_345
    await visitor.page.evaluate(STREAM, size)
    await engine.reaches("completed")
    upload = await engine.see("task.upload")
    assert (upload["size"], upload["part_count"]) == (size, 3)
    whole = (bytes(range(251)) * (size // 251 + 1))[:size]
    assert await bucket.sha256(upload["key"]) == hashlib.sha256(whole).hexdigest()
    assert [put.size for put in sorted(observer.puts, key=lambda put: put.part_number)] == [
        16 * MIB,
        16 * MIB,
        12_345,
    ]


async def test_gzip_on_the_way_and_readers_get_the_file_as_it_was(engine: Engine, visitor: Visitor) -> None:
    """Where the policy allows it; elsewhere the file goes up as it is."""
    await engine.prepare()
    words = "the same words over and over, " * 20_000
    for policy, encoding, most in (("default", "gzip", len(words) // 20), (PLAIN, None, len(words))):
        await visitor.page.evaluate(GZIP, [words, policy])
        await engine.reaches("completed")
        upload = await engine.see("task.upload")
        assert upload["content_encoding"] == encoding
        assert upload["size"] <= most
        assert await visitor.page.evaluate(READ_BACK) == words
    assert [one for one in await engine.told("state") if one == "failed"] == []
