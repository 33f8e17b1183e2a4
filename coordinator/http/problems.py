"""Every refusal as a problem document (RFC 9457), and nothing of our inside in any of them.

A `Problem` says what it is itself. The router's own refusals (no such path, wrong method) take the same shape. All
else is a defect of ours: the caller gets `internal` and the request's id, the log gets the traceback, redacted there.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coordinator.errors import InternalError, MalformedRequest, MethodNotAllowed, NotFound, Problem
from coordinator.http.request_id import request_id
from coordinator.protocol import FieldProblem, ProblemAnswer

__all__ = [
    "PROBLEM_TYPE",
    "Problems",
    "as_problem",
    "http_exception",
    "problem_document",
    "problem_response",
    "problem_type",
]

log = structlog.stdlib.get_logger()

PROBLEM_TYPE: Final = "application/problem+json"

_AUTHENTICATE: Final = 'Bearer realm="coordinator"'


def problem_type(code: str) -> str:
    """The stable URI of a kind of problem."""
    return f"urn:coordinator:problem:{code}"


def problem_document(problem: Problem, scope: Scope) -> dict[str, object]:
    """Members of its own never replace the standard ones."""
    answer = ProblemAnswer(
        type=problem_type(problem.code),
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        code=problem.code,
        request_id=request_id(scope),
        errors=[FieldProblem(path=path, message=message) for path, message in problem.errors],
    )
    document: dict[str, object] = dict(problem.members) | msgspec.to_builtins(answer)
    return document


def problem_response(problem: Problem, scope: Scope, headers: Mapping[str, str] | None = None) -> Response:
    """The problem's answer."""
    return Response(
        msgspec.json.encode(problem_document(problem, scope)),
        status_code=problem.status,
        headers=_headers(problem) | dict(headers or {}),
        media_type=PROBLEM_TYPE,
    )


async def http_exception(request: Request, refused: Exception) -> Response:
    """Starlette's own refusals: the router's 404 and 405, and those of static files."""
    if not isinstance(refused, HTTPException):
        raise refused
    if refused.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(sorted((refused.headers or {})["Allow"].split(", ")))
        refusal = MethodNotAllowed(f"Allowed here: {allowed}.")
        return problem_response(refusal, request.scope, {"Allow": allowed})
    if refused.status_code == HTTPStatus.NOT_FOUND:
        return problem_response(NotFound("No such path."), request.scope)
    return problem_response(MalformedRequest("The request cannot be answered as it is."), request.scope)


class Problems:
    """Turns whatever is raised further in into an answer, unless an answer has begun already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            log.info("http.client_gone")
        except Exception as raised:
            if begun:
                raise
            await problem_response(as_problem(raised), scope)(scope, receive, send)


def as_problem(raised: Exception) -> Problem:
    """What the caller is told; what is a defect of ours is logged here."""
    if isinstance(raised, Problem):
        return raised
    log.error("http.internal", exc_info=raised)
    return InternalError("This is our mistake, and it has been logged under the request's id.")


def _headers(problem: Problem) -> dict[str, str]:
    headers = {}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = _AUTHENTICATE
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    return headers
