"""The sweep ends what nobody works on, and leaves alone what somebody does, however silent."""

import asyncio
from datetime import timedelta
from typing import Any

from tests.e2e.conftest import Place
from tests.e2e.device import Device
from tests.e2e.waiting import eventually

STEADY = timedelta(seconds=4)
"""The lifetime of the policy `steady`."""


async def test_an_upload_that_nobody_works_on_is_aborted(
    place: Place, person: Device, content: bytes
) -> None:
    upload = (await person.started(content, policy="brief"))["upload"]
    await person.send_all(upload, content)
    await eventually(lambda: person.state(upload), lambda state: state == "aborted")
    await place.audit.ended(upload["id"], "aborted", reason="stale", content=None)


async def test_a_client_that_sends_and_never_reports_is_not_stale(place: Place, person: Device) -> None:
    content = b"part"
    started = await person.started(content, sign=1, policy="steady")
    upload = started["upload"]
    born = (await place.audit.row(upload["id"]))["created_at"]

    async def send() -> Any:
        await person.send(started["parts"][0], content)
        return await place.audit.row(upload["id"])

    # the row lives on past twice its lifetime by nothing but the times of the parts
    row = await eventually(send, lambda row: row["expires_at"] > born + 2 * STEADY or row["state"] != "open")
    assert row["state"] == "open"
    audited = asyncio.create_task(place.audit.open(upload["id"]))
    await eventually(send, lambda _: audited.done())
    await audited
    await eventually(lambda: person.state(upload), lambda state: state == "aborted")
    await place.audit.ended(upload["id"], "aborted", reason="stale", content=None)
