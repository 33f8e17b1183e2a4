"""SIGKILL in the midst of a request for many uploads: repeated as it was, it finds each of them once, and loses none."""

import asyncio
import secrets

import httpx2
import pytest

from tests.e2e.conftest import Gated
from tests.e2e.device import Device, Json, asked, device
from tests.e2e.gate import Call, Moment
from tests.e2e.waiting import eventually

SMALL = 8


async def many(user: Device, what: str, items: list[Json]) -> list[Json]:
    results: list[Json] = asked(await user.api.post(f"/v1/uploads/{what}", json={"uploads": items}))[
        "results"
    ]
    return results


async def killed_in_the_midst(gated: Gated, call: Call, moment: Moment, what: str, items: list[Json]) -> None:
    """While one of `items` stands at the gate; whoever asked hears nothing of any."""
    async with device(gated.server.url, gated.key) as user:
        hold = gated.gate.hold(call, moment)
        asking = asyncio.create_task(many(user, what, items))
        await hold.caught()
        await gated.server.kill()
        with pytest.raises(httpx2.TransportError):
            await asking
        hold.drop()
    await gated.server.start()


async def insisted(user: Device, what: str, items: list[Json]) -> list[Json]:
    """The answers, once each of them is definite."""
    found = await eventually(
        lambda: many(user, what, items),
        lambda results: not {one["status"] for one in results} & {202, 409, 503},
    )
    assert {one["status"] for one in found} <= {200, 201}, found
    return [one["answer"] for one in found]


async def test_many_that_were_cut_off_are_begun_and_completed_once(gated: Gated, content: bytes) -> None:
    run = secrets.token_hex(8)
    contents = {f"{run}-{number}.bin": secrets.token_bytes(1000 + number) for number in range(SMALL)}
    contents[f"{run}-large.bin"] = content
    items: list[Json] = [
        {"filename": name, "size": len(body), "sign": 1, "idempotency_key": name}
        for name, body in contents.items()
    ]
    await killed_in_the_midst(gated, Call.CREATE, Moment.AFTER, "start", items)
    async with device(gated.server.url, gated.key) as user:
        started = await insisted(user, "start", items)
        for one, (name, body) in zip(started, contents.items(), strict=True):
            [row] = await gated.audit.named(name)
            assert (one["upload"]["id"], one["upload"]["state"]) == (str(row["id"]), "open")
            if one["upload"]["method"] == "put":
                await user.send(one["parts"][0], body)
            else:
                await user.send_all(one["upload"], body)
    ids: list[Json] = [{"id": one["upload"]["id"]} for one in started]
    await killed_in_the_midst(gated, Call.LOOK, Moment.BEFORE, "complete", ids)
    async with device(gated.server.url, gated.key) as user:
        done = await insisted(user, "complete", ids)
    assert {one["state"] for one in done} == {"completed"}
    for one, body in zip(ids, contents.values(), strict=True):
        await gated.audit.ended(one["id"], "completed", reason=None, content=body)
