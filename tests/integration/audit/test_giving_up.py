"""The admin's way out: from completing and aborting alone, never under a driver's hands, and without the store."""

import pytest

from coordinator.audit.giving_up import give_up, stuck
from coordinator.errors import ConfigurationError
from coordinator.uploads.model import new_upload_id
from coordinator.uploads.state import TERMINAL, Event, State
from tests.integration.audit.hands import FakeHands
from tests.integration.audit.scene import ME, Scene

MAY = {State.COMPLETING, State.ABORTING}


@pytest.mark.parametrize("state", sorted(MAY))
async def test_a_stuck_row_is_given_up_and_the_store_is_not_asked(
    state: State, fake_scene: Scene, fake_hands: FakeHands
) -> None:
    row = next(row for row in await fake_scene.house() if row.state is state)
    fake_hands.store.calls.clear()
    moved = await give_up(fake_scene.uploads, await stuck(fake_scene.uploads, row.id), "403 since Monday")
    assert (moved.state, moved.reason, moved.reason_text) == (State.FAILED, "unresolved", "403 since Monday")
    assert (moved.wake_at, moved.epoch) == (None, row.epoch + 1)
    told = await fake_scene.sql("SELECT type FROM events WHERE upload_id = :id ORDER BY id", id=row.id)
    assert told[-1] == ("upload.failed",)
    assert fake_hands.store.calls == []


@pytest.mark.parametrize("state", sorted(set(State) - MAY))
async def test_others_are_refused_in_words(state: State, fake_scene: Scene) -> None:
    row = next(row for row in await fake_scene.house() if row.state is state)
    with pytest.raises(ConfigurationError) as refused:
        await stuck(fake_scene.uploads, row.id)
    assert refused.value.setting == "UPLOAD_ID"
    expected = {"completed", "aborted", "failed"} if state in TERMINAL else {"created", "open"}
    assert any(word in refused.value.problem for word in expected)
    assert await fake_scene.states() >= {(row.key, state)}


@pytest.mark.parametrize("state", [State.ABORTED, State.FAILED])
async def test_a_late_check_is_given_up_and_the_end_stays(state: State, fake_scene: Scene) -> None:
    row = next(row for row in await fake_scene.house() if row.state is state)
    await fake_scene.sql("UPDATE uploads SET wake_at = now(), attempts = 12 WHERE id = :id", id=row.id)
    given_up = await give_up(fake_scene.uploads, await stuck(fake_scene.uploads, row.id), None)
    assert (given_up.state, given_up.reason, given_up.epoch) == (state, row.reason, row.epoch)
    assert given_up.wake_at is None


async def test_nobody_s_upload(fake_scene: Scene) -> None:
    with pytest.raises(ConfigurationError, match="there is no upload"):
        await stuck(fake_scene.uploads, new_upload_id())


async def test_not_while_somebody_drives_it(fake_scene: Scene) -> None:
    row = await fake_scene.aborting()
    await fake_scene.sql(
        "UPDATE uploads SET lease_owner = :me, lease_until = now() + interval '1 minute' WHERE id = :id",
        me=ME,
        id=row.id,
    )
    with pytest.raises(ConfigurationError, match="a process is at it right now"):
        await stuck(fake_scene.uploads, row.id)


async def test_what_moves_on_meanwhile_is_left_alone(fake_scene: Scene) -> None:
    row = await stuck(fake_scene.uploads, (await fake_scene.aborting()).id)
    await fake_scene.moved(row, Event.ABORTED)
    with pytest.raises(ConfigurationError, match="moved on"):
        await give_up(fake_scene.uploads, row, None)
    assert (await fake_scene.row(row)).state is State.ABORTED
