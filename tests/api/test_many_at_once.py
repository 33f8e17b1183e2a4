"""Many uploads in one request: each is answered, refused and kept as if it had come alone."""

import asyncio
from typing import Any

import httpx2
import pytest

from coordinator.http.bodies import BATCH_LIMIT, BODY_LIMIT
from coordinator.storage.faults import FailBefore
from coordinator.uploads.plan import MIB
from tests.api.service import Headers, Service, assert_problem, running, settings_for

CONTENT = b"a small file"
BODY: dict[str, Any] = {"filename": "note.txt", "size": len(CONTENT), "sign": 1}
UNKNOWN = "018f0000-0000-7000-8000-000000000000"

Json = dict[str, Any]


async def sent(service: Service, what: str, headers: Headers, items: list[Any]) -> httpx2.Response:
    return await service.client.post(f"/v1/uploads/{what}", json={"uploads": items}, headers=headers)


async def results(service: Service, what: str, headers: Headers, items: list[Any]) -> list[Json]:
    answer = await sent(service, what, headers, items)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["results"]
    assert len(found) == len(items)
    return found


async def begun(service: Service, headers: Headers, count: int) -> list[Json]:
    """Uploads whose files are at the store."""
    answers = [one["answer"] for one in await results(service, "start", headers, [BODY] * count)]
    for answer in answers:
        service.store.put_signed(answer["upload"]["key"], CONTENT, answer["parts"][0]["headers"])
    return [answer["upload"] for answer in answers]


def told(result: Json) -> tuple[int, str]:
    return result["status"], result["problem"]["code"]


async def test_a_hundred_files_are_started_and_completed(service: Service, key: Headers) -> None:
    named = [BODY | {"filename": f"{number}.txt", "idempotency_key": f"k{number}"} for number in range(100)]
    started = await results(service, "start", key, named)
    assert [one["answer"]["upload"]["filename"] for one in started] == [one["filename"] for one in named]
    assert {one["status"] for one in started} == {201}
    assert len({one["answer"]["upload"]["id"] for one in started}) == 100
    for one in started:
        part = one["answer"]["parts"][0]
        service.store.put_signed(one["answer"]["upload"]["key"], CONTENT, part["headers"])
    ids = [{"id": one["answer"]["upload"]["id"]} for one in started]
    done = await results(service, "complete", key, ids)
    assert [one["answer"]["id"] for one in done] == [one["id"] for one in ids]
    assert {(one["status"], one["answer"]["state"]) for one in done} == {(200, "completed")}
    assert service.store.calls.count("head_object") == 100
    assert await results(service, "complete", key, ids) == done


WRONG: list[Any] = [
    {"filename": "a", "size": -1},
    {"filename": "a", "size": 1, "colour": "red"},
    {"size": 1},
    {"filename": "../a", "size": 1},
    {"filename": "a", "size": 1, "policy": "unheard-of"},
    {"filename": "a", "size": 6 * MIB, "part_size": 1},
    {"filename": "a", "size": 1, "md5": "no"},
    3,
    "start",
]


async def test_what_is_wrong_is_refused_as_it_is_alone_and_touches_no_other(
    service: Service, key: Headers
) -> None:
    found = await results(service, "start", key, [BODY, *WRONG, BODY])
    assert [found[0]["status"], found[-1]["status"]] == [201, 201]
    for wrong, one in zip(WRONG, found[1:-1], strict=True):
        alone = await service.client.post("/v1/uploads", json=wrong, headers=key)
        assert one["status"] == alone.status_code
        assert one["problem"] | {"request_id": ""} == alone.json() | {"request_id": ""}


@pytest.mark.parametrize("what", ["start", "complete"])
@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"uploads": []}, "$.uploads"),
        ({"uploads": [BODY] * 101}, "$.uploads"),
        ({}, "$.uploads"),
        ({"uploads": [BODY], "more": 1}, "$.more"),
        ({"uploads": {}}, "$.uploads"),
    ],
)
async def test_a_request_that_is_no_list_of_up_to_a_hundred_is_refused(
    service: Service, key: Headers, what: str, body: Json, path: str
) -> None:
    answer = await service.client.post(f"/v1/uploads/{what}", json=body, headers=key)
    assert assert_problem(answer, 422, "validation_failed")["errors"][0]["path"] == path


async def test_too_much_is_refused_as_a_whole_and_too_much_of_one_alone(
    service: Service, key: Headers
) -> None:
    much = BODY | {"metadata": {"a": "x" * BODY_LIMIT}}
    found = await results(service, "start", key, [BODY, much])
    assert (found[0]["status"], told(found[1])) == (201, (413, "body_too_large"))
    assert_problem(
        await sent(service, "start", key, [much] * (BATCH_LIMIT // BODY_LIMIT)), 413, "body_too_large"
    )


async def test_a_request_has_so_many_parts_signed(service: Service, key: Headers) -> None:
    """What is refused has nothing signed, and so takes nothing from the others."""
    asked = [BODY | {"sign": sign} for sign in (600, 600, 400, 0, 1)]
    found = await results(service, "start", key, asked)
    assert [one["status"] for one in found] == [201, 422, 201, 201, 422]
    assert told(found[1]) == (422, "validation_failed")
    assert found[1]["problem"]["errors"][0]["path"] == "$.sign"


async def test_a_repeated_request_is_answered_with_the_same_uploads(service: Service, key: Headers) -> None:
    asked = [BODY | {"idempotency_key": f"again-{number}"} for number in range(5)]
    first = await results(service, "start", key, asked)
    again = await results(service, "start", key, asked)
    assert [one["answer"]["upload"]["id"] for one in again] == [
        one["answer"]["upload"]["id"] for one in first
    ]
    assert {one.get("replayed") for one in first} == {None}
    assert {(one["status"], one["replayed"]) for one in again} == {(201, True)}
    alone = await service.client.post("/v1/uploads", json=BODY, headers={**key, "Idempotency-Key": "again-3"})
    assert alone.json()["upload"]["id"] == first[3]["answer"]["upload"]["id"]
    assert alone.headers["idempotency-replayed"] == "true"


async def test_one_key_twice_is_one_upload(service: Service, key: Headers) -> None:
    asked = [BODY | {"idempotency_key": "twice"}] * 2 + [BODY | {"idempotency_key": "once"}]
    one, other, third = await results(service, "start", key, asked)
    assert one["answer"]["upload"]["id"] == other["answer"]["upload"]["id"]
    assert third["answer"]["upload"]["id"] != one["answer"]["upload"]["id"]
    assert sorted(result.get("replayed", False) for result in (one, other)) == [False, True]


async def test_one_key_for_two_bodies_is_refused_for_one_of_them(service: Service, key: Headers) -> None:
    asked = [BODY | {"idempotency_key": "k", "filename": name} for name in ("a", "b")] + [BODY]
    found = await results(service, "start", key, asked)
    assert sorted(one["status"] for one in found) == [201, 201, 422]
    [refused] = [one for one in found if one["status"] == 422]
    assert told(refused) == (422, "idempotency_key_reuse")


@pytest.mark.parametrize("text", ["", "x" * 256, "tab\tbed", "ümlaut"])
async def test_only_short_printable_ascii_is_a_key(service: Service, key: Headers, text: str) -> None:
    refused, good = await results(service, "start", key, [BODY | {"idempotency_key": text}, BODY])
    assert (told(refused), good["status"]) == ((422, "validation_failed"), 201)
    assert refused["problem"]["errors"][0]["path"] == "$.idempotency_key"


async def test_copies_of_a_file_share_the_upload_that_the_first_begins(
    service: Service, key: Headers
) -> None:
    asked = [BODY | {"fingerprint": "f" * 64, "idempotency_key": f"copy-{number}"} for number in range(3)]
    found = await results(service, "start", key, asked)
    assert len({one["answer"]["upload"]["id"] for one in found}) == 1
    assert sorted(one["status"] for one in found) == [200, 200, 201]


async def test_a_large_file_among_small_ones_is_started_in_parts(service: Service, key: Headers) -> None:
    small, large = await results(service, "start", key, [BODY, {"filename": "film", "size": 20 * MIB}])
    assert [one["answer"]["upload"]["method"] for one in (small, large)] == ["put", "multipart"]
    assert large["answer"]["upload"]["state"] == "open"


async def test_each_is_completed_for_itself(service: Service, key: Headers) -> None:
    first, second = await begun(service, key, 2)
    unsent = (await results(service, "start", key, [BODY]))[0]["answer"]["upload"]
    foreign = (await begun(service, await service.key("other"), 1))[0]
    ids = [first["id"], unsent["id"], foreign["id"], UNKNOWN, "no id", second["id"], first["id"]]
    items = [*({"id": one} for one in ids), {"id": second["id"], "size": 3}, {"size": 1}, {"id": 3}]
    found = await results(service, "complete", key, items)
    assert [one["status"] for one in found] == [200, 422, 404, 404, 404, 200, 200, 422, 422, 422]
    assert found[1]["problem"]["part_numbers"] == [1]
    assert found[2]["problem"] == found[3]["problem"] == found[4]["problem"]
    assert found[0] == found[6]
    assert (await service.client.get(f"/v1/uploads/{unsent['id']}", headers=key)).json()["state"] == "open"
    theirs = await service.client.get(f"/v1/uploads/{foreign['id']}", headers=await service.key("other"))
    assert theirs.json()["state"] == "open"


async def test_a_store_in_trouble_is_told_of_each_with_its_wait(service: Service, key: Headers) -> None:
    ids = [{"id": upload["id"]} for upload in await begun(service, key, 3)]
    service.store.script("head_object", FailBefore())
    found = await results(service, "complete", key, ids)
    assert sorted(one["status"] for one in found) == [200, 200, 503]
    [failed] = [one for one in found if one["status"] == 503]
    assert (told(failed), failed["retry_after"] > 0) == ((503, "storage_unavailable"), True)
    assert {one["status"] for one in await results(service, "complete", key, ids)} == {200}


async def test_a_token_of_one_upload_reaches_that_one_alone(service: Service, key: Headers) -> None:
    mine, other = await begun(service, key, 2)
    token = service.token(owner=mine["owner"], upload_id=mine["id"])
    assert told((await results(service, "start", token, [BODY]))[0]) == (403, "forbidden")
    found = await results(service, "complete", token, [{"id": mine["id"]}, {"id": other["id"]}])
    assert [one["status"] for one in found] == [200, 404]


async def test_owners_of_one_tenant_do_not_meet(service: Service) -> None:
    ann, bob = service.token(owner="ann"), service.token(owner="bob")
    [upload] = await begun(service, ann, 1)
    assert told((await results(service, "complete", bob, [{"id": upload["id"]}]))[0]) == (404, "not_found")
    both = await asyncio.gather(
        *(results(service, "complete", who, [{"id": upload["id"]}]) for who in (ann, bob, ann, bob))
    )
    assert [found[0]["status"] for found in both] == [200, 404, 200, 404]


async def test_a_quota_ends_in_the_midst_of_a_request(database_url: str) -> None:
    async with running(settings_for(database_url, quota_tenant_bytes=3 * len(CONTENT))) as service:
        key = await service.key()
        asked = [BODY | {"idempotency_key": f"k{number}"} for number in range(5)]
        found = await results(service, "start", key, asked)
        assert sorted(one["status"] for one in found) == [201, 201, 201, 413, 413]
        refused = [one for one in found if one["status"] == 413]
        assert {one["problem"]["code"] for one in refused} == {"quota_exceeded"}
        kept = [one["answer"] for one in found if one["status"] == 201]
        for answer in kept:
            service.store.put_signed(answer["upload"]["key"], CONTENT, answer["parts"][0]["headers"])
        ids = [{"id": answer["upload"]["id"]} for answer in kept]
        done = await results(service, "complete", key, ids)
        assert {one["status"] for one in done} == {200}
        [full] = await results(service, "start", key, [BODY])
        assert (full["problem"]["used"], full["problem"]["reserved"]) == (3 * len(CONTENT), 0)


async def test_each_is_counted_by_its_own_status(service: Service, key: Headers) -> None:
    counted = 'coordinator_http_results_total{{route="/v1/uploads/start",status="{}"}} '

    async def so_far(status: int) -> float:
        lines = (await service.client.get("/metrics")).text.splitlines()
        return sum(
            float(line.rpartition(" ")[2]) for line in lines if line.startswith(counted.format(status))
        )

    before = [await so_far(status) for status in (201, 422)]
    await results(service, "start", key, [BODY, {}, BODY])
    after = [await so_far(status) for status in (201, 422)]
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 1]


async def test_the_routes_are_no_upload(service: Service, key: Headers) -> None:
    for what in ("start", "complete"):
        answer = await service.client.get(f"/v1/uploads/{what}", headers=key)
        assert_problem(answer, 405, "method_not_allowed")
    assert_problem(await sent(service, "start", {}, [BODY]), 401, "unauthenticated")
