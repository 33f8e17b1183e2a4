"""How checks are run: in order where one needs another, at once otherwise, and none can end the run."""

import asyncio

from coordinator.doctor.bucket import BucketRefused
from coordinator.doctor.check import Check, run_checks
from coordinator.doctor.finding import Finding, Verdict, failed, passed, warning
from coordinator.uploads.store import StoreRefused

PLENTY = 30.0


async def good(_: None) -> Verdict:
    return passed("good")


async def bad(_: None) -> Verdict:
    return failed("bad", "mend it")


async def fair(_: None) -> Verdict:
    return warning("fair", "better it")


async def found(*checks: Check[None]) -> dict[str, Finding]:
    return {finding.name: finding for finding in await run_checks(checks, None, within=PLENTY)}


async def test_findings_come_in_the_order_of_the_checks() -> None:
    findings = await found(Check("b", good, needs=("a",)), Check("a", fair))
    assert list(findings.values()) == [
        Finding("b", "passed", "good", ""),
        Finding("a", "warning", "fair", "better it"),
    ]


async def test_what_needs_a_failed_check_is_not_made_and_names_the_first_cause() -> None:
    made = []

    async def noted(_: None) -> Verdict:
        made.append(1)
        return passed("made")

    findings = await found(Check("a", bad), Check("b", noted, needs=("a",)), Check("c", noted, needs=("b",)))
    assert made == []
    assert findings["c"] == Finding("c", "warning", "not checked, because a failed", "Mend a first.")


async def test_a_warning_stops_nobody() -> None:
    findings = await found(Check("a", fair), Check("b", good, needs=("a",)))
    assert findings["b"].status == "passed"


async def test_checks_run_at_once() -> None:
    both = asyncio.Barrier(2)

    async def meet(_: None) -> Verdict:
        await both.wait()
        return passed("met")

    findings = await found(Check("a", meet), Check("b", meet))
    assert [finding.status for finding in findings.values()] == ["passed", "passed"]


async def test_a_check_that_never_answers_is_given_up() -> None:
    async def stuck(_: None) -> Verdict:
        await asyncio.Event().wait()
        return passed("never")

    [finding] = await run_checks([Check("a", stuck)], None, within=0.01)
    assert finding.status == "failed"
    assert finding.detail == "no answer within 0.01 seconds"


async def test_what_a_check_raises_becomes_its_finding() -> None:
    async def refused(_: None) -> Verdict:
        raise StoreRefused("create_multipart_upload", "InvalidRequest")

    async def denied(_: None) -> Verdict:
        raise BucketRefused("AccessDenied", 403)

    findings = await found(Check("a", refused), Check("b", denied))
    assert findings["a"].detail == "create_multipart_upload: InvalidRequest"
    assert findings["b"].detail == "AccessDenied"


async def test_an_unforeseen_error_tells_nothing_but_its_kind() -> None:
    async def broken(_: None) -> Verdict:
        raise RuntimeError("http://store/uploads/key?X-Amz-Signature=abc")

    findings = await found(Check("a", broken))
    assert findings["a"].detail == "the check itself broke (RuntimeError)"
    assert "Signature" not in findings["a"].remedy
