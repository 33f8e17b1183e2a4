"""The published description: valid, complete, and true, by random requests that follow it and that break it."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import Case, GenerationMode
from schemathesis.core import NOT_SET

import coordinator.errors
from coordinator.api.routes import declarations
from coordinator.relay.announced import MD5_HEADER, SHA256_HEADER
from tests.api.service import Service


@pytest.fixture
async def document(service: Service) -> dict[str, Any]:
    answer = await service.client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    described: dict[str, Any] = answer.json()
    return described


async def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


async def test_every_route_is_described_with_its_answers(document: dict[str, Any]) -> None:
    for declared in declarations(metrics=True):
        operation = document["paths"][declared.path][declared.method.lower()]
        assert {str(status) for status in declared.answers} <= operation["responses"].keys()
        assert ("security" in operation) == (declared.path.startswith("/v1/"))


# said by no route, because they belong to the paths around them
OF_THE_ROUTER = {"method_not_allowed"}


async def test_every_problem_code_is_described_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    raised = (getattr(coordinator.errors, name) for name in coordinator.errors.__all__)
    codes = {vars(problem)["code"] for problem in raised if "code" in vars(problem)}
    assert {code for code in codes if f'"{code}"' not in text} == OF_THE_ROUTER | {"unavailable"}


CAREFULLY = settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

DIGESTS = (MD5_HEADER, SHA256_HEADER)

SAMPLED = [
    (declared.method, declared.path)
    for declared in declarations(metrics=True)
    if declared.path.startswith("/v1/")
]


async def _send(service: Service, key: dict[str, str], upload_id: str, case: Case[Any]) -> httpx2.Response:
    part_number = (case.path_parameters or {}).get("part_number", 1)
    path = case.operation.path.replace("{upload_id}", upload_id)
    path = path.replace("{part_number}", quote(str(part_number), safe=""))
    content: bytes | None = None
    if isinstance(case.body, bytes):
        content = case.body
    elif case.body is not NOT_SET:
        content = json.dumps(case.body, default=str).encode()
    digests = {name: value for name, value in (case.headers or {}).items() if name in DIGESTS}
    headers = {**key, "Content-Type": "application/json", **digests}
    query = {name: value for name, value in (case.query or {}).items() if value is not None}
    return await service.client.request(case.method, path, params=query, content=content, headers=headers)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
@pytest.mark.parametrize("sampled", SAMPLED, ids=" ".join)
async def test_random_requests_are_answered_as_described(
    service: Service,
    key: dict[str, str],
    document: dict[str, Any],
    sampled: tuple[str, str],
    mode: GenerationMode,
) -> None:
    method, path = sampled
    upload = await service.start(key)
    operation = schemathesis.openapi.from_dict(document)[path][method]
    described = document["paths"][path][method.lower()]["responses"]
    loop = asyncio.get_running_loop()
    answered = []

    @CAREFULLY
    @given(case=operation.as_strategy(generation_mode=mode))
    def sample(case: Case[Any]) -> None:
        sending = asyncio.run_coroutine_threadsafe(_send(service, key, upload["id"], case), loop)
        answer = sending.result(30)
        answered.append(answer.status_code)
        assert answer.status_code < 500, answer.text
        assert str(answer.status_code) in described, answer.text

    await asyncio.to_thread(sample)
    assert answered
