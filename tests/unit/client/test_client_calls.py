import json

import pytest

from coordinator.client import calls as module
from coordinator.client.calls import Calls
from coordinator.client.connections import Connections
from coordinator.client.credential import Token
from coordinator.client.errors import (
    ClientError,
    Invalid,
    ServerFailing,
    ServerUnreachable,
    TooLarge,
    Unauthorized,
    WrongAddress,
    WrongServer,
    WrongUse,
)
from coordinator.client.retry import PATIENT_TRIES
from coordinator.protocol import HealthAnswer, StartBody
from tests.unit.client.scripted import answers, request_of, scripted

HEALTHY = b'{"status":"ok"}'


def said(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def problem(status: int, code: str, *headers: str, **members: object) -> bytes:
    body = {"type": "t", "title": "T", "status": status, "detail": "D.", "code": code, "request_id": "r"}
    return said(status, json.dumps(body | members).encode(), *headers)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "backoff", lambda *_: 0.0)


async def health(url: str, token: Token | None = None) -> HealthAnswer:
    connections = Connections()
    try:
        return (await Calls(url, connections, token).call("GET", "/healthz")).read(HealthAnswer)
    finally:
        await connections.aclose()


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (problem(401, "unauthenticated"), Unauthorized, "unauthenticated"),
        (problem(413, "quota_exceeded", limit=3), TooLarge, "quota_exceeded"),
        (problem(422, "parts_missing", part_numbers=[3, 4]), Invalid, "parts_missing"),
        (problem(502, "storage_misconfigured"), ServerFailing, "storage_misconfigured"),
        (problem(500, "internal"), ServerFailing, "internal"),
        (said(503, b"<html>"), ServerFailing, "http_503"),
        (said(404, b"<html>nginx"), WrongServer, "wrong_server"),
        (said(200, b"<html>hello"), WrongServer, "wrong_server"),
        (said(200, b'{"status": 3}'), WrongServer, "wrong_server"),
        (said(501, b"<Error/>", "Content-Type: application/xml"), WrongServer, "wrong_server"),
        (said(403, b"<Error/>", "Content-Type: text/xml; charset=utf-8"), WrongServer, "wrong_server"),
        (said(301, b"", "Location: https://x/"), WrongServer, "wrong_server"),
    ],
)
async def test_a_refusal_becomes_a_typed_error(answer: bytes, kind: type[ClientError], code: str) -> None:
    async with scripted(answers(*[answer] * 100)) as url:
        with pytest.raises(kind) as failed:
            await health(f"http://{url.netloc}")
    assert failed.value.code == code
    if isinstance(failed.value, Invalid):
        assert failed.value.part_numbers == (3, 4)
        assert failed.value.request_id == "r"


async def test_what_passes_is_asked_again() -> None:
    waits = (problem(503, "storage_unavailable", "Retry-After: 1"), said(502, b""), said(429, b""))
    async with scripted(answers(*waits, said(200, HEALTHY))) as url:
        assert (await health(f"http://{url.netloc}")).status == "ok"


async def test_a_relay_that_takes_no_more_at_once_is_waited_for_however_often_it_says_so() -> None:
    busy = problem(503, "relay_busy", "Retry-After: 2")
    async with scripted(answers(*[busy] * 3 * PATIENT_TRIES, said(200, HEALTHY))) as url:
        assert (await health(f"http://{url.netloc}")).status == "ok"


async def test_a_token_that_was_refused_is_asked_for_again() -> None:
    tokens = iter(["old", "new"])
    seen: list[str] = []

    async def talk(reader, writer):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        while True:
            _, headers, _ = await request_of(reader)
            seen.append(headers["authorization"])
            fine = headers["authorization"] == "Bearer new"
            writer.write(said(200, HEALTHY) if fine else problem(401, "token_expired"))

    async with scripted(talk) as url:
        assert (await health(f"http://{url.netloc}", lambda: next(tokens))).status == "ok"
        assert seen == ["Bearer old", "Bearer new"]
        with pytest.raises(Unauthorized):
            await health(f"http://{url.netloc}", "wrong")


async def test_a_path_prefix_and_a_trailing_slash_are_kept_apart() -> None:
    lines: list[str] = []

    async def talk(reader, writer):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        lines.append((await request_of(reader))[0])
        writer.write(said(200, HEALTHY))

    async with scripted(talk) as url:
        await health(f"http://{url.netloc}/uploads/")
    assert lines == ["GET /uploads/healthz HTTP/1.1"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "uploads.example.com",
        "ftp://x",
        "http://",
        "http://u:p@x",
        "http://x/?a=b",
        "http://x:99999",
        "http://ü",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(WrongAddress, match="must look like"):
        Calls(url, Connections(), None)


async def test_a_service_that_never_answered_is_not_waited_for_long() -> None:
    async with scripted(answers(b"")) as url:
        pass
    with pytest.raises(ServerUnreachable) as failed:
        await health(f"http://{url.netloc}")
    assert failed.value.reason == "refused"


async def test_a_token_that_http_cannot_carry_is_refused_and_not_told() -> None:
    async with scripted(answers(said(200, HEALTHY))) as url:
        for token in ("line\r\nbreak", "snow\u2603man"):
            with pytest.raises(WrongAddress) as failed:
                await health(f"http://{url.netloc}", token)
            assert token not in str(failed.value)


async def test_the_services_clock_counts_not_our_own() -> None:
    date = "Date: Thu, 01 Jan 2026 00:00:00 GMT"
    async with scripted(answers(said(200, HEALTHY, date))) as url:
        connections = Connections()
        calls = Calls(f"http://{url.netloc}", connections, None)
        await calls.call("GET", "/healthz")
        await connections.aclose()
    assert calls.now() == pytest.approx(1_767_225_600, abs=60)


async def test_a_name_that_is_not_utf_8_is_said() -> None:
    connections = Connections()
    try:
        with pytest.raises(WrongUse, match="not UTF-8"):
            await Calls("http://127.0.0.1:1", connections, None).call(
                "POST", "/v1/uploads", body=StartBody(filename="latin-\udce9.txt", size=1)
            )
    finally:
        await connections.aclose()
