"""Handlers of an upload as a whole. The rules are the service's; here is only how the wire says them."""

from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from msgspec.json import encode
from msgspec.structs import fields
from starlette.responses import Response

from coordinator.access.principals import Principal
from coordinator.api.answers import json_answer, signed_part_answer, upload_answer
from coordinator.api.declaration import Call, NoBody
from coordinator.api.queries import AbortQuery, ListQuery, NoQuery
from coordinator.api.strangers_text import check_plain, check_start, idempotency_key
from coordinator.errors import Forbidden, NotFound
from coordinator.protocol import (
    CompleteBody,
    DownloadAnswer,
    StartAnswer,
    StartBody,
    UploadAnswer,
    UploadsAnswer,
)
from coordinator.uploads.ledger import IdempotencyKey, ListFilter
from coordinator.uploads.model import Digest, Upload, UploadId
from coordinator.uploads.requests import StartRequest
from coordinator.uploads.service import UploadService
from coordinator.uploads.state import State

__all__ = [
    "abort_upload",
    "complete_upload",
    "download_upload",
    "list_uploads",
    "show_upload",
    "start_upload",
]

_MEMBERS: Final = [(member.name, member.default) for member in fields(StartBody)]
"""Each with its default."""

_STILL_COMPLETING: Final = {"Retry-After": "2"}


async def start_upload(call: Call[StartBody, NoQuery]) -> Response:
    principal, body = call.principal, call.body
    if principal.upload_id is not None:
        raise Forbidden("This token reaches one upload and starts no others.")
    check_start(body.filename, body.content_type, body.metadata)
    rules = call.state["policies"].rules(
        principal, body.policy, size=body.size, content_type=body.content_type
    )
    started, signed = await call.state["service"].start(
        principal.tenant, principal.starts_as, _start_request(body), rules, _idempotency(call, principal)
    )
    headers = {"Location": f"{call.state['public_url']}/v1/uploads/{started.upload.id}"}
    if started.kind == "replayed":
        headers["Idempotency-Replayed"] = "true"
    answer = StartAnswer(
        upload=_answer(call, started.upload), parts=[signed_part_answer(part) for part in signed]
    )
    return json_answer(answer, 200 if started.kind == "resumed" else 201, headers)


async def list_uploads(call: Call[NoBody, ListQuery]) -> Response:
    check_plain("$.prefix", call.query.prefix)
    wanted = _list_filter(call)
    service = call.state["service"]
    if call.principal.upload_id is None:
        uploads, cursor = await service.find(wanted)
    else:
        uploads, cursor = await _find_only(service, UploadId(call.principal.upload_id), wanted), None
    answer = UploadsAnswer(
        uploads=[_answer(call, upload) for upload in uploads], next=str(cursor) if cursor else None
    )
    return json_answer(answer)


async def show_upload(call: Call[NoBody, NoQuery]) -> Response:
    upload = await call.state["service"].get(call.upload_id, call.principal.identity)
    return json_answer(_answer(call, upload))


async def complete_upload(call: Call[CompleteBody, NoQuery]) -> Response:
    claimed = call.body.digest
    digest = Digest(claimed.algorithm, claimed.value) if claimed else None
    upload = await call.state["service"].complete(
        call.upload_id, call.principal.identity, size=call.body.size, digest=digest
    )
    if upload.state is State.COMPLETED:
        return json_answer(_answer(call, upload))
    return json_answer(_answer(call, upload), 202, _STILL_COMPLETING)


async def download_upload(call: Call[NoBody, NoQuery]) -> Response:
    download = await call.state["service"].download(call.upload_id, call.principal.identity)
    return json_answer(DownloadAnswer(url=download.url, expires_at=download.expires_at))


async def abort_upload(call: Call[NoBody, AbortQuery]) -> Response:
    check_plain("$.reason", call.query.reason)
    upload = await call.state["service"].abort(
        call.upload_id, call.principal.identity, text=call.query.reason
    )
    return json_answer(_answer(call, upload))


def _answer(call: Call[Any, Any], upload: Upload) -> UploadAnswer:
    return upload_answer(upload, call.state["service"].part_digests)


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


def _idempotency(call: Call[StartBody, NoQuery], principal: Principal) -> IdempotencyKey | None:
    key = idempotency_key(call.request.headers.get("idempotency-key"))
    if key is None:
        return None
    return IdempotencyKey(principal.tenant, principal.id, key, _request_hash(call.body))


def _request_hash(body: StartBody) -> bytes:
    """Over what differs from the defaults, so that a member added in a later version changes no hash of today."""
    given = {name: value for name, default in _MEMBERS if (value := getattr(body, name)) != default}
    return sha256(encode(given, order="deterministic")).digest()


def _list_filter(call: Call[NoBody, ListQuery]) -> ListFilter:
    query = call.query
    before = None if query.older_than is None else call.state["clock"]() - timedelta(seconds=query.older_than)
    return ListFilter(
        identity=call.principal.identity,
        states=frozenset(map(State, query.state)),
        created_before=before,
        filename_prefix=query.prefix,
        limit=query.limit,
        cursor=UploadId(query.cursor) if query.cursor else None,
    )


async def _find_only(service: UploadService, upload_id: UploadId, wanted: ListFilter) -> list[Upload]:
    """What a token bound to one upload may list: that one, if it fits the filter."""
    if wanted.cursor is not None:
        return []
    try:
        upload = await service.get(upload_id, wanted.identity)
    except NotFound:
        return []
    fits = (
        (not wanted.states or upload.state in wanted.states)
        and (wanted.created_before is None or upload.created_at < wanted.created_before)
        and upload.filename.startswith(wanted.filename_prefix or "")
    )
    return [upload] if fits else []
