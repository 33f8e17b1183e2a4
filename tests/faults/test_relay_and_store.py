"""Between the relay and the store: whatever the wire does to a part, it is sent again until it is there, and is right."""

import secrets
from base64 import b64encode
from hashlib import md5

import httpx2
import pytest

from tests.e2e.device import PART, asked
from tests.e2e.waiting import eventually
from tests.faults.calls import Call
from tests.faults.faults import BitFlip, Duplicate, Fault, HalfClose, Latency, Side
from tests.faults.line import Line
from tests.faults.matrix import FAULTS
from tests.faults.persistent import must_be_heard_of

FIRST = secrets.token_bytes(PART)
UNNOTICED = (Duplicate, Latency)
BEFORE = {**FAULTS, "a flipped bit": BitFlip(Side.REQUEST)}


def to_be_sent_again(answer: httpx2.Response) -> bool:
    return must_be_heard_of(answer) or answer.json().get("code") == "digest_mismatch"


@pytest.mark.parametrize("fault", BEFORE.values(), ids=BEFORE)
async def test_a_relayed_part_arrives_in_the_end(line: Line, fault: Fault) -> None:
    name = f"{secrets.token_hex(8)}.bin"
    content = FIRST + secrets.token_bytes(1_000)
    upload = await line.client().started(name, content)
    strike = line.inside.plan(Call.PART, fault, about=name)
    sent = []

    async def relay(number: int, body: bytes) -> httpx2.Response:
        digest = b64encode(md5(body, usedforsecurity=False).digest()).decode()
        url = f"/v1/uploads/{upload['id']}/parts/{number}"
        answer = await line.device.api.put(url, content=body, headers={"Content-MD5": digest})
        sent.append(answer.status_code)
        return answer

    for number, body in ((1, FIRST), (2, content[PART:])):
        await eventually(lambda n=number, b=body: relay(n, b), lambda answer: not to_be_sent_again(answer))  # type: ignore[misc]  # the loop's own values
    assert strike.struck
    assert sent[-1] == 200
    half_is_enough = isinstance(fault, HalfClose) and fault.after
    assert len(sent) == (2 if isinstance(fault, UNNOTICED) else 3) or half_is_enough
    assert asked(await line.device.complete(upload))["state"] == "completed"
    await line.audit.ended(upload["id"], "completed", reason=None, content=content)
