"""One sweep, for a timer: all that is due is driven, and counted by what became of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from coordinator.cli.sweep import forget, sweep
from coordinator.storage.fake import Call, FakeStore, Moment
from coordinator.storage.faults import FailBefore
from coordinator.uploads.driver import Driver
from coordinator.uploads.driving import Driving, Timing
from coordinator.uploads.model import Upload
from coordinator.uploads.state import State
from tests.integration.audit.hands import FakeHands
from tests.integration.audit.scene import ME, Scene


def a_driver(scene: Scene) -> Driver:
    return Driver(Driving(scene.uploads, scene.hands.store, ME, Timing(complete_retries=(), gone_rereads=())))


async def due(scene: Scene, *rows: Upload) -> None:
    """Nobody drives them, and their time has come: for open ones the end of their lives."""
    await scene.sql(
        "UPDATE uploads SET lease_owner = NULL, lease_until = NULL, wake_at = now() - interval '1 second',"
        " created_at = now() - interval '2 hours', expires_at = now() - interval '1 second' WHERE id = ANY(:ids)",
        ids=[row.id for row in rows],
    )


async def swept(scene: Scene, **wishes: Any) -> dict[str, int]:
    driver = a_driver(scene)
    counted = await sweep(driver, **{"once": False} | wishes)
    await driver.close(timedelta(0))
    return dict(counted)


async def test_nothing_is_due(fake_scene: Scene) -> None:
    await fake_scene.open()
    assert await swept(fake_scene) == {}


async def test_what_is_due_is_driven_to_its_end(fake_scene: Scene) -> None:
    await due(
        fake_scene, await fake_scene.completing(), await fake_scene.aborting(), await fake_scene.aborting()
    )
    left = await fake_scene.open()
    late = await fake_scene.aborted()
    await due(fake_scene, late)
    assert await swept(fake_scene) == {
        "completing, looked at": 1,
        "aborting -> aborted": 2,
        "aborted, looked at": 1,
    }
    assert (await fake_scene.row(left)).state is State.OPEN
    assert (await fake_scene.row(late)).wake_at is None


async def test_batch_after_batch_unless_once(fake_scene: Scene) -> None:
    await due(fake_scene, *[await fake_scene.aborting() for _ in range(5)])
    assert await swept(fake_scene, once=True, batch=2) == {"aborting -> aborted": 2}
    assert await swept(fake_scene, batch=2) == {"aborting -> aborted": 3}


async def test_what_waits_for_the_store_waits_on(fake_scene: Scene, fake_hands: FakeHands) -> None:
    await due(fake_scene, await fake_scene.aborting())
    fake_hands.store.script("list_multipart_uploads", FailBefore())
    assert await swept(fake_scene) == {"aborting, looked at": 1}


async def test_a_drive_that_breaks_is_counted_and_ends_nothing(fake_scene: Scene) -> None:
    broken = await fake_scene.aborting()

    async def break_once(call: Call, moment: Moment) -> None:
        if (call.operation, call.key, moment) == ("abort_multipart_upload", broken.key, "sent"):
            raise ZeroDivisionError

    store = FakeStore(clock=lambda: datetime.now(UTC), pause=break_once)
    scene = Scene(fake_scene.engine, FakeHands(store))
    await due(scene, broken, await scene.aborting())
    assert await swept(scene) == {"broken": 1, "aborting -> aborted": 1}


async def test_what_is_old_is_forgotten_page_by_page(fake_scene: Scene) -> None:
    rows = [await fake_scene.aborted() for _ in range(3)]
    await fake_scene.sql(
        "UPDATE uploads SET updated_at = now() - interval '31 days' WHERE id = ANY(:ids)",
        ids=[row.id for row in rows],
    )
    await fake_scene.aborted()
    assert await forget(fake_scene.uploads, None) == {}
    month = timedelta(days=30)
    assert await forget(fake_scene.uploads, month, batch=1) == {"ended uploads forgotten": 3}
    assert await forget(fake_scene.uploads, month) == {}
