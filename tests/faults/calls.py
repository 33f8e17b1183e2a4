"""Which of S3's calls a request is, by its method and query."""

from enum import StrEnum
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit


class Call(StrEnum):
    CREATE = "CreateMultipartUpload"
    PART = "UploadPart"
    PARTS = "ListParts"
    UPLOADS = "ListMultipartUploads"
    COMPLETE = "CompleteMultipartUpload"
    ABORT = "AbortMultipartUpload"
    HEAD = "HeadObject"
    GET = "GetObject"


class Request(NamedTuple):
    call: Call | None
    """None: one that no fault can be planned for."""
    target: str
    """Path and query, decoded: holds the key wherever S3 puts it."""


_UNDER_UPLOAD_ID = {"PUT": Call.PART, "GET": Call.PARTS, "POST": Call.COMPLETE, "DELETE": Call.ABORT}
_OF_UPLOADS = {"POST": Call.CREATE, "GET": Call.UPLOADS}
_OF_OBJECTS = {"HEAD": Call.HEAD, "GET": Call.GET}


def request_of(head: bytes) -> Request:
    method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
    query = parse_qs(urlsplit(target).query, keep_blank_values=True)
    calls = _UNDER_UPLOAD_ID if "uploadId" in query else _OF_UPLOADS if "uploads" in query else _OF_OBJECTS
    return Request(calls.get(method), unquote(target))
