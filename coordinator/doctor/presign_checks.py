"""What a presigned URL is worth at this store: the good one must work, and every other must be refused.

Sent over the public endpoint, with the service's own presigner. A good URL is tried first: where that one is refused,
the refusal of a bad one proves nothing. Requirements: a URL is one method, one key, one part, one length, one hour.
"""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final
from urllib.parse import quote

from coordinator.doctor.bench import BODY, OTHER_BODY, Bench
from coordinator.doctor.check import Check
from coordinator.doctor.finding import Verdict, failed, passed, warning
from coordinator.doctor.wire import Answer

__all__ = ["PRESIGN_CHECKS"]

_CHECKS_NOTHING: Final = (
    "Turn on signature checking at the store, or use another: whoever reaches it may write what they like."
)
_ANOTHER_STORE: Final = "Use a store that holds clients to the headers their URL was signed with."


async def upload_part(bench: Bench) -> Verdict:
    async with bench.upload("upload-part") as probe:
        answer = await bench.put(bench.part(probe))
    if not answer.accepted:
        return failed(
            f"{bench.public.host} refuses a good URL ({answer.said})",
            "Set store.public_endpoint_url to what browsers use, and let nothing on the way change Host or path.",
        )
    return passed("a part sent with a presigned URL is taken")


async def download(bench: Bench) -> Verdict:
    probe = await bench.completed("download")
    answer = await bench.outside.send("GET", bench.download(probe.key).url)
    if not answer.accepted:
        return failed(
            f"a presigned download is refused ({answer.said})",
            "Allow the access key s3:GetObject on the bucket's objects.",
        )
    if answer.body != BODY:
        return failed("a download gives other bytes than were sent", "Look at what stands before the store.")
    return passed("a download gives the bytes that were sent")


async def host_signed(bench: Bench) -> Verdict:
    async with bench.upload("host") as probe:
        answer = await bench.put(bench.part(probe), headers={"Host": "doctor.invalid"})
    if answer.accepted:
        return warning(
            "a URL works under another Host too: something on the way replaces it, or it is not checked",
            "Let the reverse proxy before the store pass the Host header on as it came.",
        )
    return passed(f"a URL is bound to its host ({answer.said})")


async def signature(bench: Bench) -> Verdict:
    async with bench.upload("signature") as probe:
        url = bench.part(probe).url
        answer = await _put(bench, url[:-1] + ("0" if url[-1] != "0" else "1"))
    return _refused(answer, "a URL with a wrong signature", _CHECKS_NOTHING)


async def other_part(bench: Bench) -> Verdict:
    async with bench.upload("other-part") as probe:
        answer = await _put(bench, bench.part(probe).url.replace("partNumber=1&", "partNumber=2&"))
    return _refused(answer, "the URL of part 1, used for part 2,", _CHECKS_NOTHING)


async def other_key(bench: Bench) -> Verdict:
    async with bench.upload("one-key") as probe:
        foreign = bench.plain_url(bench.scratch.key("other-key"))
        query = bench.part(probe).url.partition("?")[2]
        query = "&".join(p for p in query.split("&") if not p.startswith(("partNumber=", "uploadId=")))
        answer = await _put(bench, f"{foreign}?{query}")
    return _refused(answer, "a part's URL, used to write another key,", _CHECKS_NOTHING)


async def method(bench: Bench) -> Verdict:
    probe = await bench.completed("method")
    answer = await bench.outside.send("PUT", bench.download(probe.key).url, body=OTHER_BODY)
    return _refused(answer, "a download's URL, used to write,", _CHECKS_NOTHING)


async def expired(bench: Bench) -> Verdict:
    async with bench.upload("expired") as probe:
        answer = await bench.put(bench.part(probe, ago=timedelta(hours=1)))
    return _refused(answer, "a URL that ended an hour ago", _CHECKS_NOTHING)


async def unsigned(bench: Bench) -> Verdict:
    answer = await _put(bench, bench.plain_url(bench.scratch.key("unsigned")))
    return _refused(
        answer, "a PUT without any signature", "Take the right to write from everyone in the bucket's policy."
    )


async def anonymous_read(bench: Bench) -> Verdict:
    probe = await bench.completed("anonymous-read")
    answer = await bench.outside.send("GET", bench.plain_url(probe.key))
    if answer.accepted:
        return warning(
            "everyone may read the bucket's objects without a URL of ours",
            "Take the right to read from everyone in the bucket's policy, unless that is wanted.",
        )
    return passed(f"objects cannot be read without a signature ({answer.said})")


async def forged_v2(bench: Bench) -> Verdict:
    """Signature version 2 binds no length; at least nobody may make one without the secret."""
    key = bench.scratch.key("forged-v2")
    forged = base64.b64encode(hmac.digest(b"not the secret", key.encode(), "sha1")).decode()
    until = int((bench.patient.clock() + timedelta(minutes=1)).timestamp())
    query = f"AWSAccessKeyId={quote(bench.credentials.access_key_id)}&Expires={until}&Signature={quote(forged, safe='')}"
    answer = await _put(bench, f"{bench.plain_url(key)}?{query}")
    return _refused(answer, "a forged URL of signature version 2", _CHECKS_NOTHING)


async def length_bound(bench: Bench) -> Verdict:
    async with bench.upload("length") as probe:
        part = bench.part(probe)
        shorter = await bench.put(part, BODY[:-1])
        longer = await bench.put(part, BODY + b"!")
    loose = [word for word, answer in (("shorter", shorter), ("longer", longer)) if answer.accepted]
    if loose:
        return failed(
            f"a {' and a '.join(loose)} body is taken than the URL was signed for",
            f"{_ANOTHER_STORE} Sizes and quotas are not enforced here.",
        )
    return passed(f"another length is refused ({longer.said})")


async def length_required(bench: Bench) -> Verdict:
    async with bench.upload("no-length") as probe:
        answer = await bench.outside.send("PUT", bench.part(probe).url, body=_without_length())
    return _refused(answer, "a body of no stated length", f"{_ANOTHER_STORE} Sizes are not enforced here.")


async def _without_length() -> AsyncIterator[bytes]:
    yield BODY


async def md5_enforced(bench: Bench) -> Verdict:
    async with bench.upload("md5") as probe:
        part = bench.part(probe, md5=_digest("md5", BODY))
        right = await bench.put(part, BODY)
        wrong = await bench.put(part, OTHER_BODY)
    if not right.accepted:
        return failed(
            f"a part with its right Content-MD5 is refused ({right.said})",
            "Let nothing on the way drop Content-MD5.",
        )
    return _refused(wrong, "a body that differs from its Content-MD5", _NO_DIGESTS)


async def md5_required(bench: Bench) -> Verdict:
    async with bench.upload("md5-dropped") as probe:
        part = bench.part(probe, md5=_digest("md5", BODY))
        answer = await _put(bench, part.url)
    return _refused(answer, "a PUT that leaves out its signed Content-MD5", _NO_DIGESTS)


async def sha256_enforced(bench: Bench) -> Verdict:
    async with bench.upload("sha256") as probe:
        part = bench.part(probe, sha256=_digest("sha256", BODY))
        right = await bench.put(part, BODY)
        wrong = await bench.put(part, OTHER_BODY)
    if right.accepted and not wrong.accepted:
        return passed(f"a body that differs from its SHA-256 is refused ({wrong.said})")
    said = "is not compared with the body" if right.accepted else f"is refused ({right.said})"
    return warning(
        f"x-amz-checksum-sha256 {said}", "Let clients give Content-MD5 where bytes must be proven."
    )


_NO_DIGESTS: Final = f"{_ANOTHER_STORE} Damaged parts go unnoticed here."


def _digest(algorithm: str, body: bytes) -> str:
    return base64.b64encode(hashlib.new(algorithm, body, usedforsecurity=False).digest()).decode()


async def _put(bench: Bench, url: str) -> Answer:
    return await bench.outside.send("PUT", url, body=BODY)


def _refused(answer: Answer, what: str, remedy: str) -> Verdict:
    if answer.accepted:
        return failed(f"{what} is accepted", remedy)
    if answer.status >= 500:
        return warning(f"{what} ends in {answer.said} instead of a refusal", "Look at the store's own log.")
    return passed(f"{what} is refused ({answer.said})")


_GOOD: Final = ("presign.upload_part",)
_READABLE: Final = ("presign.download",)

PRESIGN_CHECKS: Final = (
    Check("presign.upload_part", upload_part, needs=("store.create", "public.reachable")),
    Check("presign.download", download, needs=("store.complete",)),
    Check("presign.host", host_signed, needs=_GOOD),
    Check("presign.signature", signature, needs=_GOOD),
    Check("presign.other_part", other_part, needs=_GOOD),
    Check("presign.other_key", other_key, needs=_GOOD),
    Check("presign.method", method, needs=_READABLE),
    Check("presign.expired", expired, needs=_GOOD),
    Check("presign.forged_v2", forged_v2, needs=_GOOD),
    Check("presign.length_bound", length_bound, needs=_GOOD),
    Check("presign.length_required", length_required, needs=_GOOD),
    Check("digest.md5_enforced", md5_enforced, needs=_GOOD),
    Check("digest.md5_required", md5_required, needs=_GOOD),
    Check("digest.sha256_enforced", sha256_enforced, needs=_GOOD),
    Check("public.write", unsigned, needs=_GOOD),
    Check("public.read", anonymous_read, needs=_READABLE),
)
