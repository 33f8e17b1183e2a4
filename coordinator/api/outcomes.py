"""One start and one completion, as the wire says them: whether they came alone or among many, they are the same."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Generic, TypeVar
from uuid import UUID

from msgspec import Struct
from msgspec.json import encode
from msgspec.structs import fields

from coordinator.access.principals import Principal
from coordinator.api.answers import signed_part_answer, upload_answer
from coordinator.api.state import ApiState
from coordinator.api.strangers_text import check_start
from coordinator.errors import Forbidden, NotFound
from coordinator.protocol import CompleteBody, StartAnswer, StartBody, UploadAnswer
from coordinator.uploads.ledger import IdempotencyKey
from coordinator.uploads.model import Digest, UploadId
from coordinator.uploads.requests import StartRequest
from coordinator.uploads.state import State

__all__ = ["Outcome", "completed", "reached", "started"]

A = TypeVar("A", bound=Struct)

_MEMBERS: Final = [(member.name, member.default) for member in fields(StartBody)]
"""Each with its default."""

_STILL_COMPLETING: Final = 2
"""Seconds until it is worth asking again."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[A]):
    status: int
    answer: A
    replayed: bool = False
    retry_after: int | None = None
    """Seconds."""


async def started(
    state: ApiState, principal: Principal, body: StartBody, idempotency_key: str | None
) -> Outcome[StartAnswer]:
    """Raises what the service's `start` does, ValidationFailed, UnknownPolicy, EncodingNotAllowed, Forbidden."""
    if principal.upload_id is not None:
        raise Forbidden("This token reaches one upload and starts no others.")
    check_start(body.filename, body.content_type, body.metadata)
    rules = state["policies"].rules(
        principal,
        body.policy,
        size=body.size,
        content_type=body.content_type,
        content_encoding=body.content_encoding,
    )
    key = idempotency_key and IdempotencyKey(
        principal.tenant, principal.id, idempotency_key, _request_hash(body)
    )
    service = state["service"]
    begun, signed = await service.start(
        principal.tenant, principal.starts_as, _start_request(body), rules, key or None
    )
    answer = StartAnswer(
        upload=upload_answer(begun.upload, service.part_digests),
        parts=[signed_part_answer(part) for part in signed],
    )
    return Outcome(200 if begun.kind == "resumed" else 201, answer, replayed=begun.kind == "replayed")


async def completed(
    state: ApiState, principal: Principal, upload_id: UploadId, body: CompleteBody
) -> Outcome[UploadAnswer]:
    """Raises what the service's `complete` does."""
    service = state["service"]
    digest = Digest(body.digest.algorithm, body.digest.value) if body.digest else None
    upload = await service.complete(upload_id, principal.identity, size=body.size, digest=digest)
    answer = upload_answer(upload, service.part_digests)
    if upload.state is State.COMPLETED:
        return Outcome(200, answer)
    return Outcome(202, answer, retry_after=_STILL_COMPLETING)


def reached(principal: Principal, text: str) -> UploadId:
    """The id that a caller named. Raises NotFound for what is no id, or out of the token's reach, as for an unknown one."""
    try:
        upload_id = UUID(text)
    except ValueError:
        raise _unknown_upload() from None
    if str(upload_id) != text or not principal.reaches(upload_id):
        raise _unknown_upload()
    return UploadId(upload_id)


def _unknown_upload() -> NotFound:
    return NotFound("There is no such upload.")


def _start_request(body: StartBody) -> StartRequest:
    return StartRequest(
        filename=body.filename,
        size=body.size,
        content_type=body.content_type,
        content_encoding=body.content_encoding,
        metadata=body.metadata,
        part_size=body.part_size,
        fingerprint=body.fingerprint,
        sign=body.sign,
        md5=body.md5,
        sha256=body.sha256,
    )


def _request_hash(body: StartBody) -> bytes:
    """Over what differs from the defaults, so that a member added in a later version changes no hash of today."""
    given = {name: value for name, default in _MEMBERS if (value := getattr(body, name)) != default}
    return sha256(encode(given, order="deterministic")).digest()
