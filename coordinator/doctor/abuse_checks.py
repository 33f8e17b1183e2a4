"""What somebody may do who knows nothing but the access key id, which every presigned URL shows.

Open-source MinIO takes a PUT whose body claims to be `STREAMING-UNSIGNED-PAYLOAD-TRAILER` without looking at its
signature (CVE-2026-41145). Tried here in its four shapes, always with a signature that is made up, and only ever at
keys of the doctor's own. The body is well formed, so that it is the signature the store has to refuse.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from coordinator.doctor.bench import BODY, Bench
from coordinator.doctor.check import Check
from coordinator.doctor.finding import Verdict, failed, passed

__all__ = ["ABUSE_CHECKS"]

_CLAIM: Final = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_MADE_UP: Final = "0" * 64
_SIGNED: Final = "host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-trailer"
_FRAMED: Final = b"%x\r\n%b\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n" % (len(BODY), BODY)

_REMEDY: Final = (
    f"Refuse requests with x-amz-content-sha256: {_CLAIM} before the store, sign with a key that may write to"
    " this bucket alone, or move to a store that checks them."
)


async def by_header(bench: Bench) -> Verdict:
    def authorized(url: str, date: str, scope: str) -> tuple[str, dict[str, str]]:
        credential = f"{bench.credentials.access_key_id}/{scope}"
        value = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={_SIGNED}, Signature={_MADE_UP}"
        return url, {"authorization": value, "x-amz-date": date}

    return await _tried(bench, authorized)


async def by_query(bench: Bench) -> Verdict:
    def authorized(url: str, date: str, scope: str) -> tuple[str, dict[str, str]]:
        credential = quote(f"{bench.credentials.access_key_id}/{scope}", safe="")
        query = (
            f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={date}&X-Amz-Expires=60"
            f"&X-Amz-SignedHeaders=host&X-Amz-Signature={_MADE_UP}"
        )
        return f"{url}{'&' if '?' in url else '?'}{query}", {}

    return await _tried(bench, authorized)


async def _tried(bench: Bench, authorized: Callable[[str, str, str], tuple[str, dict[str, str]]]) -> Verdict:
    now = bench.patient.clock()
    scope = f"{now:%Y%m%d}/{bench.patient.store.region}/s3/aws4_request"
    async with bench.upload("trailer-part") as probe:
        part = (
            f"{bench.plain_url(probe.key)}?partNumber=1&uploadId={quote(probe.multipart_upload_id, safe='')}"
        )
        for what, url in (("an object", bench.plain_url(bench.scratch.key("trailer"))), ("a part", part)):
            target, headers = authorized(url, f"{now:%Y%m%dT%H%M%SZ}", scope)
            answer = await bench.outside.send("PUT", target, headers=headers | _CLAIMS, body=_FRAMED)
            if answer.accepted:
                return failed(
                    f"whoever has seen one presigned URL may write {what} of their choice (CVE-2026-41145)",
                    _REMEDY,
                )
    return passed(f"an unsigned trailer with a made-up signature is refused ({answer.said})")


_CLAIMS: Final = {
    "content-encoding": "aws-chunked",
    "x-amz-content-sha256": _CLAIM,
    "x-amz-decoded-content-length": str(len(BODY)),
    "x-amz-trailer": "x-amz-checksum-crc32",
}

ABUSE_CHECKS: Final = (
    Check("abuse.trailer_header", by_header, needs=("presign.upload_part",)),
    Check("abuse.trailer_query", by_query, needs=("presign.upload_part",)),
)
