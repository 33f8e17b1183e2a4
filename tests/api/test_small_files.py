"""A small file on the wire: three requests, and what they say."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from coordinator.storage.fake import FakeStore
from coordinator.storage.fake_profiles import PROFILES
from coordinator.uploads.store import StoreRefused
from tests.api.service import Service, assert_problem, running, settings_for
from tests.postgres import new_database

CONTENT = b"a small file"
BODY: dict[str, Any] = {"filename": "note.txt", "size": len(CONTENT), "content_type": "text/plain", "sign": 1}


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


async def started(
    service: Service, key: dict[str, str], **more: object
) -> tuple[dict[str, Any], dict[str, Any]]:
    answer = await service.client.post("/v1/uploads", json=BODY | more, headers=key)
    assert answer.status_code == 201, answer.text
    [part] = answer.json()["parts"]
    return answer.json()["upload"], part


async def completed(
    service: Service, key: dict[str, str], upload: dict[str, Any], **body: object
) -> dict[str, Any]:
    answer = await service.client.post(f"/v1/uploads/{upload['id']}/complete", json=body, headers=key)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_start_put_complete(service: Service, key: dict[str, str]) -> None:
    upload, part = await started(service, key)
    assert (upload["state"], upload["method"], upload["part_count"]) == ("open", "put", 1)
    assert (part["part_number"], part["offset"], part["size"]) == (1, 0, len(CONTENT))
    assert part["headers"]["content-type"] == "text/plain"
    etag = service.store.put_signed(upload["key"], CONTENT, part["headers"])
    done = await completed(service, key, upload)
    assert (done["state"], done["etag"], done["bytes_uploaded"]) == ("completed", etag, len(CONTENT))
    assert await completed(service, key, upload) == done
    assert service.store.calls == ["head_object"]


async def test_a_digest_named_at_the_start_is_bound_and_then_proven(
    service: Service, key: dict[str, str]
) -> None:
    upload, part = await started(service, key, md5=md5(CONTENT))
    assert part["headers"]["content-md5"] == md5(CONTENT)
    assert upload["digest"] == {"algorithm": "md5", "value": md5(CONTENT), "verified": False}
    with pytest.raises(StoreRefused):
        service.store.put_signed(upload["key"], b"a wrong file", part["headers"])
    service.store.put_signed(upload["key"], CONTENT, part["headers"])
    assert (await completed(service, key, upload))["digest"]["verified"] is True
    answer = await service.client.post(
        f"/v1/uploads/{upload['id']}/parts/sign",
        json={"parts": [{"part_number": 1, "md5": md5(b"other")}]},
        headers=key,
    )
    assert_problem(answer, 409, "already_completed")


async def test_another_digest_than_the_one_of_the_start_is_refused(
    service: Service, key: dict[str, str]
) -> None:
    upload, _ = await started(service, key, md5=md5(CONTENT))
    other = {"part_number": 1, "md5": md5(b"other")}
    url = f"/v1/uploads/{upload['id']}"
    answer = await service.client.post(f"{url}/parts/sign", json={"parts": [other]}, headers=key)
    assert assert_problem(answer, 409, "part_changed")["part_numbers"] == [1]
    digest = {"algorithm": "md5", "value": other["md5"]}
    answer = await service.client.post(f"{url}/complete", json={"digest": digest}, headers=key)
    assert_problem(answer, 409, "part_changed")


async def test_complete_of_what_was_not_sent_names_part_1(service: Service, key: dict[str, str]) -> None:
    upload, _ = await started(service, key)
    answer = await service.client.post(f"/v1/uploads/{upload['id']}/complete", headers=key)
    assert assert_problem(answer, 422, "parts_missing")["part_numbers"] == [1]


async def test_an_abort_takes_the_object_along(service: Service, key: dict[str, str]) -> None:
    upload, part = await started(service, key)
    service.store.put_signed(upload["key"], CONTENT, part["headers"])
    answer = await service.client.delete(f"/v1/uploads/{upload['id']}", headers=key)
    assert (answer.status_code, answer.json()["state"]) == (200, "aborted")
    assert service.store.stored(upload["key"]) is None
    answer = await service.client.post(f"/v1/uploads/{upload['id']}/complete", headers=key)
    assert_problem(answer, 410, "upload_gone")


async def test_digests_of_a_file_of_many_parts_are_not_used(service: Service, key: dict[str, str]) -> None:
    upload, part = await started(service, key, size=20 * 2**20, md5=md5(CONTENT))
    assert (upload["method"], upload["digest"], part["headers"]) == ("multipart", None, {})


@pytest.mark.parametrize("member", [{"md5": "short"}, {"sha256": md5(CONTENT)}, {"md5": 1}])
async def test_a_malformed_digest_is_refused(
    service: Service, key: dict[str, str], member: dict[str, object]
) -> None:
    answer = await service.client.post("/v1/uploads", json=BODY | member, headers=key)
    assert_problem(answer, 422, "validation_failed")


async def test_a_policy_may_keep_small_files_in_parts(postgres_url: str, migrated_template: str) -> None:
    policies = {"plain": {"small_files": "multipart"}}
    async with (
        new_database(postgres_url, template=migrated_template) as url,
        running(settings_for(url, policies=policies)) as service,
    ):
        upload, _ = await started(service, await service.key(), policy="plain")
        assert upload["method"] == "multipart"


async def test_where_an_object_can_be_written_over_the_md5_decides(
    postgres_url: str, migrated_template: str
) -> None:
    store = FakeStore(clock=lambda: datetime.now(UTC), profile=PROFILES["rclone"])
    async with (
        new_database(postgres_url, template=migrated_template) as url,
        running(settings_for(url), store=store) as service,
    ):
        key = await service.key()
        assert (await started(service, key))[0]["method"] == "multipart"
        upload, part = await started(service, key, md5=md5(CONTENT))
        assert upload["method"] == "put"
        assert "if-none-match" not in part["headers"]
