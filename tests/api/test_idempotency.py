from typing import Any

import httpx2
import pytest

from coordinator.uploads.plan import MIB
from tests.api.service import Service, assert_problem

BODY: dict[str, Any] = {"filename": "a.bin", "size": 12 * MIB, "sign": 1, "metadata": {"a": "1", "b": "2"}}


async def _start(
    service: Service, headers: dict[str, str], body: dict[str, Any] | None = None
) -> httpx2.Response:
    return await service.client.post(
        "/v1/uploads", json=BODY if body is None else body, headers={**headers, "Idempotency-Key": "k-1"}
    )


async def test_a_replay_is_the_same_upload_signed_afresh(service: Service, key: dict[str, str]) -> None:
    first = await _start(service, key)
    # the order of members says nothing, and a default that is written out changes nothing
    same = {"policy": "default", **dict(reversed(BODY.items())), "metadata": {"b": "2", "a": "1"}}
    again = await _start(service, key, same)
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert again.json()["upload"]["id"] == first.json()["upload"]["id"]
    assert [part["part_number"] for part in again.json()["parts"]] == [1]
    assert service.store.calls.count("create_multipart_upload") == 1


async def test_another_body_with_the_same_key_is_refused(service: Service, key: dict[str, str]) -> None:
    await _start(service, key)
    assert_problem(await _start(service, key, {**BODY, "size": 13 * MIB}), 422, "idempotency_key_reuse")


async def test_keys_of_others_do_not_meet(service: Service, key: dict[str, str]) -> None:
    others = [await service.key("other"), await service.key(), service.token(), service.token(owner="eve")]
    answers = [await _start(service, headers) for headers in (key, *others)]
    assert [answer.status_code for answer in answers] == [201] * 5
    assert len({answer.json()["upload"]["id"] for answer in answers}) == 5


@pytest.mark.parametrize("text", ["", "x" * 256, "tab\tbed", "ümlaut"])
async def test_only_short_printable_ascii_is_a_key(service: Service, key: dict[str, str], text: str) -> None:
    headers = [(name.encode(), value.encode()) for name, value in key.items()]
    headers.append((b"Idempotency-Key", text.encode("latin-1")))
    answer = await service.client.post("/v1/uploads", json=BODY, headers=headers)
    document = assert_problem(answer, 422, "validation_failed")
    assert document["errors"][0]["path"] == "Idempotency-Key"
    assert "create_multipart_upload" not in service.store.calls


@pytest.mark.parametrize(
    ("other", "refused"),
    [
        ({"size": 7}, (422, "validation_failed")),
        ({"size": None}, (422, "validation_failed")),
        ({"content_encoding": "gzip"}, (422, "validation_failed")),
        ({"md5": "kAFQmDzST7DWlj99KOF/cg=="}, (409, "part_changed")),
    ],
)
async def test_a_start_that_a_fingerprint_leads_to_another_file_is_refused_however_often_it_is_repeated(
    service: Service, key: dict[str, str], other: dict[str, Any], refused: tuple[int, str]
) -> None:
    """Whoever did not hear of the refusal sends it again, and must not be given the other file's upload."""
    file = {"filename": "a.bin", "size": 3, "fingerprint": "f" * 64}
    upload = await service.start(key, **file, md5="rL0Y20zC+Fzt72VPzMSk2A==", part_size=None)
    for _ in range(2):
        assert_problem(await _start(service, key, {**file, **other}), *refused)
    ended = await service.client.delete(f"/v1/uploads/{upload['id']}", headers=key)
    assert ended.status_code == 200
    begun = await _start(service, key, {**file, **other})
    assert begun.status_code == 201, begun.text
    assert begun.json()["upload"]["id"] != upload["id"]
