"""`coordinator audit`, `sweep` and `fail` as processes of their own, on a real store: what they print and end with."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.local.bucket import LocalStore
from coordinator.uploads.model import new_mark
from coordinator.uploads.state import State
from tests.e2e.program import Ended, run
from tests.e2e.server import settings_for
from tests.integration.audit.hands import RealHands
from tests.integration.audit.scene import Scene, a_key


@pytest.fixture
def real_scene(engine: AsyncEngine, real_hands: RealHands) -> Scene:
    return Scene(engine, real_hands)


@pytest.fixture
def settings(audited_database: str, own_bucket: LocalStore) -> Mapping[str, str]:
    return settings_for(audited_database, own_bucket)


def secrets_of(ended: Ended, scene_settings: Mapping[str, str]) -> list[str]:
    """What must never be printed, and was."""
    secret = [scene_settings["COORDINATOR_STORE__SECRET_ACCESS_KEY"], "X-Amz-Signature"]
    return [one for one in secret if one in ended.stdout + ended.stderr]


async def test_a_house_in_order_and_one_that_is_not(
    real_scene: Scene, settings: Mapping[str, str], tmp_path: Path
) -> None:
    completed, lost = await real_scene.completed(), await real_scene.open()
    clean = await run(tmp_path, ["audit"], settings)
    assert (clean.code, clean.stderr) == (0, "")
    assert clean.stdout == (
        "2 rows, 1 multipart uploads, 1 objects (0 older than the ledger's memory, 0 not ours): no findings\n"
    )

    await real_scene.hands.delete_object(completed.key)
    await real_scene.abort_at_store(lost)
    orphan = a_key()
    made = await real_scene.create_at_store(orphan, new_mark())
    told = await run(tmp_path, ["audit"], settings)
    assert told.code == 1
    assert f"object.missing             {completed.key}: completed, and there is no object" in told.stdout
    assert "-> --apply would settle the row by what the store shows" in told.stdout
    assert await real_scene.states() == {(completed.key, "completed"), (lost.key, "open")}

    applied = await run(tmp_path, ["audit", "--apply", "--json"], settings)
    report = json.loads(applied.stdout)
    assert applied.code == 1
    assert report["summary"]["counts"] == {"multipart.orphan": 1, "object.missing": 1, "row.lost": 1}
    outcomes = {(finding["name"], finding["key"]): finding["outcome"] for finding in report["findings"]}
    assert outcomes == {
        ("object.missing", completed.key): None,
        ("row.lost", lost.key): "failed (lost)",
        ("multipart.orphan", orphan): None,
    }
    assert (await real_scene.row(lost)).state is State.FAILED
    assert await real_scene.hands.contents() == ([(orphan, made)], [])
    for ended in (clean, told, applied):
        assert secrets_of(ended, settings) == []
        assert completed.mark not in ended.stdout + ended.stderr
        assert made not in ended.stdout + ended.stderr


async def test_a_wrong_setting_ends_with_2(settings: Mapping[str, str], tmp_path: Path) -> None:
    ended = await run(tmp_path, ["audit"], {**settings, "COORDINATOR_STORE__BUCKET": "not-there"})
    assert (ended.code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("coordinator: store.bucket: ")


async def test_what_is_stuck_is_given_up_while_the_store_is_away(
    real_scene: Scene, settings: Mapping[str, str], tmp_path: Path
) -> None:
    row = await real_scene.aborting()
    away = {**settings, "COORDINATOR_STORE__ENDPOINT_URL": "http://127.0.0.1:9"}
    ended = await run(tmp_path, ["fail", str(row.id), "--yes", "--text", "the store is no more"], away)
    assert (ended.code, ended.stderr) == (0, "")
    assert "It becomes failed (unresolved), for ever." in ended.stdout
    assert ended.stdout.endswith(f"{row.id} is failed (unresolved)\n")
    assert (await real_scene.row(row)).reason_text == "the store is no more"
    assert len((await real_scene.hands.contents())[0]) == 1


async def test_a_sweep_prints_what_it_did(
    real_scene: Scene, settings: Mapping[str, str], tmp_path: Path
) -> None:
    row = await real_scene.aborting()
    await real_scene.sql("UPDATE uploads SET wake_at = now()")
    ended = await run(tmp_path, ["sweep"], {**settings, "COORDINATOR_LOG_LEVEL": "error"})
    assert (ended.code, ended.stdout, ended.stderr) == (0, "     1 aborting -> aborted\n", "")
    assert (await real_scene.row(row)).state is State.ABORTED
