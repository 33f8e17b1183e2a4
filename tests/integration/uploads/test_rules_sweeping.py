"""The sweep's own loop: what it bounds, and what it does not let wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from coordinator.storage.faults import Hold, Refuse
from coordinator.uploads.model import Upload
from coordinator.uploads.state import Event, State
from coordinator.workers.sweeper import Sweeper
from tests.integration.uploads.house import ADA, DOWN, House, Replica, until
from tests.integration.uploads.outcomes import COMPLETE, held, in_state


@asynccontextmanager
async def sweeping(replica: Replica, places: int) -> AsyncIterator[None]:
    task = asyncio.create_task(Sweeper(replica.driver, timedelta(seconds=0.02), places).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def completing(house: House, replica: Replica) -> Upload:
    """Left by a process that died with its Complete unsent, longer ago than an attempt may take."""
    upload = await house.sent(replica)
    await held(house, replica, upload)
    await replica.driver.close(timedelta(0))
    return await house.age(upload, timedelta(minutes=6))


async def aborting(house: House, replica: Replica) -> Upload:
    """Left by a process whose store did not answer."""
    upload = await house.sent(replica)
    house.store.script("list_multipart_uploads", Refuse(DOWN))
    await replica.service.abort(upload.id, ADA)
    return await house.due(upload)


async def test_an_abort_is_driven_while_a_complete_hangs(
    house: House, replica: Replica, other: Replica
) -> None:
    slow, hold = await completing(house, replica), Hold()
    house.store.script(COMPLETE, hold)
    async with sweeping(other, places=2):
        await hold.reached.wait()
        for _ in range(3):
            upload = await aborting(house, replica)
            await until(lambda upload=upload: in_state(house, upload, State.ABORTED))  # type: ignore[misc]  # a bound copy
        assert (await house.row(slow)).state is State.COMPLETING
        hold.released.set()
        await until(lambda: in_state(house, slow, State.COMPLETED))


async def test_no_more_rows_are_driven_at_once_than_there_are_places(
    house: House, replica: Replica, other: Replica
) -> None:
    rows = [await completing(house, replica) for _ in range(5)]
    holds = [Hold() for _ in rows]
    house.store.script(COMPLETE, *holds)
    house.store.most_at_once.clear()
    async with sweeping(other, places=2):
        for hold in holds:
            await hold.reached.wait()
            hold.released.set()
        for row in rows:
            await until(lambda row=row: in_state(house, row, State.COMPLETED))  # type: ignore[misc]  # a bound copy
    assert house.store.most_at_once[COMPLETE] <= 2


async def test_a_row_that_comes_due_again_while_it_is_driven_has_one_driver(
    house: House, replica: Replica, other: Replica
) -> None:
    upload, looking = await house.sent(replica), Hold()
    await house.age(upload, timedelta(days=7))
    house.store.script("list_multipart_uploads", looking)
    async with sweeping(other, places=2):
        await looking.reached.wait()
        claims = 0
        while claims < 3:
            await house.sql(
                "UPDATE uploads SET wake_at = now(), lease_until = now() WHERE id = :id", id=upload.id
            )
            await until(lambda: _claimed(house, upload))
            claims += 1
        looking.released.set()
        await until(lambda: in_state(house, upload, State.ABORTED))
    assert Event.TAKEN_OVER.value.removeprefix("upload.") not in await house.events(upload)


async def _claimed(house: House, upload: Upload) -> bool:
    row = await house.row(upload)
    return row.wake_at is not None and row.wake_at > row.now
