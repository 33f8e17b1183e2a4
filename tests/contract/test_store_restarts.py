"""A store that forgets when it restarts: what is completed stays so, what is not is called lost.

rclone forgets its uploads, and the objects' metadata too: whoever completes over its restart looks for a mark in vain.
"""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.errors import UploadGone
from coordinator.uploads.state import Reason, State
from tests.contract.bench import real_bench
from tests.contract.life import ADA, SMALL, Life
from tests.stores.rclone import running_rclone


async def test_a_restart_loses_what_is_open_and_nothing_that_is_completed(
    ledger: AsyncEngine, tmp_path: Path
) -> None:
    async with running_rclone(tmp_path) as running, real_bench(running) as real:
        life = Life(ledger, real)
        done, left = await life.sent(life.replica()), await life.sent(life.replica())
        await life.replica().service.complete(done.id, ADA)

    async with running_rclone(tmp_path, again=running) as running, real_bench(running) as real:
        life = Life(ledger, real)
        download = await life.replica().service.download(done.id, ADA)
        assert (await real.http.get(download.url)).content == SMALL
        assert (await life.row(done)).state is State.COMPLETED
        found = await real.store.head_object(done.key)
        assert found is not None
        assert found.mark is None, "it keeps metadata now: see docs/stores.md"
        with pytest.raises(UploadGone):
            await life.replica().service.complete(left.id, ADA)
        row = await life.row(left)
        assert (row.state, row.reason) == (State.FAILED, Reason.LOST)
        assert await life.ends(left) == ["upload.failed"]


async def test_a_restart_while_completing_never_ends_in_a_completion_that_cannot_be_proven(
    ledger: AsyncEngine, tmp_path: Path
) -> None:
    async with running_rclone(tmp_path) as running, real_bench(running) as real:
        life = Life(ledger, real)
        upload = await life.begin_to_complete(await life.sent(life.replica()))
        await life.complete_at_the_store(upload)

    async with running_rclone(tmp_path, again=running) as running, real_bench(running) as real:
        row = await Life(ledger, real).sweep(upload)
        assert (row.state, row.reason) == (State.FAILED, Reason.LOST)
        assert await real.store.head_object(upload.key) is not None, "what may be somebody's is not deleted"
