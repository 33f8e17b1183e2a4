"""Digests of parts, computed in workers under the page's own policy and bound into URLs: other bytes are refused."""

import os

import pytest

from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.engine import Engine
from tests.browser.files import PART
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder
from tests.browser.visitor import Visitor

REPORTED = """fetch('/v1/uploads/' + task.upload.id, {{ headers: {{ Authorization: 'Bearer {token}' }} }})
  .then((answer) => answer.json()).then((upload) => upload.parts_uploaded === {count})"""


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


async def test_a_file_that_was_touched_goes_on_where_its_parts_were_recorded_with_digests(
    engine: Engine, visitor: Visitor, observer: Observer, sample: MakeSample, bucket: Bucket
) -> None:
    await engine.prepare(digests="on")
    file = sample(4 * PART)
    observer.hold(after=PART // 16, beyond=2)
    await engine.add(file.path)
    await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 2)
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
