"""Every error this project raises on purpose, in one tree.

    CoordinatorError
      ConfigurationError            a setting is wrong; start-up stops, exit code 2
      RequestError                  the caller can mend it; becomes a problem document (RFC 9457)
        MalformedRequest            400 malformed_request
        Unauthenticated             401 unauthenticated
        TokenExpired                401 token_expired
        Forbidden                   403 forbidden
        HostNotAllowed              403 host_not_allowed
        OriginNotAllowed            403 origin_not_allowed
        RelayOff                    403 relay_off
        NotFound                    404 not_found
        MethodNotAllowed            405 method_not_allowed
        TooSlow                     408 too_slow
        UploadNotOpen               409 upload_not_open
        AlreadyCompleted            409 already_completed
        Completing                  409 completing
        NotCompleted                409 not_completed
        PartChanged                 409 part_changed
        StreamEnded                 409 stream_ended
        IdempotencyInProgress       409 idempotency_in_progress
        UploadGone                  410 upload_gone
        LengthRequired              411 length_required
        BodyTooLarge                413 body_too_large
        QuotaExceeded               413 quota_exceeded
        UnsupportedMediaType        415 unsupported_media_type
        ValidationFailed            422 validation_failed
        SizeNotAllowed              422 size_not_allowed
        EncodingNotAllowed          422 encoding_not_allowed
        UnknownPolicy               422 unknown_policy
        PartOutsidePlan             422 part_outside_plan
        PartsMissing                422 parts_missing
        PartsMismatch               422 parts_mismatch
        DigestMismatch              422 digest_mismatch
        DigestRequired              422 digest_required
        PartRefused                 422 part_refused
        IdempotencyKeyReuse         422 idempotency_key_reuse
      InternalError                 500 internal
      StorageMisconfigured          502 storage_misconfigured
      Unavailable                   503 unavailable
        StorageUnavailable          503 storage_unavailable
          BucketElsewhere           503 bucket_elsewhere
        DatabaseUnavailable         503 database_unavailable
        RelayBusy                   503 relay_busy

`code` is stable and documented; clients decide by it and never by the text. `detail` says what was wrong,
what is allowed and what to do, and never holds a URL, a key of the store, a secret or a query.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple, Self

__all__ = [
    "AlreadyCompleted",
    "BodyTooLarge",
    "BucketElsewhere",
    "Completing",
    "ConfigurationError",
    "CoordinatorError",
    "DatabaseUnavailable",
    "DigestMismatch",
    "DigestRequired",
    "EncodingNotAllowed",
    "FieldError",
    "Forbidden",
    "HostNotAllowed",
    "IdempotencyInProgress",
    "IdempotencyKeyReuse",
    "InternalError",
    "LengthRequired",
    "MalformedRequest",
    "MethodNotAllowed",
    "NotCompleted",
    "NotFound",
    "OriginNotAllowed",
    "PartChanged",
    "PartOutsidePlan",
    "PartRefused",
    "PartsMismatch",
    "PartsMissing",
    "Problem",
    "QuotaExceeded",
    "RelayBusy",
    "RelayOff",
    "RequestError",
    "SizeNotAllowed",
    "StorageMisconfigured",
    "StorageUnavailable",
    "StreamEnded",
    "TokenExpired",
    "TooSlow",
    "Unauthenticated",
    "Unavailable",
    "UnknownPolicy",
    "UnsupportedMediaType",
    "UploadGone",
    "UploadNotOpen",
    "ValidationFailed",
]


class FieldError(NamedTuple):
    """One refused member: `path` as in `$.parts[0].part_number`, and what is allowed there."""

    path: str
    message: str


class CoordinatorError(Exception):
    """The root; never raised itself."""


class ConfigurationError(CoordinatorError):
    """A setting is wrong. `setting` names it as the operator wrote it."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"{setting}: {problem}")
        self.setting = setting
        self.problem = problem


class Problem(CoordinatorError):
    """An error with an answer: a stable code, an HTTP status, a title, and a detail for this occurrence."""

    code: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[str]

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        members: Mapping[str, object] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.members = dict(members or {})
        self.retry_after = retry_after


class RequestError(Problem):
    """The caller can mend it."""


class MalformedRequest(RequestError):
    code, status, title = "malformed_request", 400, "The request cannot be read"


class Unauthenticated(RequestError):
    code, status, title = "unauthenticated", 401, "Credentials are missing or wrong"


class TokenExpired(RequestError):
    code, status, title = "token_expired", 401, "The upload token has expired"


class Forbidden(RequestError):
    code, status, title = "forbidden", 403, "These credentials may not do this"


class HostNotAllowed(RequestError):
    code, status, title = "host_not_allowed", 403, "The Host header is not one of ours"


class OriginNotAllowed(RequestError):
    code, status, title = "origin_not_allowed", 403, "The page's origin is not allowed"


class RelayOff(RequestError):
    code, status, title = "relay_off", 403, "Parts do not go through this server"


class NotFound(RequestError):
    code, status, title = "not_found", 404, "There is nothing here"


class MethodNotAllowed(RequestError):
    code, status, title = "method_not_allowed", 405, "This method is not offered here"


class TooSlow(RequestError):
    code, status, title = "too_slow", 408, "The body came in too slowly"


class UploadNotOpen(RequestError):
    code, status, title = "upload_not_open", 409, "The upload is not open"


class AlreadyCompleted(RequestError):
    code, status, title = "already_completed", 409, "The upload is already completed"


class Completing(RequestError):
    code, status, title = "completing", 409, "The upload is being completed"


class NotCompleted(RequestError):
    code, status, title = "not_completed", 409, "The upload is not completed yet"


class PartChanged(RequestError):
    code, status, title = "part_changed", 409, "A part differs from what was recorded"


class StreamEnded(RequestError):
    code, status, title = "stream_ended", 409, "The stream has ended before this part"


class IdempotencyInProgress(RequestError):
    code, status, title = "idempotency_in_progress", 409, "The first request is still running"


class UploadGone(RequestError):
    code, status, title = "upload_gone", 410, "The upload has ended without an object"


class LengthRequired(RequestError):
    code, status, title = "length_required", 411, "The part's length must be announced"


class BodyTooLarge(RequestError):
    code, status, title = "body_too_large", 413, "The request body is too large"


class QuotaExceeded(RequestError):
    """Members: `limit`, `used`, `reserved`; in bytes, or in uploads under way where these are limited."""

    code, status, title = "quota_exceeded", 413, "The quota does not allow this upload"


class UnsupportedMediaType(RequestError):
    code, status, title = "unsupported_media_type", 415, "The body must be JSON"


class ValidationFailed(RequestError):
    code, status, title = "validation_failed", 422, "Some members are not allowed as given"

    @classmethod
    def of(cls, *errors: FieldError) -> Self:
        """The detail says in words what `errors` say by path."""
        named = (f"{error.path.removeprefix('$.')}: {error.message}" for error in errors)
        return cls("; ".join(named) + ".", errors=errors)


class SizeNotAllowed(RequestError):
    code, status, title = "size_not_allowed", 422, "No plan fits this size"


class EncodingNotAllowed(RequestError):
    code, status, title = "encoding_not_allowed", 422, "The policy does not allow this encoding"


class UnknownPolicy(RequestError):
    code, status, title = "unknown_policy", 422, "There is no such policy"


class PartOutsidePlan(RequestError):
    code, status, title = "part_outside_plan", 422, "A part lies outside the plan"


class PartsMissing(RequestError):
    code, status, title = "parts_missing", 422, "Some parts are not at the store yet"


class PartsMismatch(RequestError):
    code, status, title = "parts_mismatch", 422, "Some parts at the store differ from what was reported"


class DigestMismatch(RequestError):
    code, status, title = "digest_mismatch", 422, "The bytes are not those of the digest"


class DigestRequired(RequestError):
    code, status, title = "digest_required", 422, "The policy wants a digest of every part"


class PartRefused(RequestError):
    code, status, title = "part_refused", 422, "The store refuses this part"


class IdempotencyKeyReuse(RequestError):
    code, status, title = "idempotency_key_reuse", 422, "This Idempotency-Key was used for another request"


class InternalError(Problem):
    code, status, title = "internal", 500, "Something went wrong on our side"


class StorageMisconfigured(Problem):
    code, status, title = (
        "storage_misconfigured",
        502,
        "The store refuses the service's own credentials or bucket",
    )


class Unavailable(Problem):
    code, status, title = "unavailable", 503, "The service cannot answer right now"


class StorageUnavailable(Unavailable):
    code, status, title = "storage_unavailable", 503, "The store does not answer right now"


class BucketElsewhere(StorageUnavailable):
    """Also right after a change of `store.bucket`, while processes of both settings run: another one may answer."""

    code, status, title = "bucket_elsewhere", 503, "The upload lives in another bucket"


class DatabaseUnavailable(Unavailable):
    code, status, title = "database_unavailable", 503, "The database does not answer right now"


class RelayBusy(Unavailable):
    code, status, title = "relay_busy", 503, "Too many parts are passing through this server"
