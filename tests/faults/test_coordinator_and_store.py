"""Between coordinator and store: whatever the wire does to a call, the outcome is right, and told once."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from coordinator.local.bucket import store_client
from tests.e2e.device import PART
from tests.e2e.waiting import eventually
from tests.faults.calls import Call
from tests.faults.faults import BitFlip, Duplicate
from tests.faults.line import Line
from tests.faults.matrix import Case, cases

Running = Mapping[Case, asyncio.Task[None]]

FIRST = secrets.token_bytes(PART)


@pytest.fixture(scope="module")
async def running(line: Line, request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    """All chosen cases at once: most of their time is spent on waiting for the coordinator's next look."""
    tasks = {case: asyncio.create_task(run(line, case)) for case in chosen(request.session.items)}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


def chosen(items: Sequence[pytest.Item]) -> list[Case]:
    found = [item.callspec.params.get("case") for item in items if hasattr(item, "callspec")]
    return [case for case in found if isinstance(case, Case)]


@pytest.mark.parametrize("case", cases(), ids=str)
async def test_an_upload_ends_right_after(running: Running, case: Case) -> None:
    await running[case]


async def run(line: Line, case: Case) -> None:
    async with line.cases:
        await see_it_end_right(line, case)


async def see_it_end_right(line: Line, case: Case) -> None:
    name = f"{secrets.token_hex(8)}.bin"
    scene = case.scene
    lead = [line.inside.plan(call, fault, about=name) for call, fault in scene.lead]
    strike = line.inside.plan(scene.call, case.fault, about=name, nth=scene.nth)
    content = FIRST + secrets.token_bytes(1_000)
    client = line.client()
    end = await (client.aborted if scene.aborts else client.completed)(name, content)
    assert all(led.struck for led in lead)
    # what is late may still be on its way, and must change nothing any more
    await eventually(strike.happened, bool)
    for row in await line.audit.named(name):
        if str(row["id"]) != end["id"]:
            await see_it_lost(line, case, str(row["id"]))
        elif scene.aborts:
            await line.audit.ended(end["id"], "aborted", reason="client", content=None)
        else:
            await see_it_completed(line, case, row["key"], end["id"], content)


async def see_it_completed(line: Line, case: Case, key: str, upload_id: str, content: bytes) -> None:
    if may_leave_another(case):
        await remove_another(line, key)
    await line.audit.ended(upload_id, "completed", reason=None, content=content)


async def see_it_lost(line: Line, case: Case, upload_id: str) -> None:
    """Only what was falsified on its way loses an upload; and then nothing of it stays."""
    assert isinstance(case.fault, BitFlip)
    await line.check_late(upload_id)
    await line.audit.ended(upload_id, "failed", reason="lost", content=None)


def may_leave_another(case: Case) -> bool:
    """A Create that was repeated on its way, or whose effect a falsified listing hid, made one more upload than the
    row knows of.
    """
    repeated = case.scene.call is Call.CREATE and isinstance(case.fault, Duplicate)
    hidden = case.scene.call is Call.UPLOADS and isinstance(case.fault, BitFlip)
    return repeated or hidden


async def remove_another(line: Line, key: str) -> None:
    """One at most, and empty: no URL was ever signed for it. A bucket's lifecycle rule does this in the end."""
    uploads, *_ = await line.audit.at_store(key)
    assert len(uploads) <= 1
    async with store_client(line.audit.store) as client:
        for upload in uploads:
            names = {"Bucket": line.audit.store.bucket, "Key": key, "UploadId": upload}
            assert "Parts" not in await client.list_parts(**names)
            await client.abort_multipart_upload(**names)
