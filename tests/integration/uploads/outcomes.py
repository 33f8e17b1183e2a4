"""What a test waits for, and what must be true of every upload that was completed."""

from typing import Final

from coordinator.storage.faults import Hold
from coordinator.uploads.model import Upload
from coordinator.uploads.state import State
from tests.integration.uploads.house import ADA, QUICK, House, Replica, until

ABORT: Final = "abort_multipart_upload"
COMPLETE: Final = "complete_multipart_upload"


async def in_state(house: House, upload: Upload, state: State) -> bool:
    return (await house.row(upload)).state is state


async def let_go(house: House, upload: Upload) -> bool:
    """Whether nobody drives the row."""
    return (await house.row(upload)).lease_until is None


async def assert_completed_once(house: House, upload: Upload, *between: str) -> None:
    """The row says what the store holds, one end was told of, and attempts neither overlapped nor differed.

    `between`: the events after `opened` and before `completed`.
    """
    row = await house.row(upload)
    assert row.state is State.COMPLETED
    stored = await house.store.head_object(upload.key)
    assert stored is not None
    assert (stored.mark, stored.size, stored.etag) == (row.mark, row.size, row.etag)
    assert await house.events(upload) == ["created", "opened", *between, "completed"]
    assert house.store.most_at_once[COMPLETE] <= 1
    assert len(set(house.store.manifests)) <= 1


async def held(house: House, replica: Replica, upload: Upload, *, after_effect: bool = False) -> Hold:
    """Ask for completion and do not wait for it; the store has the call, and holds it."""
    hold = Hold(after_effect=after_effect)
    house.store.script(COMPLETE, hold)
    assert (await replica.service.complete(upload.id, ADA, wait=QUICK)).state is State.COMPLETING
    await hold.reached.wait()
    return hold


async def rested(house: House, replica: Replica, upload: Upload) -> Upload:
    """Ask for completion; the row when its driver could not decide and has let it go."""
    await replica.service.complete(upload.id, ADA, wait=QUICK)
    await until(lambda: let_go(house, upload))
    return await house.row(upload)
