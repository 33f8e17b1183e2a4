"""A start that somebody overtakes: whoever asked is told to ask again, and never given an upload that is not open."""

import asyncio

import pytest

from coordinator.errors import IdempotencyInProgress
from coordinator.storage.faults import Hold
from coordinator.uploads.state import State
from tests.integration.uploads.house import RULES, House, Replica, a_key, a_request


async def test_a_start_whose_lease_ended_while_the_store_was_asked(
    house: House, replica: Replica, other: Replica
) -> None:
    creating, looking = Hold(after_effect=True), Hold()
    house.store.script("create_multipart_upload", creating)
    house.store.script("list_multipart_uploads", looking)
    first = asyncio.create_task(replica.service.start("acme", "ada", a_request(), RULES, a_key()))
    await creating.reached.wait()
    await house.sql("UPDATE uploads SET lease_owner = NULL, lease_until = NULL, wake_at = now()")
    sweeping = asyncio.create_task(other.sweep())
    await looking.reached.wait()
    creating.released.set()
    with pytest.raises(IdempotencyInProgress) as overtaken:
        await first
    assert overtaken.value.retry_after == 1
    looking.released.set()
    assert await sweeping == 1
    again, _ = await replica.service.start("acme", "ada", a_request(), RULES, a_key())
    assert (again.kind, again.upload.state) == ("replayed", State.OPEN)
    assert house.store.names(again.upload) == [again.upload.multipart_upload_id]
