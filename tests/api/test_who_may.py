"""Every route against every kind of caller, made from the list of routes: a new route is covered the day it is added."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from coordinator.access.principals import TOKEN_SCOPES, Scope
from coordinator.api.declaration import Declaration
from coordinator.api.routes import declarations
from coordinator.http.guard import PUBLIC
from tests.api.service import Headers, Service, assert_problem, bearer

ROUTES = declarations(metrics=True)
GUARDED = [route for route in ROUTES if route.needs is not PUBLIC]
OF_ONE_UPLOAD = [route for route in GUARDED if "{upload_id}" in route.path]

BODIES: dict[str, dict[str, Any]] = {
    "start_upload": {"filename": "a.bin", "size": 1},
    "sign_parts": {"part_numbers": [1]},
    "record_parts": {"parts": [{"part_number": 1, "etag": "x"}]},
    "complete_upload": {},
    "mint_token": {},
}


def named(route: Declaration[Any, Any]) -> str:
    return route.name


async def call(
    service: Service, route: Declaration[Any, Any], headers: Headers, upload_id: str = ""
) -> httpx2.Response:
    path = route.path.replace("{upload_id}", upload_id or "0190b3a0-0000-7000-8000-000000000000")
    path = path.replace("{part_number}", "1")
    return await service.client.request(route.method, path, json=BODIES.get(route.name), headers=headers)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.needs is PUBLIC], ids=named)
async def test_public_routes_ask_for_nothing(service: Service, route: Declaration[Any, Any]) -> None:
    assert (await call(service, route, {})).status_code == 200


Refused = tuple[str, Callable[[Service], dict[str, str]], str]

REFUSED: list[Refused] = [
    ("nobody", lambda _: {}, "unauthenticated"),
    ("another scheme", lambda _: {"Authorization": "Basic YTpi"}, "unauthenticated"),
    ("an unknown key", lambda _: bearer("ck_0123456789abcdef_" + "0" * 64), "unauthenticated"),
    ("a key that is none", lambda _: bearer("ck_x"), "unauthenticated"),
    ("a token that is none", lambda _: bearer("abc.def.ghi"), "unauthenticated"),
    ("an expired token", lambda s: s.token(age=timedelta(hours=2)), "token_expired"),
]


@pytest.mark.parametrize("who", REFUSED, ids=lambda who: who[0])
async def test_wrong_credentials_enter_nowhere(service: Service, who: Refused) -> None:
    for route in GUARDED:
        answer = await call(service, route, who[1](service))
        assert_problem(answer, 401, who[2])
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert not [operation for operation in service.store.calls if operation != "check"]


@pytest.mark.parametrize("route", GUARDED, ids=named)
async def test_a_key_without_the_scope_is_forbidden(service: Service, route: Declaration[Any, Any]) -> None:
    others = frozenset(Scope) - {route.needs}
    assert_problem(await call(service, route, await service.key(scopes=others)), 403, "forbidden")


async def test_an_upload_token_never_mints(service: Service) -> None:
    for route in (route for route in GUARDED if route.needs not in TOKEN_SCOPES):
        assert_problem(await call(service, route, service.token()), 403, "forbidden")


Stranger = tuple[str, Callable[[Service, str], Awaitable[dict[str, str]]]]


async def _foreign_key(service: Service, _upload_id: str) -> dict[str, str]:
    return await service.key("other")


async def _key_of_another_owner(service: Service, _upload_id: str) -> dict[str, str]:
    return await service.key(owner="eve")


async def _foreign_token(service: Service, _upload_id: str) -> dict[str, str]:
    return service.token(tenant="other")


async def _token_of_another_owner(service: Service, _upload_id: str) -> dict[str, str]:
    return service.token(owner="eve")


async def _token_to_another_upload(service: Service, _upload_id: str) -> dict[str, str]:
    other = await service.start(service.token())
    return service.token(upload_id=other["id"])


STRANGERS: list[Stranger] = [
    ("a key of another tenant", _foreign_key),
    ("a key of another owner", _key_of_another_owner),
    ("a token of another tenant", _foreign_token),
    ("a token of another owner", _token_of_another_owner),
    ("the owner's token to another upload", _token_to_another_upload),
]


@pytest.mark.parametrize("who", STRANGERS, ids=lambda who: who[0])
async def test_anothers_upload_looks_like_an_unknown_one(service: Service, who: Stranger) -> None:
    owners = service.token()
    upload = await service.start(owners)
    stranger = await who[1](service, upload["id"])
    for route in OF_ONE_UPLOAD:
        foreign = assert_problem(await call(service, route, stranger, upload["id"]), 404, "not_found")
        unknown = assert_problem(await call(service, route, stranger), 404, "not_found")
        assert foreign | {"request_id": ""} == unknown | {"request_id": ""}
    listed = await service.client.get("/v1/uploads", headers=stranger)
    assert upload["id"] not in [each["id"] for each in listed.json()["uploads"]]
    after = (await service.client.get(f"/v1/uploads/{upload['id']}", headers=owners)).json()
    assert after == upload


async def test_a_tenants_key_reaches_all_its_owners(service: Service, key: dict[str, str]) -> None:
    uploads = [await service.start(service.token(owner=owner)) for owner in ("ann", "bob")]
    assert [upload["owner"] for upload in uploads] == ["ann", "bob"]
    listed = (await service.client.get("/v1/uploads", headers=key)).json()["uploads"]
    assert {upload["id"] for upload in listed} == {upload["id"] for upload in uploads}
    assert (await service.start(key))["owner"] == "default"
    assert (await service.start(await service.key(owner="eve")))["owner"] == "eve"


async def test_a_token_to_one_upload_reaches_that_one_and_starts_none(service: Service) -> None:
    upload = await service.start(service.token())
    await service.start(service.token())
    bound = service.token(upload_id=upload["id"])
    assert (await service.client.get(f"/v1/uploads/{upload['id']}", headers=bound)).status_code == 200

    async def listed(query: str = "") -> list[str]:
        answer = await service.client.get(f"/v1/uploads{query}", headers=bound)
        return [each["id"] for each in answer.json()["uploads"]]

    assert await listed() == [upload["id"]]
    assert await listed("?state=open&prefix=film") == [upload["id"]]
    assert await listed("?state=completed") == []
    assert await listed("?older_than=3600") == []
    assert await listed(f"?cursor={upload['id']}") == []
    body = BODIES["start_upload"]
    assert_problem(await service.client.post("/v1/uploads", json=body, headers=bound), 403, "forbidden")


async def test_a_revoked_key_is_refused(service: Service) -> None:
    made = await service.keys.create(tenant=service.tenant, owner=None, name="old", scopes=TOKEN_SCOPES)
    assert (await service.client.get("/v1/uploads", headers=bearer(made.text))).status_code == 200
    assert await service.key_table.revoke(made.record.id)
    assert_problem(await service.client.get("/v1/uploads", headers=bearer(made.text)), 401, "unauthenticated")


async def test_two_authorization_headers_are_refused(service: Service, key: dict[str, str]) -> None:
    headers = [*key.items(), *service.token().items()]
    assert_problem(await service.client.get("/v1/uploads", headers=headers), 401, "unauthenticated")


@pytest.mark.parametrize("route", GUARDED, ids=named)
async def test_head_and_options_are_guarded_and_never_fail(
    service: Service, route: Declaration[Any, Any]
) -> None:
    for method in ("HEAD", "OPTIONS", "PATCH", "TRACE", "BREW"):
        path = route.path.replace("{upload_id}", "0190b3a0-0000-7000-8000-000000000000")
        answer = await service.client.request(method, path)
        assert answer.status_code in {401, 405}
        if answer.status_code == 405:
            assert route.method in answer.headers["allow"].split(", ")
