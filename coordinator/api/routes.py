"""The v1 door, in one list: router, guard, OpenAPI document and the test of who may do what are made from it.

A path that is not here does not exist; a route without an access cannot be written down.
"""

from typing import Any

from coordinator.access.principals import Scope
from coordinator.api import health, many, parts, tokens, uploads
from coordinator.api.declaration import Declaration
from coordinator.api.queries import AbortQuery, ListQuery, PartsQuery
from coordinator.errors import (
    AlreadyCompleted,
    BucketElsewhere,
    Completing,
    DigestMismatch,
    DigestRequired,
    EncodingNotAllowed,
    IdempotencyInProgress,
    IdempotencyKeyReuse,
    LengthRequired,
    MalformedRequest,
    NotCompleted,
    NotFound,
    PartChanged,
    PartOutsidePlan,
    PartRefused,
    PartsMismatch,
    PartsMissing,
    QuotaExceeded,
    RelayBusy,
    RelayOff,
    SizeNotAllowed,
    StorageMisconfigured,
    StorageUnavailable,
    StreamEnded,
    TooSlow,
    UnknownPolicy,
    UploadGone,
    UploadNotOpen,
)
from coordinator.http.bodies import BATCH_LIMIT
from coordinator.http.guard import PUBLIC
from coordinator.protocol import (
    CompleteBody,
    CompleteManyAnswer,
    CompleteManyBody,
    DownloadAnswer,
    HealthAnswer,
    PartsAnswer,
    RecordBody,
    RelayedPartAnswer,
    SignBody,
    SignedPartsAnswer,
    StartAnswer,
    StartBody,
    StartManyAnswer,
    StartManyBody,
    TokenAnswer,
    TokenBody,
    UploadAnswer,
    UploadsAnswer,
)
from coordinator.relay.announced import MD5_HEADER, SHA256_HEADER

__all__ = ["declarations"]

_NOT_OPEN = (UploadNotOpen, AlreadyCompleted, Completing, UploadGone)
_STORE = (StorageMisconfigured, StorageUnavailable, BucketElsewhere)


def declarations(*, metrics: bool) -> tuple[Declaration[Any, Any], ...]:
    """Every route. `metrics`: whether `/metrics` is one."""
    return (*_UPLOADS, *_PARTS, _RELAY, *_TOKENS, *_HEALTH, *(_METRICS if metrics else ()))


_UPLOADS: tuple[Declaration[Any, Any], ...] = (
    Declaration(
        "POST",
        "/v1/uploads",
        uploads.start_upload,
        Scope.UPLOADS_WRITE,
        "Start an upload, or resume the live one with the same fingerprint",
        {201: StartAnswer, 200: StartAnswer},
        (
            SizeNotAllowed,
            EncodingNotAllowed,
            QuotaExceeded,
            UnknownPolicy,
            IdempotencyKeyReuse,
            IdempotencyInProgress,
            PartChanged,
            *_STORE,
        ),
        body=StartBody,
    ),
    # before those of one upload: no id reads like these
    Declaration(
        "POST",
        "/v1/uploads/start",
        many.start_uploads,
        Scope.UPLOADS_WRITE,
        "Start up to 100 uploads, each as if alone",
        {200: StartManyAnswer},
        body=many.ManyUploads,
        shown=StartManyBody,
        limit=BATCH_LIMIT,
    ),
    Declaration(
        "POST",
        "/v1/uploads/complete",
        many.complete_uploads,
        Scope.UPLOADS_WRITE,
        "Complete up to 100 uploads, each as if alone; repeatable",
        {200: CompleteManyAnswer},
        body=many.ManyUploads,
        shown=CompleteManyBody,
        limit=BATCH_LIMIT,
    ),
    Declaration(
        "GET",
        "/v1/uploads",
        uploads.list_uploads,
        Scope.UPLOADS_READ,
        "List one's own uploads, newest first",
        {200: UploadsAnswer},
        query=ListQuery,
    ),
    Declaration(
        "GET",
        "/v1/uploads/{upload_id}",
        uploads.show_upload,
        Scope.UPLOADS_READ,
        "How an upload stands",
        {200: UploadAnswer},
        (NotFound,),
    ),
    Declaration(
        "DELETE",
        "/v1/uploads/{upload_id}",
        uploads.abort_upload,
        Scope.UPLOADS_WRITE,
        "Abort an upload; repeatable",
        {200: UploadAnswer},
        (NotFound, AlreadyCompleted, Completing, *_STORE),
        query=AbortQuery,
    ),
    Declaration(
        "POST",
        "/v1/uploads/{upload_id}/complete",
        uploads.complete_upload,
        Scope.UPLOADS_WRITE,
        "Make one object of all parts; repeatable",
        {200: UploadAnswer, 202: UploadAnswer},
        (NotFound, PartsMissing, PartsMismatch, PartChanged, *_NOT_OPEN, *_STORE),
        body=CompleteBody,
        limit=BATCH_LIMIT,
    ),
    Declaration(
        "GET",
        "/v1/uploads/{upload_id}/download",
        uploads.download_upload,
        Scope.UPLOADS_READ,
        "A presigned URL of a completed upload's object",
        {200: DownloadAnswer},
        (NotFound, NotCompleted, UploadGone, StorageUnavailable, BucketElsewhere),
    ),
)

_PARTS: tuple[Declaration[Any, Any], ...] = (
    Declaration(
        "GET",
        "/v1/uploads/{upload_id}/parts",
        parts.list_parts,
        Scope.UPLOADS_READ,
        "The parts that are recorded",
        {200: PartsAnswer},
        (NotFound, UploadGone, *_STORE),
        query=PartsQuery,
    ),
    Declaration(
        "POST",
        "/v1/uploads/{upload_id}/parts/sign",
        parts.sign_parts,
        Scope.UPLOADS_WRITE,
        "Sign parts just in time",
        {200: SignedPartsAnswer},
        (
            NotFound,
            PartOutsidePlan,
            PartChanged,
            DigestRequired,
            StreamEnded,
            *_NOT_OPEN,
            StorageUnavailable,
            BucketElsewhere,
        ),
        body=SignBody,
        limit=BATCH_LIMIT,
    ),
    Declaration(
        "PUT",
        "/v1/uploads/{upload_id}/parts",
        parts.record_parts,
        Scope.UPLOADS_WRITE,
        "Report parts that were sent; repeatable, in any order",
        {200: UploadAnswer},
        (NotFound, PartOutsidePlan, PartChanged, StreamEnded, *_NOT_OPEN),
        body=RecordBody,
        limit=BATCH_LIMIT,
    ),
)

_RELAY: Declaration[Any, Any] = Declaration(
    "PUT",
    "/v1/uploads/{upload_id}/parts/{part_number}",
    parts.relay_part,
    Scope.UPLOADS_WRITE,
    "Send a part through this server, where the store cannot be reached directly; repeatable",
    {200: RelayedPartAnswer},
    (
        NotFound,
        RelayOff,
        LengthRequired,
        MalformedRequest,
        TooSlow,
        PartOutsidePlan,
        PartChanged,
        PartRefused,
        DigestMismatch,
        DigestRequired,
        StreamEnded,
        *_NOT_OPEN,
        RelayBusy,
        *_STORE,
    ),
    raw=True,
    headers={
        "Content-Length": "The part's exact size in bytes; no Transfer-Encoding.",
        MD5_HEADER: "MD5 of the bytes, base64: others are refused.",
        SHA256_HEADER: "SHA-256 of the bytes, base64: others are refused.",
    },
)

_TOKENS: tuple[Declaration[Any, Any], ...] = (
    Declaration(
        "POST",
        "/v1/tokens",
        tokens.mint_token,
        Scope.TOKENS_MINT,
        "Mint a short-lived upload token for a browser user",
        {200: TokenAnswer},
        (NotFound, UnknownPolicy),
        body=TokenBody,
    ),
)

_HEALTH: tuple[Declaration[Any, Any], ...] = (
    Declaration("GET", "/healthz", health.alive, PUBLIC, "Alive", {200: HealthAnswer}),
    Declaration(
        "GET",
        "/readyz",
        health.ready,
        PUBLIC,
        "Whether database and bucket answer",
        {200: HealthAnswer, 503: HealthAnswer},
    ),
    Declaration("GET", "/openapi.json", health.openapi_document, PUBLIC, "This document", {200: None}),
)

_METRICS: tuple[Declaration[Any, Any], ...] = (
    Declaration("GET", "/metrics", health.metrics, PUBLIC, "Prometheus metrics", {200: None}),
)
