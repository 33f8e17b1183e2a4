"""1 GiB from a real page into a real store, whole: about 13 seconds on two cores."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.bucket import Bucket
from tests.browser.engine import Engine
from tests.browser.files import MIB, Sample
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder
from tests.browser.visitor import Visitor

SIZE = 1024 * MIB
PIECE = bytes(range(256)) * (MIB // 256 - 1)


@pytest.fixture
def gibibyte(tmp_path: Path) -> Iterator[Sample]:
    """No two MiB are alike."""
    path = tmp_path / "gibibyte.bin"
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for number in range(SIZE // MIB):
            piece = number.to_bytes(256) + PIECE
            digest.update(piece)
            file.write(piece)
    yield Sample(path, SIZE, digest.hexdigest())
    # pytest keeps the folders of its last runs
    path.unlink()


async def test_a_gibibyte_arrives_whole(
    visitor: Visitor, observer: Observer, key_holder: KeyHolder, bucket: Bucket, gibibyte: Sample
) -> None:
    engine = Engine(visitor.page, await key_holder.token())
    await engine.prepare()
    await engine.add(gibibyte.path)
    # in steps, each within the usual patience
    for percent in range(5, 100, 5):
        await engine.until(f"task.error || task.progress.fraction >= {percent / 100}")
    await engine.reaches("completed")
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == gibibyte.sha256
    assert len(observer.puts) == 60, "sixteen MiB and a little: ten times six"
