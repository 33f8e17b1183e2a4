"""One ledger, and a process that serves another bucket than the row's: it lets the row alone, and says so."""

import pytest

from coordinator.errors import BucketElsewhere
from coordinator.uploads.model import Claim, LeaseOwner, Upload
from coordinator.uploads.requests import WantedPart
from coordinator.uploads.state import State
from tests.integration.uploads.house import ADA, RULES, House, Replica, Store, a_key, a_request

MARK = "f" * 64


@pytest.fixture
def stranger(house: House) -> Replica:
    """A process with `store.bucket` set to another one."""
    return house.replica(store=Store("other"))


def asked(replica: Replica) -> list[str]:
    store = replica.driver.driving.store
    assert isinstance(store, Store)
    return [*store.calls]


async def test_whatever_needs_the_store_is_refused_and_changes_nothing(
    house: House, replica: Replica, stranger: Replica
) -> None:
    upload = await house.sent(replica)
    service = stranger.service
    for refused in (
        service.sign(upload.id, ADA, [WantedPart(1)]),
        service.parts(upload.id, ADA, refresh=True),
        service.complete(upload.id, ADA),
        service.abort(upload.id, ADA),
    ):
        with pytest.raises(BucketElsewhere, match=r"'uploads'.*'other'"):
            await refused
    assert (await service.record(upload.id, ADA, [Claim(1)])).parts_uploaded == 1
    assert (await service.parts(upload.id, ADA))[0]
    assert asked(stranger) == []
    row = await house.row(upload)
    assert (row.state, row.epoch) == (State.OPEN, upload.epoch)
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED


async def test_an_end_is_told_anywhere_but_no_url_of_its_object(
    house: House, replica: Replica, stranger: Replica
) -> None:
    upload = await house.sent(replica)
    await replica.service.complete(upload.id, ADA)
    assert (await stranger.service.complete(upload.id, ADA)).state is State.COMPLETED
    with pytest.raises(BucketElsewhere):
        await stranger.service.download(upload.id, ADA)


@pytest.mark.parametrize("state", [State.CREATING, State.OPEN, State.COMPLETING, State.ABORTING])
async def test_the_sweep_leaves_it_to_whoever_serves_its_bucket(
    house: House, replica: Replica, stranger: Replica, state: State
) -> None:
    upload = await _at(house, replica, state)
    await house.due(upload)
    assert await stranger.sweep() == 0
    assert asked(stranger) == []
    assert (await house.row(upload)).state is state
    assert await replica.sweep() == 1


async def test_a_late_check_is_made_in_the_row_s_own_bucket(
    house: House, replica: Replica, stranger: Replica
) -> None:
    upload = await house.sent(replica)
    land = house.store.lose(upload)
    await replica.service.abort(upload.id, ADA)
    land()
    await house.due(upload)
    assert await stranger.sweep() == 0
    assert await replica.sweep() == 1
    assert house.store.names(upload) == []


async def test_a_replayed_start_is_refused(house: House, replica: Replica, stranger: Replica) -> None:
    await replica.service.start("acme", "ada", a_request(), RULES, a_key())
    with pytest.raises(BucketElsewhere):
        await stranger.service.start("acme", "ada", a_request(), RULES, a_key())
    assert asked(stranger) == []


async def test_a_fingerprint_begins_anew_where_it_is_started_now_and_resumes_there(
    house: House, replica: Replica, stranger: Replica
) -> None:
    request = a_request(fingerprint=MARK)
    first, _ = await replica.service.start("acme", "ada", request, RULES)
    second, _ = await stranger.service.start("acme", "ada", request, RULES)
    third, _ = await stranger.service.start("acme", "ada", request, RULES)
    assert (second.kind, second.upload.bucket) == ("created", "other")
    assert (third.kind, third.upload.id) == ("resumed", second.upload.id)
    house.send(first.upload)
    assert (await replica.service.complete(first.upload.id, ADA)).state is State.COMPLETED


async def _at(house: House, replica: Replica, state: State) -> Upload:
    if state is State.CREATING:
        return await house.intent(LeaseOwner("gone"))
    upload = await house.sent(replica)
    await house.sql(
        "UPDATE uploads SET state = :state, expires_at = now(), reason = 'client' WHERE id = :id",
        state=state.value,
        id=upload.id,
    )
    if state is State.COMPLETING:
        await house.sql("UPDATE uploads SET manifest = '[]' WHERE id = :id", id=upload.id)
    return await house.row(upload)
