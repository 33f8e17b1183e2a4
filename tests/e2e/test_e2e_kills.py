"""SIGKILL between intent and effect, and between effect and answer, of each call that changes the store."""

import asyncio
import secrets
from datetime import timedelta

import httpx2
import pytest

from tests.e2e.conftest import Gated
from tests.e2e.device import Json, asked, device
from tests.e2e.gate import Call, Hold, Moment
from tests.e2e.server import Server, new_server
from tests.e2e.waiting import eventually

DEADLINE = timedelta(seconds=5)
"""Longer than a start takes, or nothing would be seen of it."""
LEASE = timedelta(seconds=3)
"""Of two servers that watch each other: a busy machine may keep one of them from renewing its own for a while."""

MOMENTS = pytest.mark.parametrize("moment", Moment)


async def killed_at(hold: Hold, asking: asyncio.Task[httpx2.Response], server: Server) -> None:
    """Kill the server while the request stands at the gate; whoever asked hears nothing, the gate drops it."""
    await hold.caught()
    await server.kill()
    with pytest.raises(httpx2.TransportError):
        await asking
    hold.drop()


@MOMENTS
@pytest.mark.parametrize("swept", [True, False], ids=["the sweep", "the client"])
async def test_a_create_that_was_cut_off_is_finished_once_by(
    gated: Gated, content: bytes, moment: Moment, *, swept: bool
) -> None:
    filename = f"{secrets.token_hex(8)}.mov"
    same = {"Idempotency-Key": secrets.token_hex(16)}
    async with device(gated.server.url, gated.key) as first:
        hold = gated.gate.hold(Call.CREATE, moment)
        asking = asyncio.create_task(first.start(content, filename=filename, headers=same))
        await killed_at(hold, asking, gated.server)
    [row] = await gated.audit.named(filename)
    left, *_ = await gated.audit.at_store(row["key"])
    assert (row["state"], len(left)) == ("creating", 0 if moment is Moment.BEFORE else 1)

    await gated.server.start(COORDINATOR_SWEEP="true" if swept else "false")
    if swept:
        await eventually(lambda: gated.audit.row(row["id"]), lambda found: found["state"] == "open")
    async with device(gated.server.url, gated.key) as again:
        answer = await eventually(
            lambda: again.start(content, filename=filename, headers=same),
            lambda answer: answer.status_code not in {409, 503},
        )
        upload: Json = asked(answer)["upload"]
        assert upload["id"] == str(row["id"])
        assert len(await gated.audit.named(filename)) == 1
        await gated.audit.open(upload["id"])
        await again.send_all(upload, content)
        assert asked(await again.complete(upload))["state"] == "completed"
    await gated.audit.ended(upload["id"], "completed", reason=None, content=content)


@MOMENTS
async def test_a_complete_that_was_cut_off_is_finished(gated: Gated, content: bytes, moment: Moment) -> None:
    async with device(gated.server.url, gated.key) as first:
        upload = (await first.started(content))["upload"]
        await first.send_all(upload, content)
        hold = gated.gate.hold(Call.COMPLETE, moment)
        await killed_at(hold, asyncio.create_task(first.complete(upload)), gated.server)
    left = await gated.audit.row(upload["id"])
    assert left["state"] == "completing"

    await gated.server.start(COORDINATOR_COMPLETE_DEADLINE=str(DEADLINE.seconds))
    done = await eventually(lambda: gated.audit.row(upload["id"]), lambda row: row["state"] == "completed")
    sent_again = done["complete_attempted_at"] - left["complete_attempted_at"]
    # a second one only where it is needed, and only when the first one must have ended
    assert sent_again >= DEADLINE if moment is Moment.BEFORE else sent_again == timedelta(0)
    await gated.audit.ended(upload["id"], "completed", reason=None, content=content)
    async with device(gated.server.url, gated.key) as again:
        assert asked(await again.complete(upload)) == await again.show(upload)
        assert await again.download(upload) == content


@MOMENTS
async def test_an_abort_that_was_cut_off_is_finished(gated: Gated, content: bytes, moment: Moment) -> None:
    async with device(gated.server.url, gated.key) as first:
        upload = (await first.started(content))["upload"]
        await first.send_all(upload, content)
        hold = gated.gate.hold(Call.ABORT, moment)
        await killed_at(hold, asyncio.create_task(first.abort(upload)), gated.server)
    assert (await gated.audit.row(upload["id"]))["state"] == "aborting"

    await gated.server.start()
    await eventually(lambda: gated.audit.row(upload["id"]), lambda row: row["state"] == "aborted")
    await gated.audit.ended(upload["id"], "aborted", reason="client", content=None)
    async with device(gated.server.url, gated.key) as again:
        assert asked(await again.abort(upload))["state"] == "aborted"


async def test_another_replica_finishes_what_a_killed_one_left_and_nothing_earlier(
    gated: Gated, content: bytes
) -> None:
    leased = {"COORDINATOR_LEASE": str(LEASE.seconds)}
    await gated.server.stop()
    await gated.server.start(**leased)
    patient = gated.server.settings | leased | {"COORDINATOR_COMPLETE_DEADLINE": "60"}
    async with (
        new_server(gated.folder, patient) as other,
        device(gated.server.url, gated.key) as user,
        device(other.url, gated.key) as elsewhere,
    ):
        upload = (await user.started(content))["upload"]
        await user.send_all(upload, content)
        sent = gated.gate.seen.count(Call.COMPLETE)
        hold = gated.gate.hold(Call.COMPLETE, Moment.AFTER)
        asking = asyncio.create_task(user.complete(upload))
        await hold.caught()
        driven = await gated.audit.row(upload["id"])
        # alive, the first one keeps its lease past the end that it once had, and the other one leaves the row alone
        renewed = await eventually(
            lambda: gated.audit.row(upload["id"]),
            lambda row: row["epoch"] != driven["epoch"] or row["lease_until"] - driven["lease_until"] > LEASE,
        )
        assert (renewed["epoch"], renewed["lease_owner"]) == (driven["epoch"], driven["lease_owner"])

        await killed_at(hold, asking, gated.server)
        done = await eventually(lambda: elsewhere.show(upload), lambda shown: shown["state"] == "completed")
        assert asked(await elsewhere.complete(upload)) == done
        assert gated.gate.seen.count(Call.COMPLETE) == sent + 1
        await gated.audit.ended(upload["id"], "completed", reason=None, content=content)
    await gated.server.start()
