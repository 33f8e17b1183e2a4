"""One round of each race: two or three clients at as many servers, at the same moment or at a chosen one.

A round answers how it went, in a word, and everything that is not as it must be. Who begins later waits for a moment at
the store, so that rounds fall into each of the gaps that the first one leaves.
"""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

import httpx2

from tests.e2e.device import Json
from tests.kills.stage import Stage
from tests.races.field import Field

__all__ = ["ABORTED", "AT_ONCE", "COMPLETED", "LARGE_RACES", "Race", "Round", "later", "put", "said"]

AT_ONCE: Final = ""

ABORTED: Final = ("aborted", "client")
COMPLETED: Final = ("completed", None)

_ALMOST_OVER: Final = """
    WITH span AS (
        SELECT id AS moved, expires_at - now() - make_interval(secs => $2) AS elapsed FROM uploads WHERE filename = $1
    )
    UPDATE uploads SET
        created_at = created_at - elapsed, expires_at = expires_at - elapsed, wake_at = wake_at - elapsed,
        hard_expires_at = hard_expires_at - elapsed, urls_until = urls_until - elapsed
    FROM span WHERE id = moved
"""


class Round(NamedTuple):
    went: str
    wrong: list[str]


@dataclass(frozen=True, slots=True)
class Race:
    run: Callable[[Field, str, int], Awaitable[Round]]
    moments: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.run.__name__

    async def round(self, field: Field, number: int) -> Round:
        went, wrong = await self.run(field, self.moments[number % len(self.moments)], number)
        return Round(went, [*wrong, *field.watch.wrong])


async def later(field: Field, moment: str, ask: Awaitable[httpx2.Response]) -> httpx2.Response:
    if moment != AT_ONCE:
        await field.watch.moment(moment)
    return await ask


async def complete_complete(field: Field, moment: str, number: int) -> Round:
    field.set(secrets.token_bytes(1000))
    first, second, third = field.turned(number)
    upload = await first.sent()
    answers = await asyncio.gather(
        first.client.complete(upload),
        later(field, moment, second.client.complete(upload)),
        later(field, moment, third.client.complete(upload)),
    )
    wrong = [answer.text for answer in answers if answer.status_code != 200]
    wrong += [f"told {said(answer)}" for answer in answers if said(answer) != "completed"]
    sent = field.watch.calls["complete_multipart_upload"]
    wrong += [f"{sent} Completes at the store"] * (sent != 1)
    return Round("completed", wrong + await field.wrong(COMPLETED))


async def complete_abort(field: Field, moment: str, number: int) -> Round:
    """Who begins takes turns."""
    field.set(secrets.token_bytes(1000))
    first, second, _ = field.turned(number)
    upload = await first.sent()
    early, late = (first.client.complete, second.client.abort)
    if number % 3 == 0:
        early, late = late, early
        moment = AT_ONCE if moment == AT_ONCE else "abort_multipart_upload arrives"
    answers = await asyncio.gather(early(upload), later(field, moment, late(upload)))
    completed, aborted = answers if early == first.client.complete else answers[::-1]
    state = (await field.row())["state"]
    if said(completed) == "completed":
        wrong = [f"told both: {aborted.text}"] * (aborted.status_code != 409)
        return Round("completed", wrong + await field.wrong(COMPLETED))
    wrong = [f"told neither, {state}: {completed.text} {aborted.text}"] * (aborted.status_code != 200)
    wrong += [f"complete was told {completed.text}"] * (completed.status_code not in {409, 410})
    return Round("aborted", wrong + await field.wrong(ABORTED))


async def create_create(field: Field, moment: str, number: int) -> Round:
    field.set(b"x")
    first, second, third = field.turned(number)
    answers = await asyncio.gather(
        first.ask_start(),
        later(field, moment, second.ask_start()),
        later(field, moment, third.ask_start()),
    )
    made = [answer for answer in answers if answer.status_code in {200, 201}]
    busy = [answer for answer in answers if answer.status_code == 409]
    wrong = [answer.text for answer in answers if answer not in made + busy]
    wrong += ["nobody made it"] * (not made)
    ids = {answer.json()["upload"]["id"] for answer in made}
    wrong += [f"{len(ids)} uploads told"] * (len(ids) > 1)
    rows = await field.audit.rows(first.filename)
    wrong += [f"{len(rows)} rows"] * (len(rows) != 1)
    standing = await field.audit.multipart_uploads(rows[0]["key"])
    wrong += [f"{len(standing)} at the store"] * (
        standing != [(rows[0]["key"], rows[0]["multipart_upload_id"])]
    )
    await first.abort({"id": str(rows[0]["id"])})
    return Round(f"{len(made)} told, {len(busy)} busy", wrong + await field.wrong(ABORTED))


async def sign_sweep(field: Field, moment: str, number: int) -> Round:
    """The upload is over in some milliseconds, three servers sweep, and somebody signs at about that time."""
    rng = random.Random(number)
    field.set(secrets.token_bytes(1000))
    first, second, _third = field.turned(number)
    upload = await first.started(sign=0)
    await field.audit.pool.execute(_ALMOST_OVER, first.filename, rng.uniform(0, 0.03))
    if moment == AT_ONCE:
        await asyncio.sleep(rng.uniform(0, 0.06))
    else:
        await field.watch.moment(moment)
        await asyncio.sleep(rng.uniform(0, 0.004))
    url = f"/v1/uploads/{upload['id']}/parts/sign"
    signed = await second.client.api.post(url, json={"part_numbers": [1]})
    if signed.status_code != 200:
        wrong = [signed.text] * (signed.status_code != 410)
        return Round("aborted", wrong + await field.wrong(("aborted", "stale")))
    part: Json = signed.json()["parts"][0]
    sent = await put(second, part)
    if (await field.row())["state"] == "open":
        wrong = [f"the part of an open upload: {sent.text}"] * (sent.status_code != 200)
        await second.complete(upload)
        return Round("extended", wrong + await field.wrong(COMPLETED))
    wrong = await field.wrong(("aborted", "stale"))
    late = await put(second, part)
    wrong += ["a part of an aborted upload was taken"] * (late.status_code == 200)
    return Round("signed, and aborted", [*wrong, "signed for, and expired all the same"])


async def record_complete(field: Field, moment: str, number: int) -> Round:
    """Of a part that was sent again: the claim of one of them is in the ledger, that of the other one comes now."""
    earlier, newer = secrets.token_bytes(1000), secrets.token_bytes(1000)
    field.set(earlier)
    first, second, _ = field.turned(number)
    upload = await first.sent()
    field.set_content(newer)
    url = f"/v1/uploads/{upload['id']}/parts"
    signed = await first.client.sign(upload, [1])
    claim = await first.client.send(signed[0], newer)

    def record() -> Awaitable[httpx2.Response]:
        return second.client.api.put(url, json={"parts": [claim]})

    completed, recorded = await asyncio.gather(first.client.complete(upload), later(field, moment, record()))
    wrong = [completed.text] * (said(completed) != "completed")
    wrong += [recorded.text] * (recorded.status_code not in {200, 409})
    held = await field.audit.object((await field.row())["key"])
    is_newer = held is not None and held[2] == digest(newer)
    field.set_content(newer if is_newer else earlier)
    wrong += ["recorded too late, and taken"] * (is_newer and recorded.status_code == 409)
    taken = "the newer" if is_newer else "the earlier"
    return Round(f"{taken}, told {recorded.status_code}", wrong + await field.wrong(COMPLETED))


async def put(stage: Stage, part: Json) -> httpx2.Response:
    return await stage.client.store.put(part["url"], headers=part["headers"], content=stage.content)


def said(answer: httpx2.Response) -> str | None:
    state: str | None = answer.json().get("state")
    return state if answer.status_code == 200 else None


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


_COMPLETING: Final = (
    AT_ONCE,
    "list_parts arrives",
    "list_parts is answered",
    "complete_multipart_upload arrives",
    "complete_multipart_upload is answered",
    "head_object is answered",
)

LARGE_RACES: Final = (
    Race(complete_complete, _COMPLETING),
    Race(complete_abort, _COMPLETING[:5]),
    Race(sign_sweep, (AT_ONCE, "list_parts arrives", "list_parts is answered")),
    Race(
        create_create,
        (AT_ONCE, "create_multipart_upload arrives", "create_multipart_upload is answered"),
    ),
    Race(record_complete, _COMPLETING[:4]),
)
