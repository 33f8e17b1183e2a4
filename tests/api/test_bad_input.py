"""What must never get in: a clear 4xx each, no failure of ours, no row and nothing at the store left behind."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.service import PART, Service, assert_problem

GOOD: dict[str, Any] = {"filename": "a.bin", "size": 1}
UNKNOWN = "0190b3a0-0000-7000-8000-000000000000"


async def assert_nothing_was_left(service: Service, key: dict[str, str]) -> None:
    assert (await service.client.get("/v1/uploads", headers=key)).json()["uploads"] == []
    assert not [operation for operation in service.store.calls if operation != "check"]


REFUSED_STARTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("an unknown member", {"key": "x"}, "validation_failed", "$.key"),
    ("the store's own words", {"bucket": "b"}, "validation_failed", "$.bucket"),
    ("a size of -1", {"size": -1}, "validation_failed", "$.size"),
    ("a size of 10^20", {"size": 10**20}, "validation_failed", "$.size"),
    ("a size beyond any store", {"size": 2**53 - 1}, "size_not_allowed", ""),
    ("a size in text", {"size": "1"}, "validation_failed", "$.size"),
    ("half a byte", {"size": 1.5}, "validation_failed", "$.size"),
    ("true for a size", {"size": True}, "validation_failed", "$.size"),
    ("an empty filename", {"filename": ""}, "validation_failed", "$.filename"),
    ("no text for a filename", {"filename": 7}, "validation_failed", "$.filename"),
    ("a filename of 4 KiB", {"filename": "a" * 4096}, "validation_failed", "$.filename"),
    ("a filename with NUL", {"filename": "a\x00b"}, "validation_failed", "$.filename"),
    ("a filename with CR/LF", {"filename": "a\r\nSet-Cookie: x"}, "validation_failed", "$.filename"),
    ("a filename with DEL", {"filename": "a\x7f"}, "validation_failed", "$.filename"),
    ("a filename that turns around", {"filename": "a\u202egpj.exe"}, "validation_failed", "$.filename"),
    ("a filename that climbs", {"filename": "../../etc/passwd"}, "validation_failed", "$.filename"),
    ("a filename that climbs backwards", {"filename": "a\\..\\b"}, "validation_failed", "$.filename"),
    ("a filename with a right-to-left mark", {"filename": "a\u200fb"}, "validation_failed", "$.filename"),
    ("a filename with an isolate", {"filename": "a\u2067b"}, "validation_failed", "$.filename"),
    ("a filename with a line end", {"filename": "a\u2028b"}, "validation_failed", "$.filename"),
    ("a content type without a slash", {"content_type": "video"}, "validation_failed", "$.content_type"),
    ("a content type with CR/LF", {"content_type": "a/b\r\nx: y"}, "validation_failed", "$.content_type"),
    (
        "a content type with a bad parameter",
        {"content_type": "a/b; c=\n"},
        "validation_failed",
        "$.content_type",
    ),
    (
        "a content type that goes on",
        {"content_type": "a/" + "b" * 300},
        "validation_failed",
        "$.content_type",
    ),
    ("another encoding", {"content_encoding": "br"}, "validation_failed", "$.content_encoding"),
    ("two encodings", {"content_encoding": "gzip, br"}, "validation_failed", "$.content_encoding"),
    ("metadata with NUL", {"metadata": {"a": "\x00"}}, "validation_failed", "$.metadata"),
    ("metadata with NUL in a name", {"metadata": {"\x00": "a"}}, "validation_failed", "$.metadata"),
    (
        "metadata above 8 KiB",
        {"metadata": {str(n): "x" * 1000 for n in range(9)}},
        "validation_failed",
        "$.metadata",
    ),
    ("much metadata", {"metadata": {str(n): "" for n in range(33)}}, "validation_failed", "$.metadata"),
    ("nested metadata", {"metadata": {"a": {"b": "c"}}}, "validation_failed", "$.metadata[...]"),
    ("a part size below 5 MiB", {"part_size": PART - 1}, "size_not_allowed", ""),
    ("a part size above 5 GiB", {"part_size": 5 * 2**30 + 1}, "size_not_allowed", ""),
    ("too many parts", {"size": 10_001 * PART, "part_size": PART}, "size_not_allowed", ""),
    ("a short fingerprint", {"fingerprint": "ab"}, "validation_failed", "$.fingerprint"),
    ("1,001 signatures", {"sign": 1001}, "validation_failed", "$.sign"),
    ("an unknown policy", {"policy": "nosuch"}, "unknown_policy", ""),
]


@pytest.mark.parametrize("start", REFUSED_STARTS, ids=lambda start: start[0])
async def test_a_start_that_is_refused(
    service: Service, key: dict[str, str], start: tuple[str, dict[str, Any], str, str]
) -> None:
    _, members, code, path = start
    answer = await service.client.post("/v1/uploads", json={**GOOD, **members}, headers=key)
    document = assert_problem(answer, 422, code)
    assert [error["path"] for error in document["errors"]] == ([path] if path else [])
    await assert_nothing_was_left(service, key)


@pytest.mark.parametrize("filename", [".", "...", "a/b", "C:\\a", "🎬" * 255, "a b.txt", "%00", "؀", "<b>"])
async def test_odd_filenames_are_data_and_never_paths(
    service: Service, key: dict[str, str], filename: str
) -> None:
    upload = await service.start(key, filename=filename)
    assert upload["filename"] == filename
    assert len(upload["key"].encode()) <= 700
    assert not {"", ".", ".."} & set(upload["key"].split("/"))
    assert upload["key"].count("/") == 3


UNREADABLE: list[tuple[str, bytes]] = [
    ("no JSON", b"filename=a"),
    ("half a document", b'{"filename": "a", '),
    ("two documents", json.dumps(GOOD).encode() * 2),
    ("NaN", b'{"filename": "a", "size": NaN}'),
    ("Infinity", b'{"filename": "a", "size": Infinity}'),
    ("bytes that are no UTF-8", b'{"filename": "\xff", "size": 1}'),
    ("half a surrogate", b'{"filename": "\\ud800", "size": 1}'),
    ("UTF-16", json.dumps(GOOD).encode("utf-16")),
    ("a byte order mark", b"\xef\xbb\xbf" + json.dumps(GOOD).encode()),
]


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: body[0])
async def test_what_is_not_json(service: Service, key: dict[str, str], body: tuple[str, bytes]) -> None:
    headers = {**key, "Content-Type": "application/json"}
    answer = await service.client.post("/v1/uploads", content=body[1], headers=headers)
    assert_problem(answer, 400, "malformed_request")
    await assert_nothing_was_left(service, key)


MISSHAPEN: list[tuple[str, bytes]] = [
    ("a list", b"[]"),
    ("null", b"null"),
    ("an array of arrays", b"[" * 30_000 + b"]" * 30_000),
    (
        "a deep member",
        b'{"filename": "a", "size": 1, "metadata": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001,
    ),
    ("a deep unknown member", b'{"x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"),
    ("a number that is no number", b'{"filename": "a", "size": 1e400}'),
    ("nothing at all", b""),
]


@pytest.mark.parametrize("body", MISSHAPEN, ids=lambda body: body[0])
async def test_json_of_another_shape(service: Service, key: dict[str, str], body: tuple[str, bytes]) -> None:
    headers = {**key, "Content-Type": "application/json"}
    answer = await service.client.post("/v1/uploads", content=body[1], headers=headers)
    assert_problem(answer, 422, "validation_failed")
    await assert_nothing_was_left(service, key)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "json"])
async def test_only_json_is_taken(service: Service, key: dict[str, str], content_type: str) -> None:
    headers = {**key, "Content-Type": content_type}
    answer = await service.client.post("/v1/uploads", content=json.dumps(GOOD), headers=headers)
    assert_problem(answer, 415, "unsupported_media_type")
    await assert_nothing_was_left(service, key)


async def test_json_may_name_its_charset(service: Service, key: dict[str, str]) -> None:
    headers = {**key, "Content-Type": "Application/JSON; charset=utf-8"}
    answer = await service.client.post("/v1/uploads", content=json.dumps(GOOD), headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", "/v1/uploads", 64 * 1024),
        ("POST", "/v1/tokens", 64 * 1024),
        ("POST", f"/v1/uploads/{UNKNOWN}/parts/sign", 512 * 1024),
        ("PUT", f"/v1/uploads/{UNKNOWN}/parts", 512 * 1024),
        ("POST", f"/v1/uploads/{UNKNOWN}/complete", 512 * 1024),
    ],
)
async def test_bodies_beyond_the_limit_are_not_parsed(
    service: Service, key: dict[str, str], method: str, path: str, limit: int
) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(limit // 1024 + 1):
            yield b"[" * 1024

    headers = {**key, "Content-Type": "application/json"}
    for content in (b"[" * (limit + 1), trickle()):
        answer = await service.client.request(method, path, content=content, headers=headers)
        assert_problem(answer, 413, "body_too_large")
    lied = {**headers, "Content-Length": str(10**30)}
    answer = await service.client.request(method, path, content=b"{}", headers=lied)
    assert_problem(answer, 413, "body_too_large")
    assert answer.headers["connection"] == "close"
    within = await service.client.request(method, path, content=b"[" * limit, headers=headers)
    assert within.status_code in {400, 422}


REFUSED_SIGNS: list[tuple[str, dict[str, Any], str, str]] = [
    ("neither list", {}, "validation_failed", "$"),
    ("both lists", {"part_numbers": [1], "parts": [{"part_number": 1}]}, "validation_failed", "$"),
    ("part 0", {"part_numbers": [0]}, "validation_failed", "$.part_numbers[0]"),
    ("part 10001", {"part_numbers": [1, 10_001]}, "validation_failed", "$.part_numbers[1]"),
    ("a part outside the plan", {"part_numbers": [1, 4]}, "part_outside_plan", ""),
    ("duplicates", {"part_numbers": [2, 1, 2]}, "validation_failed", "$.part_numbers"),
    ("no numbers", {"part_numbers": []}, "validation_failed", "$.part_numbers"),
    ("1,001 numbers", {"part_numbers": list(range(1, 1002))}, "validation_failed", "$.part_numbers"),
    ("a number in text", {"part_numbers": ["1"]}, "validation_failed", "$.part_numbers[0]"),
    ("another size", {"parts": [{"part_number": 1, "size": 3}]}, "validation_failed", "$.parts[0].size"),
    ("no digest", {"parts": [{"part_number": 1, "md5": "x"}]}, "validation_failed", "$.parts[0].md5"),
    (
        "a digest spelt otherwise",
        {"parts": [{"part_number": 1, "md5": "A" * 21 + "B=="}]},
        "validation_failed",
        "$.parts[0]",
    ),
    (
        "a digest with a line end",
        {"parts": [{"part_number": 1, "sha256": "A" * 43 + "=\n"}]},
        "validation_failed",
        "",
    ),
    (
        "duplicates with digests",
        {"parts": [{"part_number": 1}, {"part_number": 1}]},
        "validation_failed",
        "$.parts",
    ),
]


@pytest.mark.parametrize("asked", REFUSED_SIGNS, ids=lambda asked: asked[0])
async def test_a_signing_that_is_refused(
    service: Service, key: dict[str, str], asked: tuple[str, dict[str, Any], str, str]
) -> None:
    _, body, code, path = asked
    upload = await service.start(key)
    answer = await service.client.post(f"/v1/uploads/{upload['id']}/parts/sign", json=body, headers=key)
    document = assert_problem(answer, 422, code)
    assert not path or [error["path"] for error in document["errors"]] == [path]
    if "duplicates" in asked[0]:
        assert document["errors"][0]["message"].endswith((" again: 2", " again: 1"))


REFUSED_CLAIMS: list[tuple[str, list[dict[str, Any]], str, str]] = [
    ("none", [], "validation_failed", "$.parts"),
    ("duplicates", [{"part_number": 1}, {"part_number": 1}], "validation_failed", "$.parts"),
    ("part 4 of 3", [{"part_number": 4, "etag": "a"}], "part_outside_plan", ""),
    ("another size", [{"part_number": 1, "size": 7}], "validation_failed", "$.parts[0].size"),
    ("an empty ETag", [{"part_number": 1, "etag": ""}], "validation_failed", "$.parts[0].etag"),
    ("an ETag with NUL", [{"part_number": 1, "etag": "a\x00"}], "validation_failed", "$.parts[0].etag"),
    ("an ETag of two lines", [{"part_number": 1, "etag": "a\r\nb"}], "validation_failed", "$.parts[0].etag"),
    ("half a pair of quotes", [{"part_number": 1, "etag": '"a'}], "validation_failed", "$.parts[0].etag"),
    ("a foreign member", [{"part_number": 1, "url": "a"}], "validation_failed", "$.parts[0].url"),
]


@pytest.mark.parametrize("claimed", REFUSED_CLAIMS, ids=lambda claimed: claimed[0])
async def test_claims_that_are_refused(
    service: Service, key: dict[str, str], claimed: tuple[str, list[dict[str, Any]], str, str]
) -> None:
    _, parts, code, path = claimed
    upload = await service.start(key)
    url = f"/v1/uploads/{upload['id']}/parts"
    document = assert_problem(await service.client.put(url, json={"parts": parts}, headers=key), 422, code)
    assert [error["path"] for error in document["errors"]] == ([path] if path else [])
    assert (await service.client.get(url, headers=key)).json()["parts"] == []


async def test_a_million_part_numbers(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key)
    url = f"/v1/uploads/{upload['id']}/parts/sign"
    answer = await service.client.post(url, json={"part_numbers": [1] * 10**6}, headers=key)
    assert_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize(
    "upload_id",
    [
        "7",
        "..",
        "%00",
        "%F0%9F%8E%AC",
        UNKNOWN.upper().replace("0190B3A0", "0190B3AF"),
        UNKNOWN.replace("-", ""),
        "{" + UNKNOWN + "}",
        "x" * 5000,
    ],
)
async def test_ids_that_are_none_are_unknown(service: Service, key: dict[str, str], upload_id: str) -> None:
    for path in ("", "/parts", "/download"):
        answer = await service.client.get(f"/v1/uploads/{upload_id}{path}", headers=key)
        if upload_id != "..":
            unknown = await service.client.get(f"/v1/uploads/{UNKNOWN}", headers=key)
            assert answer.json()["detail"] == unknown.json()["detail"]
        assert_problem(answer, 404, "not_found")


REFUSED_QUERIES: list[tuple[str, str]] = [
    ("/v1/uploads?limit=0", "$.limit"),
    ("/v1/uploads?limit=1001", "$.limit"),
    ("/v1/uploads?limit=ten", "$.limit"),
    ("/v1/uploads?limit=1&limit=2", "$.limit"),
    ("/v1/uploads?limit=" + "9" * 4000, "$.limit"),
    ("/v1/uploads?state=opne", "$.state[0]"),
    ("/v1/uploads?state=", "$.state[0]"),
    ("/v1/uploads?older_than=-1", "$.older_than"),
    ("/v1/uploads?older_than=1h", "$.older_than"),
    ("/v1/uploads?prefix=a%00", "$.prefix"),
    ("/v1/uploads?prefix=" + "a" * 256, "$.prefix"),
    ("/v1/uploads?cursor=zz", "$.cursor"),
    ("/v1/uploads?tenant=other", "$.tenant"),
    (f"/v1/uploads/{UNKNOWN}?owner=eve", "$.owner"),
    (f"/v1/uploads/{UNKNOWN}/parts?limit=0", "$.limit"),
    (f"/v1/uploads/{UNKNOWN}/parts?cursor=10001", "$.cursor"),
    (f"/v1/uploads/{UNKNOWN}/parts?refresh=maybe", "$.refresh"),
]


@pytest.mark.parametrize("query", REFUSED_QUERIES, ids=lambda query: query[0][:40])
async def test_queries_that_are_refused(
    service: Service, key: dict[str, str], query: tuple[str, str]
) -> None:
    document = assert_problem(await service.client.get(query[0], headers=key), 422, "validation_failed")
    assert [error["path"] for error in document["errors"]] == [query[1]]


@pytest.mark.parametrize("reason", ["x" * 201, "a\nb", "a\u202eb"])
async def test_reasons_that_are_refused(service: Service, key: dict[str, str], reason: str) -> None:
    upload = await service.start(key)
    url = f"/v1/uploads/{upload['id']}"
    answer = await service.client.delete(url, params={"reason": reason}, headers=key)
    document = assert_problem(answer, 422, "validation_failed")
    assert document["errors"][0]["path"] == "$.reason"
    assert (await service.client.get(url, headers=key)).json()["state"] == "open"


@pytest.mark.parametrize("body", [{"size": -1}, {"digest": {"algorithm": "sha1", "value": "AAAA"}}, {"x": 1}])
async def test_completions_that_are_refused(
    service: Service, key: dict[str, str], body: dict[str, Any]
) -> None:
    upload = await service.start(key)
    answer = await service.client.post(f"/v1/uploads/{upload['id']}/complete", json=body, headers=key)
    assert_problem(answer, 422, "validation_failed")


async def test_another_size_at_the_end_is_refused(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key)
    await service.send_parts(upload, key)
    path = f"/v1/uploads/{upload['id']}/complete"
    answer = await service.client.post(path, json={"size": 5}, headers=key)
    assert assert_problem(answer, 422, "validation_failed")["errors"][0]["path"] == "$.size"


async def test_unknown_paths_and_wrong_methods(service: Service, key: dict[str, str]) -> None:
    client = service.client
    assert_problem(await client.get("/v1/nothing", headers=key), 404, "not_found")
    assert_problem(await client.get("/v1/uploads/", headers=key), 404, "not_found")
    refused = await client.patch("/v1/uploads", headers=key)
    assert_problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "GET, HEAD, POST"
