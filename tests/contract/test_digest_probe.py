"""Whether a store holds a part to its SHA-256 is found out by asking it, and the question leaves nothing behind."""

from typing import cast

from coordinator.storage.probing import PROBE_PREFIX
from coordinator.uploads.whole_bucket import WholeBucket
from tests.contract.bench import Bench


async def test_the_probe_says_what_the_store_does_with_other_bytes(bench: Bench) -> None:
    assert await bench.store.probe_sha256() == (bench.profile.checks_sha256 == "refuses")
    left = await cast(WholeBucket, bench.store).page_of_multipart_uploads(PROBE_PREFIX, None)
    assert not left.rows
