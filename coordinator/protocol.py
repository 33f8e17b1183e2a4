"""The wire, version 1: every request, answer and problem as a msgspec struct.

Server, clients and the OpenAPI document share these. Requests refuse unknown members; answers may grow. Times are
RFC 3339 in UTC, sizes are bytes, ids are UUIDs in text. Bounds stand in the types, so that what is validated and
what is documented are one thing; rules that need the upload (its plan, its state) live in `uploads`.
"""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

__all__ = [
    "MAX_PARTS_A_REQUEST",
    "MAX_UPLOADS_A_REQUEST",
    "ClaimBody",
    "CompleteBody",
    "CompleteItem",
    "CompleteManyAnswer",
    "CompleteManyBody",
    "CompleteResult",
    "DigestBody",
    "DownloadAnswer",
    "FieldProblem",
    "HealthAnswer",
    "Name",
    "PartAnswer",
    "PartDigestsAnswer",
    "PartToSign",
    "PartsAnswer",
    "ProblemAnswer",
    "RecordBody",
    "RelayedPartAnswer",
    "SignBody",
    "SignedPartAnswer",
    "SignedPartsAnswer",
    "StartAnswer",
    "StartBody",
    "StartItem",
    "StartManyAnswer",
    "StartManyBody",
    "StartResult",
    "TokenAnswer",
    "TokenBody",
    "UploadAnswer",
    "UploadsAnswer",
]

MAX_PARTS_A_REQUEST: Final = 1_000
MAX_UPLOADS_A_REQUEST: Final = 100

MaxSize: Final = 2**53 - 1

PartNumber = Annotated[int, Meta(ge=1, le=10_000, description="S3's part number, 1 to 10,000.")]
Size = Annotated[int, Meta(ge=0, le=MaxSize, description="Bytes.")]
Etag = Annotated[
    str, Meta(min_length=1, max_length=128, description="As the store answered, with or without quotes.")
]
Md5 = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9+/]{22}==$(?!\n)", description="MD5 in base64, as Content-MD5 has it.")
]
Sha256 = Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{43}=$(?!\n)", description="SHA-256 in base64.")]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._@:+-]+$(?!\n)")]

_OF_ONE_PART: Final = (
    "Of the whole file, base64; bound into the URL where the file is one part, else not used."
)

DigestAlgorithm = Literal["sha256", "md5", "crc32", "crc32c", "crc64nvme"]


class Request(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True): ...


class Answer(Struct, frozen=True): ...


class StartBody(Request, frozen=True, kw_only=True):
    """`POST /v1/uploads`: one file that wants in."""

    filename: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=255,
            description="Shown and stored as data; never a path. No control characters.",
        ),
    ]
    size: Annotated[Size | None, Meta(description="Bytes; null for a stream whose length is not known yet.")]
    content_type: Annotated[str, Meta(max_length=255)] | None = None
    content_encoding: Literal["gzip"] | None = None
    policy: Name = "default"
    metadata: Annotated[
        dict[Annotated[str, Meta(min_length=1, max_length=64)], Annotated[str, Meta(max_length=1024)]],
        Meta(max_length=32, description="Kept with the upload, not sent to the store. At most 8 KiB in all."),
    ] = {}
    part_size: (
        Annotated[
            int, Meta(ge=1, le=MaxSize, description="Bytes a part, instead of the default for this size.")
        ]
        | None
    ) = None
    fingerprint: (
        Annotated[
            str,
            Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="Finds a live upload of the same file again."),
        ]
        | None
    ) = None
    sign: Annotated[
        int, Meta(ge=0, le=MAX_PARTS_A_REQUEST, description="How many parts to sign at once.")
    ] = 0
    md5: Annotated[Md5, Meta(description=_OF_ONE_PART)] | None = None
    sha256: Annotated[Sha256, Meta(description=_OF_ONE_PART)] | None = None


class StartItem(StartBody, frozen=True, kw_only=True):
    """One of many to start: what a start of its own would say, the header's key among it."""

    idempotency_key: (
        Annotated[
            str, Meta(min_length=1, max_length=255, description="What the header is to a single start.")
        ]
        | None
    ) = None


class StartManyBody(Request, frozen=True, kw_only=True):
    """`POST /v1/uploads/start`: each stands for itself, as if it had come alone."""

    uploads: Annotated[list[StartItem], Meta(min_length=1, max_length=MAX_UPLOADS_A_REQUEST)]


class PartToSign(Request, frozen=True, kw_only=True):
    part_number: PartNumber
    size: Size | None = None
    md5: Md5 | None = None
    sha256: Sha256 | None = None


class SignBody(Request, frozen=True, kw_only=True):
    """`POST /v1/uploads/{id}/parts/sign`: exactly one of the two lists."""

    part_numbers: Annotated[list[PartNumber], Meta(min_length=1, max_length=MAX_PARTS_A_REQUEST)] | None = (
        None
    )
    parts: Annotated[list[PartToSign], Meta(min_length=1, max_length=MAX_PARTS_A_REQUEST)] | None = None


class ClaimBody(Request, frozen=True, kw_only=True):
    part_number: PartNumber
    etag: Etag | None = None
    size: Size | None = None
    md5: Md5 | None = None
    sha256: Sha256 | None = None


class RecordBody(Request, frozen=True, kw_only=True):
    """`PUT /v1/uploads/{id}/parts`: a batch of claims, repeatable in any order."""

    parts: Annotated[list[ClaimBody], Meta(min_length=1, max_length=MAX_PARTS_A_REQUEST)]


class DigestBody(Request, frozen=True, kw_only=True):
    algorithm: DigestAlgorithm
    value: Annotated[
        str, Meta(min_length=4, max_length=128, pattern=r"^[A-Za-z0-9+/=]+$(?!\n)", description="Base64.")
    ]


class CompleteBody(Request, frozen=True, kw_only=True):
    """`POST /v1/uploads/{id}/complete`. Streams must give `size`; a digest is recorded as claimed, not as verified."""

    size: Size | None = None
    digest: DigestBody | None = None


class CompleteItem(CompleteBody, frozen=True, kw_only=True):
    """One of many to complete."""

    id: str


class CompleteManyBody(Request, frozen=True, kw_only=True):
    """`POST /v1/uploads/complete`: each stands for itself, as if it had come alone."""

    uploads: Annotated[list[CompleteItem], Meta(min_length=1, max_length=MAX_UPLOADS_A_REQUEST)]


class TokenBody(Request, frozen=True, kw_only=True):
    """`POST /v1/tokens`: what a backend grants to its browser user."""

    policy: Name | None = None
    owner: Name | None = None
    max_size: Size | None = None
    expires_in: Annotated[int, Meta(ge=1, le=86_400, description="Seconds, at most a day.")] = 3_600
    upload_id: UUID | None = None


class DigestAnswer(Answer, frozen=True, kw_only=True):
    algorithm: DigestAlgorithm
    value: str
    verified: bool


class PartDigestsAnswer(Answer, frozen=True, kw_only=True):
    """Whether parts are to be bound to digests, and to which: `algorithms` are those the store enforces, best first."""

    rule: Literal["off", "optional", "required"]
    algorithms: list[Literal["sha256", "md5"]]


class UploadAnswer(Answer, frozen=True, kw_only=True):
    id: UUID
    state: Literal["creating", "open", "completing", "completed", "aborting", "aborted", "failed"]
    reason: (
        Literal["client", "admin", "stale", "create_lost", "lost", "conflict", "size", "config", "unresolved"]
        | None
    )
    reason_text: str | None
    policy: str
    tenant: str
    owner: str
    filename: str
    content_type: str
    content_encoding: str | None
    size: int | None
    metadata: dict[str, str]
    bucket: str
    key: str
    method: Literal["multipart", "put"]
    part_size: int
    part_count: int | None
    parts_uploaded: int
    bytes_uploaded: int
    bytes_per_second: int | None
    seconds_left: int | None
    fingerprint: str | None
    etag: str | None
    version_id: str | None
    digest: DigestAnswer | None
    part_digests: PartDigestsAnswer | None = None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    completed_at: datetime | None


class SignedPartAnswer(Answer, frozen=True, kw_only=True):
    """Send exactly `headers` and a body of exactly `size` bytes. Any 403 from the store means: sign again."""

    part_number: int
    offset: int
    size: int
    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    expires_at: datetime


class SignedPartsAnswer(Answer, frozen=True, kw_only=True):
    parts: list[SignedPartAnswer]


class StartAnswer(Answer, frozen=True, kw_only=True):
    upload: UploadAnswer
    parts: list[SignedPartAnswer]


class UploadsAnswer(Answer, frozen=True, kw_only=True):
    uploads: list[UploadAnswer]
    next: str | None


class RelayedPartAnswer(Answer, frozen=True, kw_only=True):
    """What the store took, and what is now recorded."""

    part_number: int
    etag: str | None
    size: int | None


class PartDigest(Answer, frozen=True, kw_only=True):
    """The digests a client bound or reported for a part, base64."""

    md5: str | None
    sha256: str | None


class PartAnswer(Answer, frozen=True, kw_only=True):
    part_number: int
    size: int
    etag: str | None
    digest: PartDigest | None
    recorded_at: datetime


class PartsAnswer(Answer, frozen=True, kw_only=True):
    parts: list[PartAnswer]
    next: str | None


class DownloadAnswer(Answer, frozen=True, kw_only=True):
    url: str
    expires_at: datetime


class TokenAnswer(Answer, frozen=True, kw_only=True):
    token: str
    expires_at: datetime
    owner: str


class HealthAnswer(Answer, frozen=True, kw_only=True):
    status: Literal["ok", "failing"]
    checks: dict[str, Literal["ok", "failing"]] = {}
    warnings: list[str] = []
    """What works, and will not for long."""


class FieldProblem(Answer, frozen=True, kw_only=True):
    path: str
    message: str


class ProblemAnswer(Answer, frozen=True, kw_only=True):
    """RFC 9457. Some problems carry further members, named with their code in the documentation."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] = []


class Result(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """What one of many would have been answered alone: `answer` where `status` is below 300, else `problem`."""

    status: int
    problem: ProblemAnswer | None = None
    retry_after: Annotated[int, Meta(description="Seconds, as the header says them.")] | None = None


class StartResult(Result, frozen=True, kw_only=True, omit_defaults=True):
    answer: StartAnswer | None = None
    replayed: Annotated[bool, Meta(description="As the header Idempotency-Replayed says it.")] = False


class StartManyAnswer(Answer, frozen=True, kw_only=True):
    """In the order of the request."""

    results: list[StartResult]


class CompleteResult(Result, frozen=True, kw_only=True, omit_defaults=True):
    answer: UploadAnswer | None = None


class CompleteManyAnswer(Answer, frozen=True, kw_only=True):
    """In the order of the request."""

    results: list[CompleteResult]
