"""Handlers of an upload as a whole. The rules are the service's; here is only how the wire says them."""

from datetime import timedelta
from typing import Any

from starlette.responses import Response

from coordinator.api.answers import json_answer, upload_answer
from coordinator.api.declaration import Call, NoBody
from coordinator.api.outcomes import completed, started
from coordinator.api.queries import AbortQuery, ListQuery, NoQuery
from coordinator.api.strangers_text import check_plain, idempotency_key
from coordinator.errors import NotFound
from coordinator.protocol import CompleteBody, DownloadAnswer, StartBody, UploadAnswer, UploadsAnswer
from coordinator.uploads.ledger import ListFilter
from coordinator.uploads.model import Upload, UploadId
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


async def start_upload(call: Call[StartBody, NoQuery]) -> Response:
    key = idempotency_key("Idempotency-Key", call.request.headers.get("idempotency-key"))
    outcome = await started(call.state, call.principal, call.body, key)
    headers = {"Location": f"{call.state['public_url']}/v1/uploads/{outcome.answer.upload.id}"}
    if outcome.replayed:
        headers["Idempotency-Replayed"] = "true"
    return json_answer(outcome.answer, outcome.status, headers)


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
    outcome = await completed(call.state, call.principal, call.upload_id, call.body)
    wait = {} if outcome.retry_after is None else {"Retry-After": str(outcome.retry_after)}
    return json_answer(outcome.answer, outcome.status, wait)


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
