"""Handlers of an upload's parts: sign some, report some, relay one, list what is recorded.

A batch names each part once: two claims about one part contradict each other, and which one counts would be chance.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from starlette.responses import Response

from coordinator.api.answers import (
    json_answer,
    parts_answer,
    relayed_part_answer,
    signed_part_answer,
    upload_answer,
)
from coordinator.api.declaration import Call, NoBody
from coordinator.api.queries import NoQuery, PartsQuery
from coordinator.api.strangers_text import check_etag
from coordinator.errors import FieldError, ValidationFailed
from coordinator.protocol import ClaimBody, PartToSign, RecordBody, SignBody, SignedPartsAnswer
from coordinator.signing.digests import digest_headers
from coordinator.uploads.model import Claim
from coordinator.uploads.requests import WantedPart

__all__ = ["list_parts", "record_parts", "relay_part", "sign_parts"]

_MOST_NAMED = 20


async def list_parts(call: Call[NoBody, PartsQuery]) -> Response:
    parts, after = await call.state["service"].parts(
        call.upload_id,
        call.principal.identity,
        after=call.query.cursor,
        limit=call.query.limit,
        refresh=call.query.refresh,
    )
    return json_answer(parts_answer(parts, after))


async def sign_parts(call: Call[SignBody, NoQuery]) -> Response:
    signed = await call.state["service"].sign(call.upload_id, call.principal.identity, _wanted(call.body))
    return json_answer(SignedPartsAnswer(parts=[signed_part_answer(part) for part in signed]))


async def record_parts(call: Call[RecordBody, NoQuery]) -> Response:
    _check_once("$.parts", (claim.part_number for claim in call.body.parts))
    _check_digests(call.body.parts)
    claims = [_claim(position, claim) for position, claim in enumerate(call.body.parts)]
    upload = await call.state["service"].record(call.upload_id, call.principal.identity, claims)
    return json_answer(upload_answer(upload, call.state["service"].part_digests))


async def relay_part(call: Call[NoBody, NoQuery]) -> Response:
    """The body is not read here: it goes on to the store as it comes."""
    request = call.request
    relayed = await call.state["relay"].part(
        call.upload_id,
        call.principal.identity,
        request.path_params["part_number"],
        request.headers,
        request.receive,
        sender=(call.principal.tenant, call.principal.id),
    )
    return json_answer(relayed_part_answer(relayed))


def _wanted(body: SignBody) -> Sequence[WantedPart]:
    if body.part_numbers is not None and body.parts is None:
        _check_once("$.part_numbers", body.part_numbers)
        return [WantedPart(number) for number in body.part_numbers]
    if body.parts is not None and body.part_numbers is None:
        _check_once("$.parts", (part.part_number for part in body.parts))
        _check_digests(body.parts)
        return [WantedPart(part.part_number, part.size, part.md5, part.sha256) for part in body.parts]
    raise ValidationFailed.of(FieldError("$", "Expected exactly one of `part_numbers` and `parts`"))


def _claim(position: int, claim: ClaimBody) -> Claim:
    etag = check_etag(f"$.parts[{position}].etag", claim.etag)
    return Claim(claim.part_number, claim.size, etag, claim.md5, claim.sha256)


def _check_digests(parts: Sequence[PartToSign | ClaimBody]) -> None:
    """Raises ValidationFailed for base64 that the store would refuse, after all the bytes were sent."""
    for position, part in enumerate(parts):
        try:
            digest_headers(part.md5, part.sha256, None)
        except ValueError as refused:
            error = FieldError(f"$.parts[{position}]", f"Expected digests in base64: {refused}")
            raise ValidationFailed.of(error) from None


def _check_once(path: str, part_numbers: Iterable[int]) -> None:
    """Raises ValidationFailed naming the numbers that come twice."""
    twice = sorted(number for number, times in Counter(part_numbers).items() if times > 1)
    if twice:
        named = ", ".join(map(str, twice[:_MOST_NAMED])) + (", ..." if len(twice) > _MOST_NAMED else "")
        raise ValidationFailed.of(FieldError(path, f"Expected each part once, and these come again: {named}"))
