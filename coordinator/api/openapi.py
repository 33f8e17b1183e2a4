"""The OpenAPI 3.1 document, made from the routes' declarations and the wire's own structs: it cannot fall behind.

What every route of a kind may answer is added here once: refused credentials, refused bodies, our own failures.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

from coordinator.api.declaration import Declaration, NoBody
from coordinator.errors import (
    BodyTooLarge,
    DatabaseUnavailable,
    Forbidden,
    HostNotAllowed,
    InternalError,
    MalformedRequest,
    OriginNotAllowed,
    Problem,
    TokenExpired,
    Unauthenticated,
    UnsupportedMediaType,
    ValidationFailed,
)
from coordinator.http.guard import PUBLIC
from coordinator.http.problems import PROBLEM_TYPE
from coordinator.protocol import ProblemAnswer

__all__ = ["openapi_bytes", "problems_of"]

_ALWAYS: Final = (HostNotAllowed, OriginNotAllowed, ValidationFailed, InternalError)
_GUARDED: Final = (Unauthenticated, TokenExpired, Forbidden, DatabaseUnavailable)
_WITH_BODY: Final = (MalformedRequest, BodyTooLarge, UnsupportedMediaType)

_REF: Final = "#/components/schemas/{name}"

_UPLOAD_ID: Final = {
    "name": "upload_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
_PART_NUMBER: Final = {
    "name": "part_number",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1, "maximum": 10_000},
}
_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request with the same key is answered with the same upload, for a day.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_ANSWER_HEADERS: Final[Mapping[tuple[str, int], Mapping[str, str]]] = {
    ("start_upload", 201): {
        "Location": "The upload's address.",
        "Idempotency-Replayed": "`true` on a replay.",
    },
    ("start_upload", 200): {"Location": "The upload's address."},
    ("complete_upload", 202): {"Retry-After": "Seconds until it is worth asking again."},
}

Json = dict[str, Any]


def openapi_bytes(declarations: Sequence[Declaration[Any, Any]], version: str) -> bytes:
    structs = _structs(declarations)
    _, components = msgspec.json.schema_components(structs, ref_template=_REF)
    paths: dict[str, Json] = {}
    for declared in declarations:
        paths.setdefault(declared.path, {})[declared.method.lower()] = _operation(declared)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "coordinator", "version": version, "license": {"name": "MIT"}},
            "paths": paths,
            "components": {
                "schemas": components,
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            },
        }
    )


def problems_of(declared: Declaration[Any, Any]) -> tuple[type[Problem], ...]:
    """All that a route may refuse with, its own problems first, each once."""
    guarded = () if declared.needs is PUBLIC else _GUARDED
    with_body = () if declared.body is NoBody else _WITH_BODY
    return tuple(dict.fromkeys((*declared.problems, *guarded, *with_body, *_ALWAYS)))


def _structs(declarations: Iterable[Declaration[Any, Any]]) -> list[type[msgspec.Struct]]:
    named: dict[type[msgspec.Struct], None] = {ProblemAnswer: None}
    for declared in declarations:
        if declared.body is not NoBody:
            named[declared.shown or declared.body] = None
        named.update({answer: None for answer in declared.answers.values() if answer is not None})
    return list(named)


def _operation(declared: Declaration[Any, Any]) -> Json:
    operation: Json = {
        "operationId": declared.name,
        "summary": declared.summary,
        "parameters": _parameters(declared),
        "responses": _responses(declared),
    }
    if declared.needs is not PUBLIC:
        operation["security"] = [{"bearer": []}]
        operation["description"] = f"Needs the scope `{declared.needs}`."
    if declared.body is not NoBody:
        body = declared.shown or declared.body
        required = any(member.required for member in msgspec.structs.fields(body))
        content = {"application/json": {"schema": _ref(body)}}
        operation["requestBody"] = {"required": required, "content": content}
    if declared.raw:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(declared: Declaration[Any, Any]) -> list[Json]:
    parameters: list[Json] = []
    if "{upload_id}" in declared.path:
        parameters.append(dict(_UPLOAD_ID))
    if "{part_number}" in declared.path:
        parameters.append(dict(_PART_NUMBER))
    for name, text in declared.headers.items():
        parameters.append({"name": name, "in": "header", "description": text, "schema": {"type": "string"}})
    if declared.name == "start_upload":
        parameters.append(dict(_IDEMPOTENCY_KEY))
    _, members = msgspec.json.schema_components([declared.query], ref_template=_REF)
    properties: Json = members[declared.query.__name__].get("properties", {})
    for name, schema in properties.items():
        parameters.append({"name": name, "in": "query", "required": False, "schema": _without_null(schema)})
    return parameters


def _without_null(schema: Json) -> Json:
    """A parameter that is not given is left out; there is no writing null into a query."""
    kept = {name: value for name, value in schema.items() if name != "default" or value is not None}
    choices = [choice for choice in kept.pop("anyOf", []) if choice != {"type": "null"}]
    return kept | choices[0] if choices else kept


def _responses(declared: Declaration[Any, Any]) -> Json:
    responses: Json = {}
    for status, answer in declared.answers.items():
        response: Json = {"description": HTTPStatus(status).phrase}
        headers = _ANSWER_HEADERS.get((declared.name, status))
        if headers:
            response["headers"] = {
                name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()
            }
        if answer is not None:
            response["content"] = {"application/json": {"schema": _ref(answer)}}
        responses[str(status)] = response
    for status, problems in _by_status(problems_of(declared)).items():
        _add_problems(responses.setdefault(str(status), {"description": HTTPStatus(status).phrase}), problems)
    return responses


def _add_problems(response: Json, problems: Sequence[type[Problem]]) -> None:
    codes = [problem.code for problem in problems]
    narrowed = {"properties": {"code": {"enum": codes}}}
    response["description"] = "; ".join(f"`{problem.code}`: {problem.title}" for problem in problems)
    response.setdefault("content", {})[PROBLEM_TYPE] = {"schema": {"allOf": [_ref(ProblemAnswer), narrowed]}}


def _by_status(problems: Iterable[type[Problem]]) -> dict[int, list[type[Problem]]]:
    grouped: dict[int, list[type[Problem]]] = {}
    for problem in problems:
        grouped.setdefault(problem.status, []).append(problem)
    return grouped


def _ref(struct: type[msgspec.Struct]) -> Json:
    return {"$ref": _REF.format(name=struct.__name__)}
