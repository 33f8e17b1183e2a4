"""An upload from start to end, as a client sees it."""

import httpx2

from tests.api.service import PART, Service, assert_problem


async def test_an_upload_is_started_signed_sent_recorded_and_completed(
    service: Service, key: dict[str, str]
) -> None:
    client = service.client
    body = {
        "filename": "Fête 🎬.mp4",
        "size": 2 * PART + 7,
        "part_size": PART,
        "content_type": "video/mp4",
        "metadata": {"project": "№ 7"},
        "sign": 2,
    }
    answer = await client.post("/v1/uploads", json=body, headers=key)
    assert answer.status_code == 201, answer.text
    started = answer.json()
    upload = started["upload"]
    assert answer.headers["location"] == f"/v1/uploads/{upload['id']}"
    assert answer.headers["cache-control"] == "no-store"
    assert "idempotency-replayed" not in answer.headers
    assert (upload["state"], upload["part_count"], upload["method"]) == ("open", 3, "multipart")
    assert upload["filename"] == body["filename"]
    assert upload["metadata"] == body["metadata"]
    assert [(p["part_number"], p["offset"], p["size"]) for p in started["parts"]] == [
        (1, 0, PART),
        (2, PART, PART),
    ]
    url = httpx2.URL(started["parts"][0]["url"])
    assert url.host == "store.test"
    assert started["parts"][0]["method"] == "PUT"

    etags = await service.send_parts(upload, key)
    claims = [{"part_number": n, "etag": f'"{etag}"'} for n, etag in etags.items()]
    path = f"/v1/uploads/{upload['id']}"
    recorded = await client.put(f"{path}/parts", json={"parts": claims}, headers=key)
    assert recorded.status_code == 200, recorded.text
    assert (recorded.json()["parts_uploaded"], recorded.json()["bytes_uploaded"]) == (3, 2 * PART + 7)

    first = (await client.get(f"{path}/parts?limit=2", headers=key)).json()
    rest = (await client.get(f"{path}/parts?cursor={first['next']}", headers=key)).json()
    listed = first["parts"] + rest["parts"]
    assert [(p["part_number"], p["etag"]) for p in listed] == list(etags.items())
    assert rest["next"] is None

    assert_problem(await client.get(f"{path}/download", headers=key), 409, "not_completed")
    done = await client.post(f"{path}/complete", headers=key)
    assert done.status_code == 200, done.text
    assert done.json()["state"] == "completed"
    assert done.json()["etag"].endswith("-3")
    again = await client.post(f"{path}/complete", json={}, headers=key)
    assert (again.status_code, again.json()) == (200, done.json())
    others = await client.post(f"{path}/complete", json={"size": 5}, headers=key)
    assert "5 is not that" in assert_problem(others, 409, "already_completed")["detail"]
    assert (await client.get(path, headers=key)).json() == done.json()

    download = await client.get(f"{path}/download", headers=key)
    assert download.status_code == 200
    assert httpx2.URL(download.json()["url"]).host == "store.test"
    assert_problem(await client.delete(path, headers=key), 409, "already_completed")
    problem = assert_problem(
        await client.post(f"{path}/parts/sign", json={"part_numbers": [1]}, headers=key),
        409,
        "already_completed",
    )
    assert problem["state"] == "completed"


async def test_an_abort_says_why_and_may_be_repeated(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key)
    path = f"/v1/uploads/{upload['id']}"
    answer = await service.client.delete(path, params={"reason": "changed my mind"}, headers=key)
    assert answer.status_code == 200, answer.text
    ended = answer.json()
    assert (ended["state"], ended["reason"], ended["reason_text"]) == ("aborted", "client", "changed my mind")
    again = await service.client.delete(path, headers=key)
    assert (again.status_code, again.json()) == (200, ended)
    gone = await service.client.post(f"{path}/parts/sign", json={"part_numbers": [1]}, headers=key)
    assert_problem(gone, 410, "upload_gone")


async def test_missing_parts_are_named(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key)
    answer = await service.client.post(f"/v1/uploads/{upload['id']}/complete", headers=key)
    assert assert_problem(answer, 422, "parts_missing")["part_numbers"] == [1, 2, 3]


async def test_a_stream_ends_with_its_size(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key, size=None)
    assert (upload["size"], upload["part_count"], upload["seconds_left"]) == (None, None, None)
    path = f"/v1/uploads/{upload['id']}"
    sized = {"parts": [{"part_number": 1, "size": PART}, {"part_number": 2, "size": 9}]}
    answer = await service.client.post(f"{path}/parts/sign", json=sized, headers=key)
    assert answer.status_code == 200, answer.text
    assert (await service.client.get(path, headers=key)).json()["part_count"] == 2
    unsaid = await service.client.post(f"{path}/complete", headers=key)
    assert assert_problem(unsaid, 422, "validation_failed")["errors"][0]["path"] == "$.size"


async def test_lists_are_own_newest_first_filtered_and_paged(service: Service, key: dict[str, str]) -> None:
    started = [await service.start(key, filename=f"{name}.bin") for name in ("a1", "a2", "b1")]
    await service.client.delete(f"/v1/uploads/{started[1]['id']}", headers=key)
    await service.start(await service.key("other"))

    async def names(query: str) -> list[str]:
        answer = await service.client.get(f"/v1/uploads{query}", headers=key)
        assert answer.status_code == 200, answer.text
        return [upload["filename"] for upload in answer.json()["uploads"]]

    assert await names("") == ["b1.bin", "a2.bin", "a1.bin"]
    assert await names("?prefix=a") == ["a2.bin", "a1.bin"]
    assert await names("?state=open,creating") == ["b1.bin", "a1.bin"]
    assert await names("?state=open&state=aborted&prefix=a") == ["a2.bin", "a1.bin"]
    assert await names("?older_than=3600") == []
    first = (await service.client.get("/v1/uploads?limit=2", headers=key)).json()
    assert await names(f"?limit=2&cursor={first['next']}") == ["a1.bin"]


async def test_the_same_file_is_resumed_by_its_fingerprint(service: Service, key: dict[str, str]) -> None:
    fingerprint = "ab" * 32
    upload = await service.start(key, fingerprint=fingerprint)
    etags = await service.send_parts(upload, key)
    claim = {"parts": [{"part_number": 1, "etag": etags[1]}]}
    await service.client.put(f"/v1/uploads/{upload['id']}/parts", json=claim, headers=key)
    body = {
        "filename": "renamed.mp4",
        "size": 2 * PART + 1,
        "part_size": PART,
        "fingerprint": fingerprint,
        "sign": 5,
    }
    answer = await service.client.post("/v1/uploads", json=body, headers=key)
    assert answer.status_code == 200, answer.text
    assert answer.json()["upload"]["id"] == upload["id"]
    # what reached the store and was not reported is not asked for again
    assert answer.json()["upload"]["parts_uploaded"] == 3
    assert answer.json()["parts"] == []
    other = await service.start(service.token(owner="eve"), fingerprint=fingerprint)
    assert other["id"] != upload["id"]


async def test_progress_is_the_servers_view(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key)
    assert (upload["bytes_per_second"], upload["seconds_left"]) == (None, None)
    etags = await service.send_parts(upload, key)
    for number in (1, 2):
        claim = {"parts": [{"part_number": number, "etag": etags[number]}]}
        answer = await service.client.put(f"/v1/uploads/{upload['id']}/parts", json=claim, headers=key)
    assert answer.json()["bytes_per_second"] > 0
    assert answer.json()["seconds_left"] >= 1
