"""From the rules' values to the wire's. Nothing of the store's side (mark, UploadId, manifest) has a place there."""

from collections.abc import Sequence
from math import ceil

from msgspec import Struct
from msgspec.json import encode
from starlette.responses import Response

from coordinator.protocol import (
    DigestAnswer,
    PartAnswer,
    PartDigest,
    PartDigestsAnswer,
    PartsAnswer,
    RelayedPartAnswer,
    SignedPartAnswer,
    UploadAnswer,
)
from coordinator.uploads.model import Claim, Digest, Part, Upload
from coordinator.uploads.part_digests import PartDigests
from coordinator.uploads.requests import SignedPart
from coordinator.uploads.state import State

__all__ = ["json_answer", "parts_answer", "relayed_part_answer", "signed_part_answer", "upload_answer"]


def json_answer(answer: Struct, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Never cached: answers hold presigned URLs, tokens, and states that change."""
    return Response(
        encode(answer), status, {"Cache-Control": "no-store"} | (headers or {}), "application/json"
    )


def upload_answer(upload: Upload, part_digests: PartDigests) -> UploadAnswer:
    rate = _bytes_per_second(upload)
    return UploadAnswer(
        id=upload.id,
        state=upload.state.value,
        reason=upload.reason.value if upload.reason else None,
        reason_text=upload.reason_text,
        policy=upload.policy,
        tenant=upload.tenant,
        owner=upload.owner,
        filename=upload.filename,
        content_type=upload.content_type,
        content_encoding=upload.content_encoding,
        size=upload.size,
        metadata=dict(upload.metadata),
        bucket=upload.bucket,
        key=upload.key,
        method=upload.method.value,
        part_size=upload.part_size,
        part_count=upload.part_count,
        parts_uploaded=upload.parts_uploaded,
        bytes_uploaded=upload.bytes_uploaded,
        bytes_per_second=rate,
        seconds_left=_seconds_left(upload, rate),
        fingerprint=upload.fingerprint,
        etag=upload.etag,
        version_id=upload.version_id,
        digest=_digest(upload.digest),
        part_digests=PartDigestsAnswer(
            rule=part_digests.rule(upload.policy).value, algorithms=list(part_digests.algorithms)
        ),
        created_at=upload.created_at,
        updated_at=upload.updated_at,
        expires_at=upload.expires_at,
        completed_at=upload.completed_at,
    )


def signed_part_answer(part: SignedPart) -> SignedPartAnswer:
    return SignedPartAnswer(
        part_number=part.part_number,
        offset=part.offset,
        size=part.size,
        method="PUT",
        url=part.url,
        headers=dict(part.headers),
        expires_at=part.expires_at,
    )


def relayed_part_answer(claim: Claim) -> RelayedPartAnswer:
    return RelayedPartAnswer(part_number=claim.part_number, etag=claim.etag, size=claim.size)


def parts_answer(parts: Sequence[Part], after: int | None) -> PartsAnswer:
    return PartsAnswer(
        parts=[_part_answer(part) for part in parts], next=None if after is None else str(after)
    )


def _part_answer(part: Part) -> PartAnswer:
    digest = PartDigest(md5=part.md5, sha256=part.sha256) if part.md5 or part.sha256 else None
    return PartAnswer(
        part_number=part.part_number,
        size=part.size,
        etag=part.etag,
        digest=digest,
        recorded_at=part.recorded_at,
    )


def _digest(digest: Digest | None) -> DigestAnswer | None:
    if digest is None:
        return None
    return DigestAnswer(algorithm=digest.algorithm, value=digest.value, verified=digest.verified)


def _bytes_per_second(upload: Upload) -> int | None:
    """Over the time from the first recorded part to the last; with less than two moments there is no rate."""
    if upload.first_part_at is None or upload.last_part_at is None:
        return None
    seconds = (upload.last_part_at - upload.first_part_at).total_seconds()
    return round(upload.bytes_uploaded / seconds) if seconds > 0 else None


def _seconds_left(upload: Upload, rate: int | None) -> int | None:
    if upload.state is not State.OPEN or upload.size is None or not rate:
        return None
    return ceil(max(upload.size - upload.bytes_uploaded, 0) / rate)
