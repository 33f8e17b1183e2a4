"""No secret survives the last step before a log line is written, and the step takes no time worth attacking."""

import time

import pytest

from coordinator.logs import redact, redact_text

SIGNED = (
    "http://h/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=CANARY%2F2026&X-Amz-Signature=CANARY"
    "&X-Amz-Security-Token=CANARY&partNumber=1"
)


@pytest.mark.parametrize(
    "text",
    [
        SIGNED,
        SIGNED.lower().replace("canary", "CANARY"),
        "https%3A%2F%2Fh%3FX-Amz-Signature%3DCANARY",
        "http://h/k?AWSAccessKeyId=CANARY&Signature=CANARY%3D&Expires=1",
        "http://h/k?X-Goog-Signature=CANARY",
        "Authorization: Bearer CANARY",
        "{'Authorization': 'AWS4-HMAC-SHA256 Credential=CANARY/x, Signature=CANARY'}",
        "(b'authorization', b'CANARY')",
        "Bearer CANARY",
        "ck_0123456789abcdef_CANARY",
        "eyJhbGciOiJIUzI1NiJ9.eyJhIjoCANARY.CANARY-_x",
        "postgresql://user:CANARY@host:5432/name",
    ],
)
def test_texts(text: str) -> None:
    redacted = redact_text(f"before {text} after")
    assert "CANARY" not in redacted
    assert "[redacted]" in redacted


def test_harmless_text_stays() -> None:
    text = "PUT /v1/uploads/0190 404 in 3 ms; http://host:9000/bucket?partNumber=1&uploadId=x: no signature"
    assert redact_text(text) == text


def test_members_by_name_and_by_value_at_any_depth() -> None:
    line = {
        "event": SIGNED,
        "url": "CANARY",
        "token_secret": "CANARY",
        "X-Amz-Signature": "CANARY",
        "headers": [("x", SIGNED)],
        "inner": {"password": "CANARY", "error": ValueError(SIGNED)},
        "parts": 3,
        "nothing": None,
    }
    redacted = redact(None, "info", dict(line))
    assert "CANARY" not in repr(redacted)
    assert (redacted["parts"], redacted["nothing"]) == (3, None)


@pytest.mark.parametrize("text", ["authorization ", "Bearer ", "://a:", "eyJa.", "Signature=", "ck_", " \t"])
def test_redaction_is_linear(text: str) -> None:
    began = time.thread_time()
    redact_text(text * 20_000)
    assert time.thread_time() - began < 2
