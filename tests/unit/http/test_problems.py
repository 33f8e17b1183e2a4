import json

import pytest
from starlette.types import Message, Receive, Scope, Send

from coordinator.errors import FieldError, StorageUnavailable, ValidationFailed
from coordinator.http.problems import Problems, problem_response

SCOPE: Scope = {"type": "http", "coordinator.request_id": "r-1"}


def test_a_problem_has_the_documented_members_and_its_own() -> None:
    problem = ValidationFailed("No.", errors=[FieldError("$.a", "Expected b")], members={"parts": [1]})
    answer = problem_response(problem, SCOPE)
    assert answer.media_type == "application/problem+json"
    assert json.loads(bytes(answer.body)) == {
        "type": "urn:coordinator:problem:validation_failed",
        "title": ValidationFailed.title,
        "status": 422,
        "detail": "No.",
        "code": "validation_failed",
        "request_id": "r-1",
        "errors": [{"path": "$.a", "message": "Expected b"}],
        "parts": [1],
    }


def test_members_of_its_own_never_replace_the_standard_ones() -> None:
    answer = problem_response(ValidationFailed("No.", members={"status": 200, "code": "ok"}), SCOPE)
    document = json.loads(bytes(answer.body))
    assert (document["status"], document["code"]) == (422, "validation_failed")


def test_when_to_come_back_is_a_header() -> None:
    assert problem_response(StorageUnavailable("No.", retry_after=5), SCOPE).headers["retry-after"] == "5"


async def _run(app: Problems) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    await app(dict(SCOPE), receive, send)
    return sent


async def test_what_is_unknown_becomes_internal_without_its_text() -> None:
    async def fails(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("canary")

    sent = await _run(Problems(fails))
    assert sent[0]["status"] == 500
    assert b"canary" not in sent[1]["body"]


async def test_an_answer_that_has_begun_is_not_followed_by_another() -> None:
    async def fails_late(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("late")

    with pytest.raises(RuntimeError, match="late"):
        await _run(Problems(fails_late))


def test_a_refusal_says_in_words_what_its_members_say() -> None:
    refused = ValidationFailed.of(FieldError("$.size", "Expected `int`"), FieldError("$.parts[0].md5", "No"))
    assert refused.detail == "size: Expected `int`; parts[0].md5: No."
    assert [error.path for error in refused.errors] == ["$.size", "$.parts[0].md5"]
