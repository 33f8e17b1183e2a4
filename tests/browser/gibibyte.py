"""1 GiB from a real page into a real store, whole. Outside the suite for its length; by hand:

pytest tests/browser/gibibyte.py
"""

import hashlib
from pathlib import Path

from tests.browser.bucket import Bucket
from tests.browser.engine import Engine
from tests.browser.files import MIB
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder
from tests.browser.visitor import Visitor

PIECE = bytes(range(256)) * (MIB // 256 - 1)


def write_gibibyte(path: Path) -> str:
    """No two MiB are alike. Its SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for number in range(1024):
            piece = number.to_bytes(256) + PIECE
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


async def test_a_gibibyte_arrives_whole(
    visitor: Visitor, observer: Observer, key_holder: KeyHolder, bucket: Bucket, tmp_path: Path
) -> None:
    path = tmp_path / "gibibyte.bin"
    sha256 = write_gibibyte(path)
    engine = Engine(visitor.page, await key_holder.token())
    await engine.prepare()
    await engine.add(path)
    # in steps, each within the usual patience
    for percent in range(5, 100, 5):
        await visitor.page.wait_for_function(
            f"() => task.error || task.progress.fraction >= {percent / 100}", timeout=60_000
        )
    await engine.reaches("completed")
    assert await bucket.sha256((await engine.see("task.upload"))["key"]) == sha256
    assert len(observer.puts) == 64
