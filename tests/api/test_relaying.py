"""Parts through the service: the rules of a directly sent one, before a byte is read and after the last one."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest

from coordinator.access.principals import Scope
from coordinator.storage.faults import FailAfter, FailBefore, Hold, Refuse
from coordinator.uploads.model import MultipartUploadId
from coordinator.uploads.store import StoreMisconfigured, StoreRefused
from tests.api.service import PART, Service, assert_problem, bearer

CONTENT = bytes(range(256)) * (PART // 256)
LAST = b"!"

Json = dict[str, Any]


def md5(content: bytes) -> str:
    return b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def sha256(content: bytes) -> str:
    return b64encode(hashlib.sha256(content).digest()).decode()


def path_of(upload: Mapping[str, Any], part_number: object) -> str:
    return f"/v1/uploads/{upload['id']}/parts/{part_number}"


async def relay(
    service: Service,
    key: Mapping[str, str],
    upload: Mapping[str, Any],
    part_number: object,
    content: bytes | AsyncIterator[bytes],
    **headers: str,
) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await service.client.put(path_of(upload, part_number), content=content, headers={**key, **named})


class Unread:
    """A body that nobody may ask for."""

    def __aiter__(self) -> "Unread":
        return self

    async def __anext__(self) -> bytes:
        raise AssertionError("the body was read")


async def complete(service: Service, key: Mapping[str, str], upload: Json, **body: object) -> httpx2.Response:
    return await service.client.post(f"/v1/uploads/{upload['id']}/complete", json=body, headers=key)


async def test_all_parts_through_the_service_make_the_object(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key)
    digests = {"content-md5": md5(CONTENT), "x-amz-checksum-sha256": sha256(CONTENT)}
    for part_number, content in ((1, CONTENT), (2, CONTENT), (3, LAST)):
        answer = await relay(
            service, key, upload, part_number, content, **(digests if part_number == 1 else {})
        )
        assert answer.status_code == 200, answer.text
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        assert answer.json() == {"part_number": part_number, "etag": etag, "size": len(content)}
        assert answer.headers["cache-control"] == "no-store"

    listed = (await service.client.get(f"/v1/uploads/{upload['id']}/parts", headers=key)).json()["parts"]
    assert [(part["part_number"], part["size"]) for part in listed] == [(1, PART), (2, PART), (3, 1)]
    assert listed[0]["digest"] == {"md5": md5(CONTENT), "sha256": sha256(CONTENT)}
    assert (await complete(service, key, upload)).json()["state"] == "completed"


async def test_relayed_and_direct_parts_are_one_upload(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key)
    await service.send_parts(upload, key)
    assert (await relay(service, key, upload, 2, CONTENT)).status_code == 200
    assert (await complete(service, key, upload)).status_code == 200


async def test_the_same_part_again_is_answered_again(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key)
    first = await relay(service, key, upload, 1, CONTENT)
    assert (await relay(service, key, upload, 1, CONTENT)).json() == first.json()


async def test_an_empty_file_is_one_empty_part(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key, size=0)
    assert (await relay(service, key, upload, 1, b"", content_md5=md5(b""))).status_code == 200
    assert (await complete(service, key, upload)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"transfer-encoding": "chunked"}, 411, "length_required"),
        ({"transfer-encoding": "chunked", "content-length": str(PART)}, 411, "length_required"),
        ({"content-length": str(PART - 1)}, 422, "validation_failed"),
        ({"content-length": str(PART + 1)}, 422, "validation_failed"),
        ({"content-length": "0"}, 422, "validation_failed"),
        ({"content-length": str(2**80)}, 400, "malformed_request"),
        ({"content-length": "+5"}, 400, "malformed_request"),
        ({"content-length": str(PART), "content-md5": "no digest"}, 422, "validation_failed"),
        ({"content-length": str(PART), "content-md5": sha256(b"")}, 422, "validation_failed"),
        ({"content-length": str(PART), "x-amz-checksum-sha256": md5(b"")}, 422, "validation_failed"),
        ({"content-length": str(PART), "x-amz-checksum-crc32": "AAAAAA=="}, 422, "validation_failed"),
    ],
    ids=str,
)
async def test_what_is_wrong_with_the_headers_is_said_before_a_byte_is_read(
    service: Service, key: dict[str, str], headers: dict[str, str], status: int, code: str
) -> None:
    upload = await service.start(key)
    request = service.client.build_request("PUT", path_of(upload, 1), content=Unread(), headers=key)
    request.headers.pop("transfer-encoding", None)
    # else what was refused would be read and thrown away
    request.headers.update({**headers, "expect": "100-continue"})
    assert_problem(await service.client.send(request), status, code)
    assert "upload_part" not in service.store.calls


@pytest.mark.parametrize("part_number", ["0", "4", "10001", "-1", "01", "1e3", "abc", "1.0", "٣", "%00"])
async def test_a_part_outside_the_plan(service: Service, key: dict[str, str], part_number: str) -> None:
    upload = await service.start(key)
    assert_problem(await relay(service, key, upload, part_number, LAST), 422, "part_outside_plan")


async def test_who_may_not_sign_may_not_relay(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key)
    other_tenant = await service.key("somebody-else")
    reader = await service.key(scopes=frozenset({Scope.UPLOADS_READ}))
    other_owner = service.token(owner="bob")
    assert_problem(await relay(service, {}, upload, 1, CONTENT), 401, "unauthenticated")
    assert_problem(await relay(service, bearer("ck_wrong"), upload, 1, CONTENT), 401, "unauthenticated")
    assert_problem(await relay(service, reader, upload, 1, CONTENT), 403, "forbidden")
    assert_problem(await relay(service, other_tenant, upload, 1, CONTENT), 404, "not_found")
    assert_problem(await relay(service, other_owner, upload, 1, CONTENT), 404, "not_found")
    assert_problem(await relay(service, key, {"id": "nonsense"}, 1, CONTENT), 404, "not_found")
    assert "upload_part" not in service.store.calls


async def test_only_an_open_upload_takes_parts(service: Service, key: dict[str, str]) -> None:
    done = await service.completed(key)
    assert_problem(await relay(service, key, done, 1, CONTENT), 409, "already_completed")
    aborted = await service.start(key)
    await service.client.delete(f"/v1/uploads/{aborted['id']}", headers=key)
    assert_problem(await relay(service, key, aborted, 1, CONTENT), 410, "upload_gone")


async def test_bytes_that_are_not_those_of_the_digest_are_not_stored(
    service: Service, key: dict[str, str]
) -> None:
    upload = await service.start(key)
    for name, value in (("content_md5", md5(b"other")), ("x_amz_checksum_sha256", sha256(b"other"))):
        answer = await relay(service, key, upload, 1, CONTENT, **{name: value})
        assert_problem(answer, 422, "digest_mismatch")
    [call] = [call for call in service.store.log if call.key == upload["key"]][:1]
    assert call.multipart_upload_id is None
    listed = await service.client.get(f"/v1/uploads/{upload['id']}/parts?refresh=true", headers=key)
    assert listed.json()["parts"] == []


async def test_another_digest_than_the_recorded_one_is_another_file(
    service: Service, key: dict[str, str]
) -> None:
    upload = await service.start(key)
    assert (await relay(service, key, upload, 1, CONTENT, content_md5=md5(CONTENT))).status_code == 200
    changed = await relay(service, key, upload, 1, CONTENT[::-1], content_md5=md5(CONTENT[::-1]))
    assert assert_problem(changed, 409, "part_changed")["part_numbers"] == [1]


async def test_a_body_that_is_shorter_than_announced_leaves_nothing(
    service: Service, key: dict[str, str]
) -> None:
    upload = await service.start(key)
    answer = await relay(service, key, upload, 1, CONTENT[:-1], content_length=str(PART))
    assert_problem(answer, 400, "malformed_request")
    listed = await service.client.get(f"/v1/uploads/{upload['id']}/parts?refresh=true", headers=key)
    assert listed.json()["parts"] == []


async def test_a_streams_smaller_part_is_its_end(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key, size=None)
    too_large = await relay(service, key, upload, 1, CONTENT + b"1")
    assert_problem(too_large, 422, "validation_failed")
    assert (await relay(service, key, upload, 1, CONTENT)).status_code == 200
    assert (await relay(service, key, upload, 2, b"end")).status_code == 200
    assert_problem(await relay(service, key, upload, 3, b"more"), 409, "stream_ended")
    assert (await complete(service, key, upload, size=PART + 3)).json()["state"] == "completed"


async def test_a_store_that_fails_is_503_and_the_part_can_be_sent_again(
    service: Service, key: dict[str, str]
) -> None:
    upload = await service.start(key)
    service.store.script("upload_part", FailBefore(), FailAfter())
    for _ in range(2):
        answer = await relay(service, key, upload, 1, CONTENT)
        assert_problem(answer, 503, "storage_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert (await relay(service, key, upload, 1, CONTENT)).status_code == 200


async def test_a_store_that_refuses(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key)
    service.store.script(
        "upload_part",
        Refuse(StoreMisconfigured("upload_part", "AccessDenied")),
        Refuse(StoreRefused("upload_part", "BadDigest")),
        Refuse(StoreRefused("upload_part", "NotImplemented")),
    )
    for status, code in ((502, "storage_misconfigured"), (422, "digest_mismatch"), (422, "part_refused")):
        assert_problem(await relay(service, key, upload, 1, CONTENT), status, code)


async def test_an_upload_that_the_store_has_lost_is_gone(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key)
    [made] = service.store.standing(upload["key"])
    service.store.expire_upload(made)
    problem = assert_problem(await relay(service, key, upload, 1, CONTENT), 410, "upload_gone")
    assert problem["reason"] == "lost"


async def test_a_store_that_hangs_up_on_a_gone_upload_is_asked(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key)
    [made] = service.store.standing(upload["key"])
    service.store.expire_upload(MultipartUploadId(made))
    service.store.script("upload_part", FailBefore("ClientOSError", answered=False))
    assert_problem(await relay(service, key, upload, 1, CONTENT), 410, "upload_gone")


async def test_a_part_that_lands_during_an_abort_is_looked_for_later(
    service: Service, key: dict[str, str]
) -> None:
    """What is under way counts as a living URL does."""
    upload = await service.start(key)
    hold = Hold()
    service.store.script("upload_part", hold)
    sending = asyncio.create_task(relay(service, key, upload, 1, CONTENT))
    await asyncio.wait_for(hold.reached.wait(), 30)
    aborted = await service.client.delete(f"/v1/uploads/{upload['id']}", headers=key)
    assert aborted.json()["state"] == "aborted"
    hold.released.set()
    assert_problem(await sending, 410, "upload_gone")
