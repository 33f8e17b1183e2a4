"""A policy that wants every part bound to a digest, and how clients are told."""

import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from coordinator.storage.fake import FakeStore
from tests.api.service import PART, Service, assert_problem, running, settings_for
from tests.postgres import new_database

CONTENT = b"a small file"
MD5 = base64.b64encode(hashlib.md5(CONTENT, usedforsecurity=False).digest()).decode()
SHA256 = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()


@pytest.fixture(scope="module")
async def shared_service(postgres_url: str, migrated_template: str) -> AsyncIterator[Service]:
    policies = {"proven": {"digests": "required"}, "plain": {"digests": "off"}}
    async with (
        new_database(postgres_url, template=migrated_template) as url,
        running(settings_for(url, policies=policies)) as started,
    ):
        yield started


async def sign(service: Service, key: dict[str, str], upload: dict[str, Any], *parts: dict[str, Any]) -> Any:
    url = f"/v1/uploads/{upload['id']}/parts/sign"
    return await service.client.post(url, json={"parts": list(parts)}, headers=key)


@pytest.mark.parametrize(
    ("policy", "rule"), [("default", "optional"), ("proven", "required"), ("plain", "off")]
)
async def test_every_answer_says_the_rule_and_what_the_store_enforces(
    service: Service, key: dict[str, str], policy: str, rule: str
) -> None:
    upload = await service.start(key, policy=policy)
    assert upload["part_digests"] == {"rule": rule, "algorithms": ["sha256", "md5"]}
    shown = await service.client.get(f"/v1/uploads/{upload['id']}", headers=key)
    assert shown.json()["part_digests"] == upload["part_digests"]
    listed = await service.client.get("/v1/uploads", headers=key)
    assert listed.json()["uploads"][0]["part_digests"] == upload["part_digests"]


async def test_nothing_is_signed_unbound_where_the_policy_requires_digests(
    service: Service, key: dict[str, str]
) -> None:
    upload = await service.start(key, policy="proven")
    bound = {"part_number": 1, "sha256": SHA256}
    refused = assert_problem(
        await sign(service, key, upload, bound, {"part_number": 2}), 422, "digest_required"
    )
    assert (refused["part_numbers"], refused["algorithms"]) == ([2], ["sha256", "md5"])
    assert "`sha256` or `md5`" in refused["detail"]
    by_number = await service.client.post(
        f"/v1/uploads/{upload['id']}/parts/sign", json={"part_numbers": [1]}, headers=key
    )
    assert_problem(by_number, 422, "digest_required")
    for digest in ({"sha256": SHA256}, {"md5": MD5}):
        answer = await sign(service, key, upload, {"part_number": 1, **digest})
        assert answer.status_code == 200, answer.text


async def test_a_start_signs_none_but_the_part_whose_digest_it_names(
    service: Service, key: dict[str, str]
) -> None:
    asked = {"filename": "film.mp4", "size": 2 * PART, "part_size": PART, "policy": "proven", "sign": 2}
    several = await service.client.post("/v1/uploads", json=asked, headers=key)
    assert (several.status_code, several.json()["parts"]) == (201, [])
    small = {"filename": "note.txt", "size": len(CONTENT), "policy": "proven", "sign": 1}
    unnamed = await service.client.post("/v1/uploads", json=small, headers=key)
    assert (unnamed.status_code, unnamed.json()["parts"]) == (201, [])
    named = await service.client.post("/v1/uploads", json={**small, "md5": MD5}, headers=key)
    [part] = named.json()["parts"]
    assert part["headers"]["content-md5"] == MD5
    # every later URL is bound to what the start named
    again = await sign(service, key, named.json()["upload"], {"part_number": 1})
    assert again.json()["parts"][0]["headers"]["content-md5"] == MD5


async def test_the_relay_is_held_to_the_rule_too(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key, policy="proven", filename="note.txt", size=len(CONTENT))
    url = f"/v1/uploads/{upload['id']}/parts/1"
    unbound = await service.client.put(url, content=CONTENT, headers=key)
    assert_problem(unbound, 422, "digest_required")
    bound = await service.client.put(url, content=CONTENT, headers={**key, "Content-MD5": MD5})
    assert bound.status_code == 200, bound.text


@pytest.mark.parametrize("rule", ["default", "plain"])
async def test_elsewhere_a_digest_may_come_and_is_bound(
    service: Service, key: dict[str, str], rule: str
) -> None:
    upload = await service.start(key, policy=rule)
    answer = await sign(service, key, upload, {"part_number": 1, "sha256": SHA256}, {"part_number": 2})
    first, second = answer.json()["parts"]
    assert first["headers"] == {"x-amz-checksum-sha256": SHA256}
    assert second["headers"] == {}


class Indifferent(FakeStore):
    """It stores what is sent, whatever SHA-256 it was bound to."""

    async def probe_sha256(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("setting", "algorithms"), [("auto", ["md5"]), ("md5", ["md5"]), ("sha256", ["sha256", "md5"])]
)
async def test_a_store_that_enforces_no_sha256_is_not_trusted_with_it(
    postgres_url: str, migrated_template: str, setting: str, algorithms: list[str]
) -> None:
    async with new_database(postgres_url, template=migrated_template) as url:
        settings = settings_for(url, policies={"default": {"digests": "required"}})
        settings.store.digests = setting  # type: ignore[assignment]  # the parametrised values are the type's
        async with running(settings, store=Indifferent(clock=lambda: datetime.now(UTC))) as service:
            key = await service.key()
            upload = await service.start(key)
            assert upload["part_digests"]["algorithms"] == algorithms
            answer = await sign(service, key, upload, {"part_number": 1, "sha256": SHA256})
            assert answer.status_code == (200 if "sha256" in algorithms else 422)


async def test_a_part_that_was_reported_is_not_reported_with_another_digest(
    service: Service, key: dict[str, str]
) -> None:
    """Whoever sends it now sends another file than who began."""
    upload = await service.start(key)
    path = f"/v1/uploads/{upload['id']}/parts"
    of_another = base64.b64encode(hashlib.md5(b"another", usedforsecurity=False).digest()).decode()
    first, other = ({"part_number": 1, "etag": "e", "md5": one} for one in (MD5, of_another))
    for claim in (first, first, {"part_number": 1, "etag": "f"}):
        answer = await service.client.put(path, json={"parts": [claim]}, headers=key)
        assert answer.status_code == 200, answer.text
    await service.client.put(path, json={"parts": [first]}, headers=key)
    refused = await service.client.put(path, json={"parts": [other]}, headers=key)
    assert assert_problem(refused, 409, "part_changed")["part_numbers"] == [1]
