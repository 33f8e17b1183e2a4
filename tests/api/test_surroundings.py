"""What surrounds every answer: ids, careful headers, CORS, hosts and origins, metrics, health, pages."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Literal

import httpx2
import pytest
import structlog

from coordinator.logs import configure_logs
from coordinator.storage.faults import FailBefore
from coordinator.uploads.plan import MIB
from tests.api.service import PAGE_ORIGIN, STORE_SECRET, Service, assert_problem, running, settings_for


async def test_a_sane_request_id_is_kept_and_another_is_replaced(service: Service) -> None:
    async def echoed(given: str) -> str:
        answer = await service.client.get("/healthz", headers={"X-Request-Id": given})
        settled: str = answer.headers["x-request-id"]
        return settled

    assert await echoed("abc-123_:.Z") == "abc-123_:.Z"
    for insane in ("", "a b", "x" * 65, "<script>", "a\tb"):
        assert await echoed(insane) != insane
    assert await echoed("") != await echoed("")


async def test_careful_headers_are_on_every_answer(service: Service, key: dict[str, str]) -> None:
    for path in ("/v1/uploads", "/v1/nothing", "/healthz", "/openapi.json", "/upload/", "/client/nothing.js"):
        headers = (await service.client.get(path, headers=key)).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "no-referrer", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert headers["cache-control"] in {"no-store", "no-cache"}, path


async def test_a_defect_of_ours_tells_nothing(
    service: Service, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect() -> None:
        raise RuntimeError("https://store/x?X-Amz-Signature=canary-signature")

    monkeypatch.setattr(service.store, "_answer", lambda *_: defect())
    body = {"filename": "a", "size": 9 * MIB}
    answer = await service.client.post("/v1/uploads", json=body, headers=key)
    document = assert_problem(answer, 500, "internal")
    assert "canary" not in answer.text
    assert "RuntimeError" not in answer.text
    assert document["errors"] == []


async def test_preflights_are_answered_for_exact_origins(service: Service) -> None:
    asked = {
        "Origin": PAGE_ORIGIN,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization,content-md5,content-type,idempotency-key,"
        "x-amz-checksum-sha256,x-request-id",
    }
    answer = await service.client.options("/v1/uploads/x/parts", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE_ORIGIN
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-max-age"] == "600"
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers
    for origin in ("https://evil.example", f"{PAGE_ORIGIN}.evil.example", "null", "http://app.example"):
        refused = await service.client.options("/v1/uploads", headers={**asked, "Origin": origin})
        assert refused.status_code == 400
        assert "access-control-allow-origin" not in refused.headers


async def test_pages_of_an_allowed_origin_may_read_answers_and_refusals(service: Service) -> None:
    answer = await service.client.get("/v1/uploads", headers={"Origin": PAGE_ORIGIN})
    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["access-control-allow-origin"] == PAGE_ORIGIN
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"Date", "Location", "Retry-After", "X-Request-Id"} <= set(exposed)
    assert "Origin" in answer.headers["vary"]
    other = await service.client.get("/v1/uploads", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


async def test_only_named_hosts_are_answered(database_url: str) -> None:
    settings = settings_for(database_url, allowed_hosts=("upload.example",))
    async with running(settings) as service:
        for host in ("upload.example", "UPLOAD.example:8080"):
            answer = await service.client.get("/healthz", headers={"Host": host})
            assert answer.status_code == 200
        for host in ("evil.example", "upload.example.evil", "", "a/?x", "upload.example@evil"):
            answer = await service.client.get("/healthz", headers={"Host": host})
            assert_problem(answer, 403, "host_not_allowed")
        twice = [("Host", "upload.example"), ("Host", "evil.example")]
        assert_problem(await service.client.get("/healthz", headers=twice), 403, "host_not_allowed")


async def test_without_credentials_only_our_own_pages_may_call(database_url: str) -> None:
    settings = settings_for(database_url, anonymous=True)
    async with running(settings, base_url="http://127.0.0.1:8080") as service:
        client = service.client
        body = {"filename": "a", "size": 1}
        started = await client.post("/v1/uploads", json=body)
        assert started.status_code == 201
        assert started.json()["upload"]["owner"] == "anonymous"
        for origin in ("http://127.0.0.1:8080", PAGE_ORIGIN):
            assert (
                await client.post("/v1/uploads", json=body, headers={"Origin": origin})
            ).status_code == 201
        for origin in ("null", "http://127.0.0.1:9", "http://evil.example", "http://127.0.0.1:8080.evil"):
            refused = await client.post("/v1/uploads", json=body, headers={"Origin": origin})
            assert_problem(refused, 403, "origin_not_allowed")
        rebound = await client.get("/v1/uploads", headers={"Host": "evil.example:8080"})
        assert_problem(rebound, 403, "host_not_allowed")
        assert_problem(await client.post("/v1/tokens", json={}), 403, "forbidden")
        wrong = await client.get("/v1/uploads", headers={"Authorization": "Bearer x"})
        assert_problem(wrong, 401, "unauthenticated")


async def test_location_is_absolute_only_by_the_settings(database_url: str) -> None:
    async with running(settings_for(database_url, public_url="https://up.example")) as service:
        headers = {**await service.key(), "Host": "evil.example"}
        answer = await service.client.post("/v1/uploads", json={"filename": "a", "size": 1}, headers=headers)
        assert answer.headers["location"].startswith("https://up.example/v1/uploads/")


async def test_ready_says_what_is_failing(database_url: str) -> None:
    async with running(settings_for(database_url)) as service:
        service.store.script("check", FailBefore())
        answer = await service.client.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "failing")
        assert answer.json()["checks"] == {"database": "ok", "store": "failing"}
        calls = len(service.store.calls)
        assert (await service.client.get("/healthz")).json() == {"status": "ok", "checks": {}, "warnings": []}
        assert len(service.store.calls) == calls


async def test_requests_are_counted_by_template(service: Service, key: dict[str, str]) -> None:
    upload = await service.start(key)
    await service.client.get(f"/v1/uploads/{upload['id']}", headers=key)
    await service.client.get("/nothing/here")
    text = (await service.client.get("/metrics")).text
    labels = 'method="GET",route="/v1/uploads/{upload_id}",status="200"'
    assert f"coordinator_http_requests_total{{{labels}}}" in text
    assert 'route="unmatched"' in text
    assert upload["id"] not in text


async def test_metrics_can_be_switched_off(database_url: str) -> None:
    async with running(settings_for(database_url, metrics=False, page=False)) as service:
        assert_problem(await service.client.get("/metrics"), 404, "not_found")
        assert_problem(await service.client.get("/upload/"), 404, "not_found")


async def test_pages_come_with_a_strict_policy_and_nothing_else_is_served(service: Service) -> None:
    client = service.client
    for path in ("/", "/upload"):
        moved = await client.get(path)
        assert (moved.status_code, moved.headers["location"]) == (307, "/upload/")
    script = await client.get("/client/index.js")
    assert script.status_code == 200
    policy = script.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "worker-src 'self'" in policy
    assert "connect-src 'self' http://store.test:9000" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    stranger = {"Origin": "https://page.test"}
    module = await client.get("/client/widget/index.js", headers=stranger)
    assert module.headers["access-control-allow-origin"] == "*"
    assert module.headers["cross-origin-resource-policy"] == "cross-origin"
    page = await client.get("/upload/", headers=stranger)
    assert "access-control-allow-origin" not in page.headers
    assert page.headers["cross-origin-resource-policy"] == "same-origin"
    unchanged = await client.get("/client/index.js", headers={"If-None-Match": script.headers["etag"]})
    assert unchanged.status_code == 304
    for hidden in (
        "/package.json",
        "/client/../package.json",
        "/client/..%2fpackage.json",
        "/client/%2e%2e/package.json",
        "/static/client/index.js",
        "/client/",
        "/client/%00",
        "/client//etc/passwd",
        "/client/" + "a" * 5000,
    ):
        assert_problem(await client.get(hidden), 404, "not_found")
    assert_problem(await client.post("/client/index.js"), 405, "method_not_allowed")
    ranges = {"Range": "bytes=" + ",".join(f"{n}-" for n in range(2000))}
    assert (await client.get("/client/index.js", headers=ranges)).status_code < 500


async def test_the_hashing_worker_alone_may_compile_webassembly_and_reach_nothing(service: Service) -> None:
    client = service.client
    worker = await client.get("/client/digests/worker.js")
    assert worker.status_code == 200
    directives = worker.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in directives
    assert "script-src 'self' 'wasm-unsafe-eval'" in directives
    assert not any(directive.startswith(("connect-src", "worker-src")) for directive in directives)
    assert worker.headers["access-control-allow-origin"] == "*"
    etag = {"If-None-Match": worker.headers["etag"]}
    unchanged = await client.get("/client/digests/worker.js", headers=etag)
    assert unchanged.status_code == 304
    assert unchanged.headers["content-security-policy"] == worker.headers["content-security-policy"]
    for other in ("/client/digests/lanes.js", "/client/index.js", "/upload/", "/client/digests/nothing.js"):
        assert "unsafe" not in (await client.get(other)).headers["content-security-policy"], other


@pytest.fixture
def logged() -> Iterator[StringIO]:
    """Everything that is logged, at the most talkative level."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    class _Talkative:
        log_format: Literal["json"] = "json"
        log_level = "debug"

    stream = StringIO()
    configure_logs(_Talkative(), stream=stream)
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def test_no_secret_is_ever_logged(service: Service, key: dict[str, str], logged: StringIO) -> None:
    done = await service.completed(key)
    download = await service.client.get(f"/v1/uploads/{done['id']}/download", headers=key)
    signature = httpx2.URL(download.json()["url"]).params["X-Amz-Signature"]
    secret = f"canary{signature}"
    minted = (await service.client.post("/v1/tokens", headers=key)).json()["token"]
    await service.client.get(f"/v1/uploads?prefix={secret}", headers={"Authorization": f"Bearer {minted}"})
    logging.getLogger("uvicorn.access").info("GET /?X-Amz-Signature=%s", signature)
    logging.getLogger("somebody").warning("sent %s", download.json()["url"])
    # the test's own client logs what it sends
    lines = [line for line in map(json.loads, logged.getvalue().splitlines()) if line["logger"] != "httpx2"]
    text = json.dumps(lines)
    requests = [line for line in lines if line["event"] == "http.request"]
    assert {"/v1/uploads/{upload_id}/download", "/v1/tokens"} <= {line["route"] for line in requests}
    assert all(line["request_id"] for line in requests)
    for canary in (STORE_SECRET, signature, minted, key["Authorization"].removeprefix("Bearer "), secret):
        assert canary not in text
