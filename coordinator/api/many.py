"""Many uploads started, or completed, with one request: what each of them is answered alone, in one answer.

The request is let in, read and logged once. Each upload is then judged, refused and answered by itself, with the
code of the single routes, and none hears of another's failure: what cannot even be read is that one's own 422.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final

from msgspec import Meta, Raw, Struct
from starlette.responses import Response

from coordinator.api.answers import json_answer
from coordinator.api.declaration import Call
from coordinator.api.outcomes import Outcome, completed, reached, started
from coordinator.api.queries import NoQuery
from coordinator.api.strangers_text import idempotency_key
from coordinator.errors import BodyTooLarge, FieldError, Problem, ValidationFailed
from coordinator.http.bodies import BODY_LIMIT, decode
from coordinator.http.problems import as_problem, problem_document
from coordinator.protocol import (
    MAX_PARTS_A_REQUEST,
    MAX_UPLOADS_A_REQUEST,
    CompleteItem,
    StartAnswer,
    StartItem,
    UploadAnswer,
)

__all__ = ["ManyUploads", "complete_uploads", "start_uploads"]

_AT_ONCE: Final = 50
"""Uploads of one request that are seen to at the same time."""

_TOO_MANY_TO_SIGN: Final = f"Expected at most {MAX_PARTS_A_REQUEST:,} parts to sign in all of a request"


class ManyUploads(Struct, forbid_unknown_fields=True, frozen=True):
    """Either request, its items not read yet: one that is wrong is no reason to refuse the others."""

    uploads: Annotated[list[Raw], Meta(min_length=1, max_length=MAX_UPLOADS_A_REQUEST)]


class _Results(Struct, frozen=True):
    results: Sequence[dict[str, object]]


async def start_uploads(call: Call[ManyUploads, NoQuery]) -> Response:
    to_sign = 0

    async def one(raw: Raw) -> Outcome[StartAnswer]:
        nonlocal to_sign
        if memoryview(raw).nbytes > BODY_LIMIT:
            raise BodyTooLarge(f"At most {BODY_LIMIT} bytes are allowed for each upload.")
        item = decode(raw, StartItem)
        if to_sign + item.sign > MAX_PARTS_A_REQUEST:
            raise ValidationFailed.of(FieldError("$.sign", _TOO_MANY_TO_SIGN))
        to_sign += item.sign
        key = idempotency_key("$.idempotency_key", item.idempotency_key)
        return await started(call.state, call.principal, item, key)

    return await _answered(call, one)


async def complete_uploads(call: Call[ManyUploads, NoQuery]) -> Response:
    async def one(raw: Raw) -> Outcome[UploadAnswer]:
        item = decode(raw, CompleteItem)
        return await completed(call.state, call.principal, reached(call.principal, item.id), item)

    return await _answered(call, one)


async def _answered(
    call: Call[ManyUploads, NoQuery], one: Callable[[Raw], Awaitable[Outcome[Any]]]
) -> Response:
    room = asyncio.Semaphore(_AT_ONCE)
    route, metrics = call.request.scope["route"].path, call.state["metrics"]

    async def result(raw: Raw) -> dict[str, object]:
        async with room:
            try:
                outcome = await one(raw)
            except Exception as raised:  # noqa: BLE001 - told as the single route tells it, and logged there
                problem = as_problem(raised)
                metrics.result(route=route, status=problem.status)
                return _refusal(problem, call)
        metrics.result(route=route, status=outcome.status)
        return _result(outcome)

    return json_answer(_Results(await asyncio.gather(*map(result, call.body.uploads))))


def _result(outcome: Outcome[Any]) -> dict[str, object]:
    result: dict[str, object] = {"status": outcome.status, "answer": outcome.answer}
    if outcome.replayed:
        result["replayed"] = True
    return _with_wait(result, outcome.retry_after)


def _refusal(problem: Problem, call: Call[ManyUploads, NoQuery]) -> dict[str, object]:
    document = problem_document(problem, call.request.scope)
    return _with_wait({"status": problem.status, "problem": document}, problem.retry_after)


def _with_wait(result: dict[str, object], retry_after: int | None) -> dict[str, object]:
    return result if retry_after is None else {**result, "retry_after": retry_after}
