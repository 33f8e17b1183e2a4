"""Stores that say yes to what they must refuse. One lie at a time fails its own check and no other."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest
from moto.server import ThreadedMotoServer

from coordinator.doctor.bench import BODY
from coordinator.doctor.finding import Finding
from tests.integration.doctor.liar import Asked, Liar, Lie, Said, accept
from tests.integration.doctor.patients import Healthy, Report


async def examined(healthy: Healthy, liar: Liar, *lies: Lie) -> Report:
    liar.lies = list(lies)
    return await healthy.examined({"endpoint_url": liar.endpoint_url})


async def fails(healthy: Healthy, liar: Liar, lie: Lie, check: str) -> Finding:
    report = await examined(healthy, liar, lie)
    assert report.failed == {check}
    assert report[check].remedy
    return report[check]


async def test_an_honest_answer_passes(healthy: Healthy, liar: Liar) -> None:
    report = await examined(healthy, liar)
    assert report.failed | report.warned == set()


async def test_lengths_that_are_not_held_to(healthy: Healthy, liar: Liar) -> None:
    def lie(asked: Asked, said: Said) -> Said:
        refused = asked.method == "PUT" and said.status == 403
        length = asked.headers.get("content-length", str(len(BODY)))
        honest = "x-amz-content-sha256" in asked.headers or "origin" in asked.headers
        return accept(said) if refused and not honest and length != str(len(BODY)) else said

    assert "shorter and a longer" in (await fails(healthy, liar, lie, "presign.length_bound")).detail


async def test_a_length_that_need_not_be_stated(healthy: Healthy, liar: Liar) -> None:
    def lie(asked: Asked, said: Said) -> Said:
        return accept(said) if asked.method == "PUT" and "content-length" not in asked.headers else said

    await fails(healthy, liar, lie, "presign.length_required")


async def test_a_content_md5_that_is_not_looked_at(healthy: Healthy, liar: Liar) -> None:
    def lie(asked: Asked, said: Said) -> Said:
        return accept(said) if "content-md5" in asked.headers and said.status == 400 else said

    await fails(healthy, liar, lie, "digest.md5_enforced")


async def test_a_checksum_that_is_not_looked_at(healthy: Healthy, liar: Liar) -> None:
    def lie(asked: Asked, said: Said) -> Said:
        return accept(said) if "x-amz-checksum-sha256" in asked.headers and said.status == 400 else said

    report = await examined(healthy, liar, lie)
    assert (report.failed, report.warned) == (set(), {"digest.sha256_enforced"})


async def test_a_missing_key_answered_with_403(healthy: Healthy, liar: Liar) -> None:
    def lie(asked: Asked, said: Said) -> Said:
        return replace(said, status=403) if asked.method == "HEAD" and said.status == 404 else said

    found = await fails(healthy, liar, lie, "store.missing_key")
    assert "s3:ListBucket" in found.remedy


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_clock_that_is_wrong(healthy: Healthy, liar: Liar, minutes: int) -> None:
    def lie(_: Asked, said: Said) -> Said:
        date = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
        return replace(said, headers=said.headers | {"date": date})

    assert "NTP" in (await fails(healthy, liar, lie, "store.clock")).remedy


async def test_an_unsigned_trailer_in_a_header_is_taken(healthy: Healthy, liar: Liar) -> None:
    def lie(asked: Asked, said: Said) -> Said:
        trailer = asked.headers.get("x-amz-content-sha256") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        return accept(said) if trailer and "authorization" in asked.headers else said

    found = await fails(healthy, liar, lie, "abuse.trailer_header")
    assert "STREAMING-UNSIGNED-PAYLOAD-TRAILER" in found.remedy


async def test_an_unsigned_trailer_of_a_part_is_taken(healthy: Healthy, liar: Liar) -> None:
    def lie(asked: Asked, said: Said) -> Said:
        trailer = asked.headers.get("x-amz-content-sha256") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        return (
            accept(said)
            if trailer and "X-Amz-Signature" in asked.query and "partNumber" in asked.query
            else said
        )

    assert "a part" in (await fails(healthy, liar, lie, "abuse.trailer_query")).detail


async def test_another_region(healthy: Healthy, liar: Liar) -> None:
    def lie(_: Asked, said: Said) -> Said:
        return replace(said, headers=said.headers | {"x-amz-bucket-region": "eu-west-3"})

    assert "COORDINATOR_STORE__REGION=eu-west-3" in (await fails(healthy, liar, lie, "store.region")).remedy


async def test_a_region_the_store_complains_of(healthy: Healthy, liar: Liar) -> None:
    def lie(asked: Asked, said: Said) -> Said:
        body = b"<Error><Code>AuthorizationHeaderMalformed</Code></Error>"
        return (
            Said(400, {"content-type": "application/xml"}, body) if "authorization" in asked.headers else said
        )

    await fails(healthy, liar, lie, "store.region")


async def test_metadata_that_is_dropped(healthy: Healthy, liar: Liar) -> None:
    def lie(_: Asked, said: Said) -> Said:
        kept = {name: value for name, value in said.headers.items() if not name.startswith("x-amz-meta-")}
        return replace(said, headers=kept)

    await fails(healthy, liar, lie, "store.metadata")


async def test_an_object_that_is_written_over(healthy: Healthy, liar: Liar) -> None:
    def lie(asked: Asked, said: Said) -> Said:
        return accept(said) if asked.method == "PUT" and said.status == 412 else said

    report = await examined(healthy, liar, lie)
    assert (report.failed, report.warned) == (set(), {"small.once"})
    assert "MD5" in report["small.once"].detail


async def test_a_mark_that_need_not_be_sent(healthy: Healthy, liar: Liar) -> None:
    def lie(asked: Asked, said: Said) -> Said:
        bound = "x-amz-meta-coordinator-mark" in asked.query and asked.method == "PUT"
        return accept(said) if bound and said.status == 403 else said

    await fails(healthy, liar, lie, "small.bound")


async def test_a_page_instead_of_a_store(healthy: Healthy, liar: Liar) -> None:
    def lie(_: Asked, __: Said) -> Said:
        return Said(200, {"content-type": "text/html"}, b"<html>welcome</html>")

    report = await examined(healthy, liar, lie)
    assert report.failed == {"store.bucket"}
    assert "Is it an S3 store" in report["store.bucket"].remedy


@pytest.fixture
async def moto() -> AsyncIterator[str]:
    """An emulator that looks at no signature."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        async with httpx2.AsyncClient(timeout=60) as http:
            (await http.put(f"http://{host}:{port}/uploads")).raise_for_status()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


async def test_a_store_that_checks_no_signatures(healthy: Healthy, moto: str) -> None:
    report = await healthy.examined({"endpoint_url": moto, "bucket": "uploads"})
    assert {name for name in report.failed if not name.startswith(("presign.", "digest.", "abuse."))} == {
        "public.write",
        "small.bound",
    }
    assert report.failed >= {
        "presign.signature",
        "presign.other_part",
        "presign.other_key",
        "presign.method",
        "presign.expired",
        "presign.length_bound",
        "digest.md5_enforced",
        "digest.md5_required",
        "abuse.trailer_header",
        "abuse.trailer_query",
    }
    assert report["presign.upload_part"].status == "passed"
    assert report["probes.removed"].status == "passed"
