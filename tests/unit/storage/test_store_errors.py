"""Every answer a store may give, and what it is taken for."""

from typing import get_args

import pytest

from coordinator.storage.errors import Operation, kind_of, store_error
from coordinator.uploads.store import (
    StoreError,
    StoreMisconfigured,
    StoreOutcomeUnknown,
    StoreRefused,
    StoreUploadGone,
)

OPERATIONS: tuple[Operation, ...] = get_args(Operation)
UNDER_UPLOAD_ID: tuple[Operation, ...] = (
    "list_parts",
    "upload_part",
    "complete_multipart_upload",
    "abort_multipart_upload",
)
OTHERS: tuple[Operation, ...] = tuple(each for each in OPERATIONS if each not in UNDER_UPLOAD_ID)
COMPLETE: Operation = "complete_multipart_upload"

EVERYWHERE: list[tuple[int, str, type[StoreError]]] = [
    (200, "", StoreOutcomeUnknown),
    (204, "", StoreOutcomeUnknown),
    (301, "", StoreMisconfigured),
    (301, "PermanentRedirect", StoreMisconfigured),
    (302, "", StoreOutcomeUnknown),
    (307, "TemporaryRedirect", StoreOutcomeUnknown),
    (308, "", StoreMisconfigured),
    (400, "AuthorizationHeaderMalformed", StoreMisconfigured),
    (400, "BadDigest", StoreRefused),
    (400, "EntityTooLarge", StoreRefused),
    (400, "EntityTooSmall", StoreRefused),
    (400, "ExpiredToken", StoreMisconfigured),
    (400, "IllegalLocationConstraintException", StoreMisconfigured),
    (400, "IncompleteBody", StoreOutcomeUnknown),
    (400, "InvalidArgument", StoreRefused),
    (400, "InvalidBucketName", StoreMisconfigured),
    (400, "InvalidPart", StoreRefused),
    (400, "InvalidPartOrder", StoreRefused),
    (400, "InvalidRequest", StoreRefused),
    (400, "InvalidToken", StoreMisconfigured),
    (400, "KeyTooLongError", StoreRefused),
    (400, "MalformedXML", StoreRefused),
    (400, "MetadataTooLarge", StoreRefused),
    (400, "RequestTimeout", StoreOutcomeUnknown),
    (400, "ThrottlingException", StoreOutcomeUnknown),
    (400, "TokenRefreshRequired", StoreMisconfigured),
    (401, "", StoreMisconfigured),
    (401, "AccessDenied", StoreMisconfigured),
    (403, "", StoreMisconfigured),
    (403, "AccessDenied", StoreMisconfigured),
    (403, "AllAccessDisabled", StoreMisconfigured),
    (403, "InvalidAccessKeyId", StoreMisconfigured),
    (403, "RequestTimeTooSkewed", StoreMisconfigured),
    (403, "SignatureDoesNotMatch", StoreMisconfigured),
    (404, "", StoreOutcomeUnknown),
    (404, "NoSuchBucket", StoreMisconfigured),
    (405, "MethodNotAllowed", StoreRefused),
    (408, "", StoreOutcomeUnknown),
    (411, "MissingContentLength", StoreRefused),
    (413, "", StoreOutcomeUnknown),
    (425, "", StoreOutcomeUnknown),
    (429, "", StoreOutcomeUnknown),
    (429, "TooManyRequests", StoreOutcomeUnknown),
    (500, "", StoreOutcomeUnknown),
    (500, "InternalError", StoreOutcomeUnknown),
    (500, "NoSuchUpload", StoreOutcomeUnknown),
    (500, "AccessDenied", StoreOutcomeUnknown),
    (501, "", StoreOutcomeUnknown),
    (501, "NotImplemented", StoreRefused),
    (502, "", StoreOutcomeUnknown),
    (503, "ServiceUnavailable", StoreOutcomeUnknown),
    (503, "SlowDown", StoreOutcomeUnknown),
    (504, "", StoreOutcomeUnknown),
]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("status", "code", "kind"), EVERYWHERE)
def test_it_means_the_same_everywhere(
    operation: Operation, status: int, code: str, kind: type[StoreError]
) -> None:
    assert kind_of(operation, status, code) is kind


@pytest.mark.parametrize("code", ["NoSuchUpload", "NoSuchKey", "SomethingElse"])
def test_a_404_means_gone_only_under_an_upload_id(code: str) -> None:
    assert {kind_of(operation, 404, code) for operation in UNDER_UPLOAD_ID} == {StoreUploadGone}
    assert {kind_of(operation, 404, code) for operation in OTHERS} == {StoreMisconfigured}


@pytest.mark.parametrize(
    ("status", "code"),
    [(409, "ConditionalRequestConflict"), (409, "OperationAborted"), (412, "PreconditionFailed")],
)
def test_a_collision_leaves_only_complete_in_doubt(status: int, code: str) -> None:
    assert kind_of(COMPLETE, status, code) is StoreOutcomeUnknown
    assert {kind_of(operation, status, code) for operation in OPERATIONS if operation != COMPLETE} == {
        StoreRefused
    }


def test_a_400_without_a_code_is_final_only_for_head_which_has_no_body() -> None:
    assert kind_of("head_object", 400, "") is StoreMisconfigured
    assert {kind_of(operation, 400, "") for operation in OPERATIONS if operation != "head_object"} == {
        StoreOutcomeUnknown
    }


def test_every_status_has_a_kind_and_none_of_them_is_gone_without_a_404() -> None:
    for operation in OPERATIONS:
        for status in range(100, 600):
            for code in ("", "NoSuchUpload", "NoSuchKey", "Unheard"):
                gone = kind_of(operation, status, code) is StoreUploadGone
                assert gone == (status == 404 and code != "" and operation in UNDER_UPLOAD_ID)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "InvalidAccessKeyId", "store.access_key_id"),
        (403, "SignatureDoesNotMatch", "store.secret_access_key"),
        (403, "AccessDenied", "store.access_key_id"),
        (403, "RequestTimeTooSkewed", "clock"),
        (403, "", "store.access_key_id"),
        (404, "NoSuchBucket", "store.bucket"),
        (301, "PermanentRedirect", "store.region"),
        (400, "AuthorizationHeaderMalformed", "store.region"),
        (400, "ExpiredToken", "store.session_token"),
        (404, "", "store.endpoint_url"),
        (503, "SlowDown", "status 503"),
    ],
)
def test_the_message_says_what_to_look_at(status: int, code: str, said: str) -> None:
    error = store_error("check", status, code)
    assert str(error).startswith(f"check: {code or status} (")
    assert said in str(error)


@pytest.mark.parametrize("code", ["404", "http://store/bucket/key?X-Amz-Signature=1", "a b", "<x>", "C" * 65])
def test_what_is_no_code_is_neither_believed_nor_repeated(code: str) -> None:
    error = store_error("list_parts", 404, code)
    assert type(error) is StoreOutcomeUnknown
    assert error.code == "404"
    assert code == "404" or code not in str(error)
