"""Races over an upload of method `put`: nothing is sent to complete it, so only the ledger and the look can be raced."""

import asyncio
import secrets
from typing import Final

from tests.kills.scenarios import SMALL
from tests.races.field import Field
from tests.races.rounds import ABORTED, AT_ONCE, COMPLETED, Race, Round, later, put, said

__all__ = ["SMALL_RACES"]


async def small_complete_complete(field: Field, moment: str, number: int) -> Round:
    field.set(secrets.token_bytes(1000))
    first, second, third = field.turned(number)
    upload = await first.sent(**SMALL)
    answers = await asyncio.gather(
        first.client.complete(upload),
        later(field, moment, second.client.complete(upload)),
        later(field, moment, third.client.complete(upload)),
    )
    wrong = [answer.text for answer in answers if said(answer) != "completed"]
    wrong += [f"{field.watch.calls['delete_object']} objects deleted"] * (
        field.watch.calls["delete_object"] > 0
    )
    return Round("completed", wrong + await field.wrong(COMPLETED))


async def small_complete_abort(field: Field, moment: str, number: int) -> Round:
    """Who begins takes turns."""
    field.set(secrets.token_bytes(1000))
    first, second, _ = field.turned(number)
    upload = await first.sent(**SMALL)
    early, late = (first.client.complete, second.client.abort)
    if number // len(_MOMENTS) % 2 == 0:
        early, late = late, early
    elif moment.startswith("delete_object"):
        moment = AT_ONCE
    answers = await asyncio.gather(early(upload), later(field, moment, late(upload)))
    completed, aborted = answers if early == first.client.complete else answers[::-1]
    if said(completed) == "completed":
        wrong = [f"told both: {aborted.text}"] * (aborted.status_code != 409)
        return Round("completed", wrong + await field.wrong(COMPLETED))
    wrong = [f"told neither: {completed.text} {aborted.text}"] * (aborted.status_code != 200)
    wrong += [f"complete was told {completed.text}"] * (completed.status_code != 410)
    return Round("aborted", wrong + await field.wrong(ABORTED))


async def small_put_abort(field: Field, moment: str, number: int) -> Round:
    """The file is on its way to the store while its upload is aborted, once, and then once more."""
    field.set(secrets.token_bytes(1000))
    first, second, _ = field.turned(number)
    upload = await first.started(**SMALL)
    [part] = await first.client.sign(upload, [1])
    aborted, sent = await asyncio.gather(second.client.abort(upload), later(field, moment, put(first, part)))
    wrong = [aborted.text] * (said(aborted) not in {"aborting", "aborted"})
    again = await put(first, part)
    wrong += [f"sent: {answer.text}" for answer in (sent, again) if answer.status_code not in {200, 412}]
    landed = {200: "landed", 412: "was there"}[again.status_code]
    return Round(f"the late one {landed}", wrong + await field.wrong(ABORTED))


_MOMENTS: Final = (AT_ONCE, "head_object arrives", "head_object is answered", "delete_object is answered")

SMALL_RACES: Final = (
    Race(small_complete_complete, _MOMENTS[:3]),
    Race(small_complete_abort, _MOMENTS),
    Race(small_put_abort, _MOMENTS[:3]),
)
