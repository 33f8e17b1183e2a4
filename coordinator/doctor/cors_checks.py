"""CORS as a browser sees it, from each origin: the question before a PUT, the PUT itself, and a refusal."""

from collections.abc import Awaitable, Callable
from typing import Final

from coordinator.doctor.bench import Bench
from coordinator.doctor.check import Check
from coordinator.doctor.finding import Verdict, failed, passed, warning
from coordinator.doctor.wire import Answer
from coordinator.uploads.model import MARK_NAME

__all__ = ["CORS_CHECKS"]

_SENT_HEADERS: Final = (
    *("content-disposition", "content-encoding", "content-md5", "content-type", "if-none-match"),
    *("x-amz-checksum-sha256", f"x-amz-meta-{MARK_NAME}"),
)
"""What the browser client may send with a part, or with a small file (`docs/api.md`)."""

_STRANGER: Final = "https://doctor.invalid"
_ALLOW_ORIGIN: Final = "access-control-allow-origin"


def from_each(look: Callable[[Bench, str], Awaitable[Verdict]]) -> Callable[[Bench], Awaitable[Verdict]]:
    """The same look from every origin; the first that is not well is the verdict."""

    async def check(bench: Bench) -> Verdict:
        verdict = warning("no page's origin is named", "Set COORDINATOR_ALLOWED_ORIGINS, or give --origin.")
        for origin in bench.patient.origins:
            verdict = await look(bench, origin)
            if verdict.status != "passed":
                return verdict
        return verdict

    return check


async def preflight(bench: Bench, origin: str) -> Verdict:
    answer = await _asked(bench, origin)
    if not answer.accepted or not _lets_in(answer, origin):
        return failed(f"pages at {origin} may not send parts ({answer.said})", _setup(origin))
    methods = answer.listed("access-control-allow-methods")
    if not methods & {"put", "*"}:
        return failed(f"pages at {origin} may not use PUT", _setup(origin))
    return passed(f"pages at {origin} may send parts")


async def headers(bench: Bench, origin: str) -> Verdict:
    answer = await _asked(bench, origin, *_SENT_HEADERS)
    allowed = answer.listed("access-control-allow-headers")
    refused = [name for name in _SENT_HEADERS if not allowed & {name, "*"}]
    if refused:
        return failed(f"pages at {origin} may not send {', '.join(refused)}", _setup(origin))
    return passed("parts and small files may carry their headers")


async def answered(bench: Bench, origin: str) -> Verdict:
    answer = await _sent(bench, origin)
    if not _lets_in(answer, origin):
        return failed(
            f"pages at {origin} may not see the answer to a PUT, so that a part sent looks like one that failed",
            _setup(origin),
        )
    return passed("pages see the answer to a PUT")


async def etag_exposed(bench: Bench, origin: str) -> Verdict:
    answer = await _sent(bench, origin)
    if not answer.listed("access-control-expose-headers") & {"etag", "*"}:
        return warning(
            f"pages at {origin} may not read the ETag: uploads complete, but without the client's own proof",
            _setup(origin),
        )
    return passed("pages may read a part's ETag")


async def refusal_readable(bench: Bench, origin: str) -> Verdict:
    async with bench.upload("cors-refusal") as probe:
        url = bench.part(probe).url
        wrong = url[:-1] + ("0" if url[-1] != "0" else "1")
        answer = await bench.outside.send("PUT", wrong, headers={"Origin": origin}, body=b"")
    if not _lets_in(answer, origin):
        return warning(
            "refusals carry no CORS headers: to a page a URL that ended looks like a broken connection",
            "Nothing to do: the client signs once more before it takes the way for blocked.",
        )
    return passed("pages can tell a refusal from a broken connection")


async def stranger(bench: Bench) -> Verdict:
    answer = await _asked(bench, _STRANGER)
    if answer.accepted and _lets_in(answer, _STRANGER):
        return warning(
            "pages of any origin may send to the bucket with a URL they got hold of",
            "Name your pages' origins alone in the bucket's CORS rules, where the store has such.",
        )
    return passed("pages of other origins are not let in")


async def _asked(bench: Bench, origin: str, *header_names: str) -> Answer:
    asking = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    if header_names:
        asking["Access-Control-Request-Headers"] = ",".join(header_names)
    return await bench.outside.send("OPTIONS", bench.plain_url(bench.scratch.key("cors")), headers=asking)


async def _sent(bench: Bench, origin: str) -> Answer:
    async with bench.upload("cors-put") as probe:
        return await bench.put(bench.part(probe), headers={"Origin": origin})


def _lets_in(answer: Answer, origin: str) -> bool:
    return answer.headers.get(_ALLOW_ORIGIN) in {origin, "*"}


def _setup(origin: str) -> str:
    return f"Run `coordinator bucket setup --origin {origin}`, or set the same rule where the store keeps its CORS."


_NEEDS: Final = ("presign.upload_part",)

CORS_CHECKS: Final = (
    Check("cors.preflight", from_each(preflight), needs=_NEEDS),
    Check("cors.headers", from_each(headers), needs=("cors.preflight",)),
    Check("cors.answer", from_each(answered), needs=("cors.preflight",)),
    Check("cors.etag_exposed", from_each(etag_exposed), needs=("cors.answer",)),
    Check("cors.refusal", from_each(refusal_readable), needs=("cors.answer",)),
    Check("cors.stranger", stranger, needs=_NEEDS),
)
