"""The way to the bucket: is anything there, is it this bucket, in this region, with these credentials.

Each reads one signed answer and looks for the S3 codes that are its own, so that one wrong setting fails one check.
"""

import asyncio
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from coordinator.doctor.bench import Bench
from coordinator.doctor.bucket import BucketRefused
from coordinator.doctor.check import Check
from coordinator.doctor.finding import Verdict, failed, passed, warning
from coordinator.doctor.wire import Unanswered, Wire
from coordinator.signing.addressing import Location

__all__ = ["REACH_CHECKS"]

_SMALL_DRIFT: Final = timedelta(seconds=30)
_GREAT_DRIFT: Final = timedelta(minutes=5)
"""S3 refuses at 15 minutes (API reference, RequestTimeTooSkewed); a clock this wrong is on its way there."""

_CREDENTIAL_CODES: Final = {
    "ExpiredToken": "store.session_token has expired; renew the temporary credentials.",
    "InvalidAccessKeyId": "Correct store.access_key_id: the store does not know it.",
    "InvalidToken": "Correct store.session_token, or leave it out.",
    "SignatureDoesNotMatch": "Correct store.secret_access_key: it does not belong to store.access_key_id.",
}
_REGION_CODES: Final = frozenset(
    {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect", "301"}
)
_ACCESS_CODES: Final = frozenset({"401", "403", "AccessDenied", "AllAccessDisabled", "AccountProblem"})


async def reachable(bench: Bench) -> Verdict:
    return await _answers(bench.inside, bench.internal, "endpoint_url")


async def clock(bench: Bench) -> Verdict:
    before = bench.patient.clock()
    answer = await bench.inside.send("HEAD", _root(bench.internal))
    after = bench.patient.clock()
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return warning("the store does not tell the time", "Make sure that both machines follow NTP.")
    drift = max(before - timedelta(seconds=1) - theirs, theirs - after, timedelta())
    if drift > _GREAT_DRIFT:
        return failed(
            f"the clocks of the store and of this machine differ by {drift}",
            "Let both follow NTP: beyond 15 minutes a store refuses every signature, and URLs end too early or late.",
        )
    if drift > _SMALL_DRIFT:
        return warning(f"the clocks differ by {drift}", "Let both machines follow NTP.")
    return passed("its clock and this machine's agree")


async def addressing(bench: Bench) -> Verdict:
    wanted = bench.patient.store.addressing_style
    used = "virtual" if bench.public.path_prefix == "/" else "path"
    if wanted != used:
        return warning(
            "store.addressing_style is virtual, but this bucket or endpoint cannot be so addressed; path is used",
            "Set COORDINATOR_STORE__ADDRESSING_STYLE=path, or use a bucket and host name that fit.",
        )
    if not await _is_known(bench.internal):
        return failed(
            f"there is no host {urlsplit(bench.internal.origin).hostname}",
            "Set COORDINATOR_STORE__ADDRESSING_STYLE=path, or add a wildcard record for the store's domain.",
        )
    return passed(f"the bucket stands in the {'host name' if used == 'virtual' else 'path'}")


async def _is_known(location: Location) -> bool:
    try:
        await asyncio.get_running_loop().getaddrinfo(urlsplit(location.origin).hostname, None)
    except OSError:
        return False
    return True


async def credentials(bench: Bench) -> Verdict:
    code = await _refusal(bench)
    if code in _CREDENTIAL_CODES:
        return failed(f"the store refuses the credentials ({code})", _CREDENTIAL_CODES[code])
    return passed("the store knows the access key, and its secret is right")


async def region(bench: Bench) -> Verdict:
    ours = bench.patient.store.region
    answer = await bench.inside.send("HEAD", _root(bench.internal))
    theirs = answer.headers.get("x-amz-bucket-region")
    remedy = f"Set COORDINATOR_STORE__REGION={theirs or 'to the region the bucket is in'}."
    if theirs and ours not in {theirs, "auto"}:
        return failed(f"the bucket is in {theirs}, store.region says {ours}", remedy)
    code = await _refusal(bench)
    if code in _REGION_CODES:
        return failed(f"the bucket is not in {ours} ({code})", remedy)
    return passed(f"the store accepts signatures for {ours}")


async def bucket(bench: Bench) -> Verdict:
    code = await _refusal(bench)
    name = bench.bucket.name
    if code in {"NoSuchBucket", "404", "InvalidBucketName"}:
        return failed(f"there is no bucket {name}", "Create it, or correct COORDINATOR_STORE__BUCKET.")
    if code in _ACCESS_CODES:
        return failed(
            f"the access key may not list multipart uploads in {name} ({code})",
            "Allow s3:ListBucketMultipartUploads on the bucket; of a foreign bucket, correct its name.",
        )
    if code is not None:
        return failed(
            f"the store does not list multipart uploads ({code})",
            "Is it an S3 store that answers at this address?",
        )
    return passed(f"{name} is there")


async def public_reachable(bench: Bench) -> Verdict:
    return await _answers(bench.outside, bench.public, "public_endpoint_url")


async def _answers(wire: Wire, location: Location, setting: str) -> Verdict:
    try:
        answer = await wire.send("HEAD", _root(location))
    except Unanswered as silent:
        return failed(
            f"{location.host} does not answer: {silent}",
            f"Start the store, open the way to it, or correct COORDINATOR_STORE__{setting.upper()}.",
        )
    if answer.status >= 500:
        return failed(
            f"{location.host} answers {answer.status}", "Look at what stands there before the store."
        )
    return passed(f"{location.host} answers")


async def _refusal(bench: Bench) -> str | None:
    """S3's code for a signed request at the bucket; None when it was accepted."""
    try:
        await bench.bucket.ask()
    except BucketRefused as refused:
        return refused.code
    return None


def _root(location: Location) -> str:
    return f"{location.origin}{location.path_prefix}".removesuffix("/")


REACH_CHECKS: Final = (
    Check("store.addressing", addressing),
    Check("store.reachable", reachable, needs=("store.addressing",)),
    Check("store.clock", clock, needs=("store.reachable",)),
    Check("store.credentials", credentials, needs=("store.reachable",)),
    Check("store.region", region, needs=("store.credentials",)),
    Check("store.bucket", bucket, needs=("store.region",)),
    Check("public.reachable", public_reachable, needs=("store.addressing",)),
)
