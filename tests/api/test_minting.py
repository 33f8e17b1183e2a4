from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.api.service import Service, assert_problem, bearer, running, settings_for


async def _mint(service: Service, headers: dict[str, str], **body: object) -> httpx2.Response:
    return await service.client.post("/v1/tokens", json=body, headers=headers)


async def _minted(service: Service, headers: dict[str, str], **body: object) -> dict[str, Any]:
    answer = await _mint(service, headers, **body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    document: dict[str, Any] = answer.json()
    return document


async def test_a_minted_token_starts_and_sees_its_owners_uploads(
    service: Service, key: dict[str, str]
) -> None:
    minted = await _minted(service, key, owner="ann@example.org", expires_in=60)
    assert minted["owner"] == "ann@example.org"
    left = datetime.fromisoformat(minted["expires_at"]) - datetime.now().astimezone()
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)
    upload = await service.start(bearer(minted["token"]))
    assert (upload["tenant"], upload["owner"]) == (service.tenant, "ann@example.org")


async def test_without_an_owner_each_token_has_a_fresh_one(service: Service, key: dict[str, str]) -> None:
    owners = [(await _minted(service, key))["owner"] for _ in range(2)]
    assert len(set(owners)) == 2
    assert all(len(owner) == 32 for owner in owners)


async def test_a_key_without_a_body_mints_with_the_defaults(service: Service, key: dict[str, str]) -> None:
    assert (await service.client.post("/v1/tokens", headers=key)).status_code == 200


async def test_a_key_of_one_owner_grants_nothing_of_anothers(service: Service) -> None:
    headers = await service.key(owner="ann")
    assert (await _minted(service, headers))["owner"] == "ann"
    assert_problem(await _mint(service, headers, owner="eve"), 403, "forbidden")


async def test_a_token_to_an_upload_has_that_uploads_owner(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(service.token(owner="ann"))
    minted = await _minted(service, key, upload_id=upload["id"])
    assert minted["owner"] == "ann"
    path = f"/v1/uploads/{upload['id']}"
    assert (await service.client.get(path, headers=bearer(minted["token"]))).status_code == 200
    other = await _mint(service, key, upload_id=upload["id"], owner="eve")
    assert assert_problem(other, 422, "validation_failed")["errors"][0]["path"] == "$.owner"
    foreign = await _mint(service, await service.key("other"), upload_id=upload["id"])
    assert_problem(foreign, 404, "not_found")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"expires_in": 0}, "$.expires_in"),
        ({"expires_in": 86_401}, "$.expires_in"),
        ({"max_size": -1}, "$.max_size"),
        ({"owner": "a b"}, "$.owner"),
        ({"owner": "a/../b"}, "$.owner"),
        ({"owner": "ann\n"}, "$.owner"),
        ({"owner": ""}, "$.owner"),
        ({"upload_id": "7"}, "$.upload_id"),
        ({"scopes": ["admin"]}, "$.scopes"),
    ],
)
async def test_what_may_not_be_minted(
    service: Service, key: dict[str, str], body: dict[str, object], path: str
) -> None:
    document = assert_problem(await _mint(service, key, **body), 422, "validation_failed")
    assert [error["path"] for error in document["errors"]] == [path]


async def test_an_unknown_policy_is_not_minted(service: Service, key: dict[str, str]) -> None:
    assert_problem(await _mint(service, key, policy="nosuch"), 422, "unknown_policy")


async def test_tokens_and_policies_narrow_what_may_start(database_url: str) -> None:
    policies = {"photos": {"max_size": 1000, "content_types": ("image/*",), "max_part_size": 6 * 2**20}}
    async with running(settings_for(database_url, policies=policies)) as service:
        key = await service.key()

        async def start(headers: dict[str, str], **body: object) -> httpx2.Response:
            asked = {"filename": "a.png", "size": 900, "content_type": "image/png", **body}
            return await service.client.post("/v1/uploads", json=asked, headers=headers)

        assert (await start(key, policy="photos")).json()["upload"]["policy"] == "photos"
        assert_problem(await start(key, policy="photos", size=1001), 422, "size_not_allowed")
        assert_problem(await start(key, policy="photos", size=None), 422, "size_not_allowed")
        assert_problem(await start(key, policy="photos", part_size=7 * 2**20), 422, "size_not_allowed")
        refused = await start(key, policy="photos", content_type="text/html")
        assert assert_problem(refused, 422, "validation_failed")["errors"][0]["path"] == "$.content_type"
        assert_problem(await start(key, policy="nosuch"), 422, "unknown_policy")

        bound = bearer((await _minted(service, key, policy="photos", max_size=500))["token"])
        assert (await start(bound, size=500)).json()["upload"]["policy"] == "photos"
        assert_problem(await start(bound, size=501), 422, "size_not_allowed")
        assert_problem(await start(bound, size=500, policy="nosuch"), 403, "forbidden")
