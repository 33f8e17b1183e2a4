"""Completing may take minutes, and its answer may be lost: it is asked for until the outcome is known."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from coordinator.client import calls, completion
from coordinator.client.api import Coordinator
from coordinator.client.calls import Calls
from coordinator.client.completion import complete
from coordinator.client.connections import Connections
from coordinator.protocol import CompleteBody, UploadAnswer
from tests.unit.client.scripted import Talk, request_of, scripted

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OPEN = UploadAnswer(
    id=UUID(int=7),
    state="open",
    reason=None,
    reason_text=None,
    policy="default",
    tenant="default",
    owner="somebody",
    filename="film.mov",
    content_type="video/quicktime",
    content_encoding=None,
    size=30,
    metadata={},
    bucket="uploads",
    key="film.mov",
    method="multipart",
    part_size=10,
    part_count=3,
    parts_uploaded=3,
    bytes_uploaded=30,
    bytes_per_second=None,
    seconds_left=None,
    fingerprint=None,
    etag=None,
    version_id=None,
    digest=None,
    created_at=NOW,
    updated_at=NOW,
    expires_at=NOW,
    completed_at=None,
)


def said(status: int, document: object, *headers: str) -> bytes:
    body = msgspec.json.encode(document)
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def upload(state: str) -> bytes:
    return said(202 if state == "completing" else 200, msgspec.to_builtins(OPEN) | {"state": state})


def problem(status: int, code: str, **members: object) -> bytes:
    return said(status, {"code": code, "title": "T", "detail": "D.", **members})


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "backoff", lambda *_: 0.0)
    monkeypatch.setattr(completion, "_POLL", 0.0)


async def completed(*answers: bytes | None) -> tuple[object, list[str]]:
    """What `complete` ends with, and the requests it made; None: the connection breaks instead of an answer."""
    lines: list[str] = []

    def talk(answer: bytes | None) -> Talk:
        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            lines.append((await request_of(reader))[0])
            if answer is not None:
                writer.write(answer)
                await writer.drain()

        return one

    async with scripted(*map(talk, answers)) as url:
        connections = Connections()
        try:
            coordinator = Coordinator(Calls(f"http://{url.netloc}", connections, None))
            return await complete(coordinator, OPEN, CompleteBody()), lines
        finally:
            await connections.aclose()


async def test_an_answer_that_takes_minutes_or_is_lost_is_asked_for_again() -> None:
    busy = problem(503, "storage_unavailable")
    ended, lines = await completed(
        upload("completing"), None, busy, upload("completing"), upload("completed")
    )
    assert isinstance(ended, UploadAnswer)
    assert ended.state == "completed"
    assert lines == [f"POST /v1/uploads/{OPEN.id}/complete HTTP/1.1"] * 5


async def test_parts_that_the_store_does_not_have_are_named() -> None:
    missing, lines = await completed(problem(422, "parts_missing", part_numbers=[2, 3]))
    assert (list(missing), len(lines)) == ([2, 3], 1)  # type: ignore[call-overload]
