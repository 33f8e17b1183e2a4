import asyncio
import json
import time

import pytest

from coordinator.doctor import examination
from coordinator.doctor.bench import Bench
from coordinator.doctor.bucket import BucketRefused
from coordinator.doctor.check import Check
from coordinator.doctor.examination import NAMES
from coordinator.doctor.finding import Verdict, passed
from tests.integration.doctor.patients import OF_TEST_DATABASES, Healthy


async def test_a_healthy_patient_passes_every_check_within_ten_seconds(healthy: Healthy) -> None:
    """Of this process's own work: how long it waits is for the machine to say."""
    began = time.process_time()
    report = await healthy.examined()
    assert time.process_time() - began < 10
    assert [finding.name for finding in report.findings] == list(NAMES)
    assert {f.name: f.detail for f in report.findings if f.status != "passed"}.keys() <= OF_TEST_DATABASES
    assert [f.name for f in report.findings if f.status == "passed" and f.remedy] == []


async def test_nothing_of_the_probes_is_left(healthy: Healthy) -> None:
    report = await healthy.examined()
    assert report.left == []
    assert await healthy.remaining() == []


async def test_no_secret_and_no_signature_is_in_the_report(healthy: Healthy) -> None:
    wrong = "an-entirely-wrong-secret"
    for report in (await healthy.examined(), await healthy.examined({"secret_access_key": wrong})):
        text = json.dumps([(f.detail, f.remedy) for f in report.findings])
        password = healthy.database_url.partition("@")[0].rpartition(":")[2]
        for secret in (healthy.store["secret_access_key"], wrong, password, "X-Amz-", "uploadId="):
            assert secret not in text


async def test_a_run_cut_short_removes_its_probes_all_the_same(
    healthy: Healthy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Ctrl-C arrives: the whole run is cancelled."""
    reached = asyncio.Event()

    async def never_end(bench: Bench) -> Verdict:
        await bench.completed("finished")
        await bench.accepted_part(await bench.open("begun"))
        reached.set()
        await asyncio.Event().wait()
        return passed("never")

    monkeypatch.setattr(examination, "STORE_CHECKS", (Check("never.ends", never_end),))
    running = asyncio.ensure_future(healthy.examined())
    await asyncio.wait_for(reached.wait(), 60)
    assert len(await healthy.remaining()) == 2
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await healthy.remaining() == []


async def test_what_cannot_be_removed_is_named(healthy: Healthy, monkeypatch: pytest.MonkeyPatch) -> None:
    async def leave(bench: Bench) -> Verdict:
        await bench.completed("kept")
        return passed("left")

    async def refuse(*_: object) -> None:
        raise BucketRefused("AccessDenied", 403)

    monkeypatch.setattr(examination, "STORE_CHECKS", (Check("leaves.one", leave),))
    monkeypatch.setattr("coordinator.doctor.bucket.Bucket.remove", refuse)
    report = await healthy.examined()
    [key] = report.left
    assert key.startswith(".coordinator-doctor/")
    assert report["probes.removed"].status == "warning"
    assert key in report["probes.removed"].detail
    assert "s3:DeleteObject" in report["probes.removed"].remedy
