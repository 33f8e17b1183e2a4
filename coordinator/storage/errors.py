"""What a store's refusal means: from (operation, HTTP status, S3 code) to a kind of StoreError.

A pure table, because everything that keeps an upload safe hangs on it. In doubt the outcome is unknown: whoever called
then finds out by reading, while a wrong "gone" or "refused" would give up an upload that lives.

Source: Amazon S3 API Reference, "Error responses"; deviations of other stores as probed (a gone upload is NoSuchKey on
Ceph, credentials are refused with 401 by Swift, a Complete that overlaps another ends in 409 or 500).
"""

import re
from http import HTTPStatus
from typing import Final, Literal

from coordinator.uploads.store import (
    StoreError,
    StoreMisconfigured,
    StoreOutcomeUnknown,
    StoreRefused,
    StoreUploadGone,
)

__all__ = ["Operation", "kind_of", "store_error"]

Operation = Literal[
    "create_multipart_upload",
    "list_multipart_uploads",
    "list_objects",
    "list_parts",
    "upload_part",
    "put_object",
    "complete_multipart_upload",
    "abort_multipart_upload",
    "head_object",
    "delete_object",
    "probe_lone_put",
    "probe_sha256",
    "check",
]

_UNDER_UPLOAD_ID: Final = frozenset(
    {"list_parts", "upload_part", "complete_multipart_upload", "abort_multipart_upload"}
)

_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9.]{1,63}")

_PASSING: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "ClientDisconnected",
        "IncompleteBody",
        "InternalError",
        "RequestThrottled",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "TemporaryRedirect",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
    }
)

_FAILED: Final = frozenset({"InternalError", "ServiceUnavailable", "SlowDown"})
"""The store itself says that it failed, and S3 asks to repeat: this attempt is over. A gateway's word proves nothing."""

_REGION: Final = "store.region is not the region of store.bucket"
_CREDENTIALS: Final = "store.session_token is wrong or has expired"

_OPERATOR_ACTS: Final = {
    "AccessDenied": "store.access_key_id may not do this in store.bucket",
    "AuthorizationHeaderMalformed": _REGION,
    "ExpiredToken": _CREDENTIALS,
    "IllegalLocationConstraintException": _REGION,
    "InvalidAccessKeyId": "store.access_key_id is not known to the store",
    "InvalidBucketName": "store.bucket is not a name the store allows",
    "InvalidToken": _CREDENTIALS,
    "NoSuchBucket": "store.bucket does not exist at store.endpoint_url",
    "PermanentRedirect": f"{_REGION}, or store.endpoint_url is another region's",
    "RequestTimeTooSkewed": "the clock of this machine and that of the store differ by more than 15 minutes",
    "SignatureDoesNotMatch": "store.secret_access_key does not belong to store.access_key_id",
    "TokenRefreshRequired": _CREDENTIALS,
}
"""Nothing will work until an operator acts, whatever the status below 500; and what to look at."""

_REFUSED_WITHOUT_CODE: Final = (
    "the store refuses store.access_key_id, its secret, store.region or store.bucket"
)
_NOT_S3: Final = "the answer is not an S3 store's: is it store.endpoint_url that answers?"


def kind_of(operation: Operation, status: int, code: str) -> type[StoreError]:
    """The kind of error for an answer that is not a success. `code` is empty where the answer had none."""
    if status == HTTPStatus.NOT_IMPLEMENTED and code == "NotImplemented":
        return StoreRefused
    if status >= 500 or status in {408, 425, 429} or code in _PASSING:
        return StoreOutcomeUnknown
    if status in {301, 308, 401, 403} or code in _OPERATOR_ACTS:
        return StoreMisconfigured
    if status < 400 or not code:
        return _unsaid(operation, status)
    return _said(operation, status)


def store_error(operation: Operation, status: int, code: str) -> StoreError:
    """The error to raise. A `code` that does not look like one of S3's counts as none and is not repeated.

    Some answers hold no code at all, those of HEAD above all; botocore then gives the status for a code.
    """
    known = code if _CODE.fullmatch(code) else ""
    kind = kind_of(operation, status, known)
    error = kind(operation, known or str(status), _detail(kind, status, known))
    if isinstance(error, StoreOutcomeUnknown):
        error.answered = known in _FAILED
    return error


def _unsaid(operation: Operation, status: int) -> type[StoreError]:
    """Refusals of HEAD have no body; elsewhere it was not the store that answered, but something before it."""
    if operation == "head_object" and status == HTTPStatus.BAD_REQUEST:
        return StoreMisconfigured
    return StoreOutcomeUnknown


def _said(operation: Operation, status: int) -> type[StoreError]:
    if status == HTTPStatus.NOT_FOUND:
        return StoreUploadGone if operation in _UNDER_UPLOAD_ID else StoreMisconfigured
    if operation == "complete_multipart_upload" and status in {409, 412}:
        # another Complete of ours may be what it collides with
        return StoreOutcomeUnknown
    return StoreRefused


def _detail(kind: type[StoreError], status: int, code: str) -> str:
    if code in _OPERATOR_ACTS and kind is StoreMisconfigured:
        return _OPERATOR_ACTS[code]
    if not code and kind is StoreMisconfigured:
        return _REFUSED_WITHOUT_CODE
    if not code and status < 500:
        return _NOT_S3
    return f"status {status}"
