"""Bad weather of every kind, many files, and what has no length: everything arrives whole without anybody's help."""

import hashlib

import pytest

from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.engine import Engine
from tests.browser.files import MIB, PART
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder
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
GZIP = """async (words) => {
  watch(engine.add(new File([words], 'log.txt', { type: 'text/plain' }), { gzip: true }));
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
    observer.fail_each(5)
    await engine.add(file.path)
    await engine.reaches("completed")
    assert {put.status for put in observer.puts} >= {200, 500, None}
    assert observer.finished() == set(range(1, 13))
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == file.sha256


CUT_SECONDS = 20.0
RELAYED = r"/v1/uploads/[^/]+/parts/\d+"


async def test_a_store_that_is_cut_off_for_20_seconds_is_waited_for(
    *,
    engine: Engine,
    visitor: Visitor,
    observer: Observer,
    service_cable: Cable,
    sample: MakeSample,
    bucket: Bucket,
) -> None:
    """By everybody: the service cannot reach the store either, and says so when a part is tried through it."""
    await engine.prepare()
    file = sample(6 * PART)
    observer.hold(after=PART // 16, beyond=1)
    await engine.add(file.path)
    await observer.until(lambda: observer.finished() == {1} and len(observer.under_way) >= 4)
    observer.release()
    service_cable.cut()
    observer.away(CUT_SECONDS)
    try:
        await engine.until("task.troubled")
        await observer.until(lambda: not observer.blocked)
        assert await engine.see("task.state") == "uploading"
        # an outage is not taken for a way that is blocked
        assert await engine.told("path") == []
    finally:
        service_cable.mend()
    relayed = visitor.asked("PUT", RELAYED)
    await engine.reaches("completed")
    answers = [await request.response() for request in relayed]
    assert 503 in [answer.status for answer in answers if answer]
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
    await engine.prepare()
    words = "the same words over and over, " * 20_000
    await visitor.page.evaluate(GZIP, words)
    await engine.reaches("completed")
    upload = await engine.see("task.upload")
    assert upload["content_encoding"] == "gzip"
    assert upload["size"] < len(words) / 20
    assert await visitor.page.evaluate(READ_BACK) == words
