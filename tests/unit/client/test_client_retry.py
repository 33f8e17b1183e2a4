import pytest

from coordinator.client.retry import (
    AfterCall,
    AfterPart,
    TransferFailed,
    backoff,
    parse_retry_after,
    step_after_call,
    step_after_part,
)


@pytest.mark.parametrize(
    ("failure", "step"),
    [
        (TransferFailed(403), AfterPart.SIGN),
        (TransferFailed(0), AfterPart.REACH),
        (TransferFailed(0, stalled=True), AfterPart.WAIT),
        (TransferFailed(404), AfterPart.ASK),
        (TransferFailed(412), AfterPart.STORED),
        (TransferFailed(409), AfterPart.FEW),
        (TransferFailed(400), AfterPart.FEW),
        (TransferFailed(408), AfterPart.WAIT),
        (TransferFailed(429), AfterPart.WAIT),
        (TransferFailed(500), AfterPart.WAIT),
        (TransferFailed(503), AfterPart.WAIT),
    ],
)
def test_a_part_by_the_class_of_its_failure(failure: TransferFailed, step: AfterPart) -> None:
    assert step_after_part(failure) is step


@pytest.mark.parametrize(
    ("status", "code", "step"),
    [
        (0, "unreachable", AfterCall.WAIT),
        (401, "token_expired", AfterCall.RENEW),
        (403, "forbidden", AfterCall.STOP),
        (409, "upload_not_open", AfterCall.STOP),
        (409, "idempotency_in_progress", AfterCall.WAIT),
        (422, "validation_failed", AfterCall.STOP),
        (429, "http_429", AfterCall.WAIT),
        (502, "storage_misconfigured", AfterCall.STOP),
        (503, "storage_unavailable", AfterCall.WAIT),
    ],
)
def test_a_call_by_its_status_and_code(status: int, code: str, step: AfterCall) -> None:
    assert step_after_call(status, code) is step


def test_waits_grow_to_a_ceiling_and_never_fall_below_what_the_server_asks() -> None:
    ceilings = [backoff(failures, 1.0) for failures in range(1, 12)]
    assert ceilings[:4] == [0.5, 1.0, 2.0, 4.0]
    assert ceilings[-1] == 30.0
    assert backoff(1, 0.0) == 0.0
    assert backoff(1, 0.0, retry_after=7.0) == 7.0
    assert backoff(1, 0.0, retry_after=1e9) == 300.0


def test_retry_after_in_seconds_or_as_a_date() -> None:
    assert parse_retry_after("3", 0.0) == 3.0
    assert parse_retry_after("Thu, 01 Jan 1970 00:01:40 GMT", 40.0) == 60.0
    assert parse_retry_after("Thu, 01 Jan 1970 00:00:00 GMT", 40.0) == 0.0
    for nothing in (None, "", "soon", "-1", "Thu, 99 Foo"):
        assert parse_retry_after(nothing, 0.0) is None
