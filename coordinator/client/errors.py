"""Every error the client raises on purpose, in one tree.

    ClientError                     `code` is stable; the text is one line that says what to do
      ServerRefused                 the coordinator's problem document: its status, code and members
        Unauthorized                401 unauthenticated, token_expired
        Forbidden                   403
        NotFound                    404 not_found
        Conflict                    409 upload_not_open, already_completed, completing, part_changed, ...
        Gone                        410 upload_gone
        TooLarge                    413 quota_exceeded, body_too_large
        Invalid                     422 validation_failed, size_not_allowed, encoding_not_allowed, ...
        ServerFailing               5xx, after patience
      ServerUnreachable             unreachable: no answer at all, after patience
      WrongServer                   wrong_server: what answers is no coordinator, or one of another version
      WrongAddress                  wrong_address: the given URL is none
      FileError
        FileMissing                 file_missing
        NotAFile                    not_a_file: a folder, a socket
        FileUnreadable              file_unreadable
        FileChanged                 file_changed: no longer what it was when its upload began
        OtherFile                   other_file: not the one the upload belongs to
        NoRoom                      no_room: parts of a stream cannot be kept until they are sent
        StreamTooLong               stream_too_long: of more parts than an upload may have
      WrongUse                      wrong_use: arguments that exclude each other
      StoreRefused                  store_refused: fresh signatures are refused again and again
      StoreUnreachable              store_unreachable
      PartFailed                    part_failed: the store keeps failing on one part
      UploadEnded                   upload_ended: cancelled or lost elsewhere
      UploadCancelled               upload_cancelled: cancelled here

No text, no attribute and no cause of these holds a URL of the store, a token or a digest header.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from coordinator.client.retry import Reason
from coordinator.protocol import FieldProblem

__all__ = [
    "ClientError",
    "Conflict",
    "FileChanged",
    "FileError",
    "FileMissing",
    "FileUnreadable",
    "Forbidden",
    "Gone",
    "Invalid",
    "NoRoom",
    "NotAFile",
    "NotFound",
    "OtherFile",
    "PartFailed",
    "ServerFailing",
    "ServerRefused",
    "ServerUnreachable",
    "StoreRefused",
    "StoreUnreachable",
    "StreamTooLong",
    "TooLarge",
    "Unauthorized",
    "UploadCancelled",
    "UploadEnded",
    "WrongAddress",
    "WrongServer",
    "WrongUse",
    "closed",
    "refusal",
]


class ClientError(Exception):
    """The root; decide by `code`."""

    code: str = "client_error"


class ServerRefused(ClientError):
    """The coordinator answered with a problem document.

    `part_numbers` are those that `parts_missing` and `parts_mismatch` name; `retry_after` is in seconds.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        part_numbers: Sequence[int] = (),
        retry_after: float | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.part_numbers = tuple(part_numbers)
        self.retry_after = retry_after
        self.request_id = request_id


class Unauthorized(ServerRefused): ...


class Forbidden(ServerRefused): ...


class NotFound(ServerRefused): ...


class Conflict(ServerRefused): ...


class Gone(ServerRefused): ...


class TooLarge(ServerRefused): ...


class Invalid(ServerRefused): ...


class ServerFailing(ServerRefused): ...


class ServerUnreachable(ClientError):
    """`reason`: refused, dns, timeout, tls, proxy, lost."""

    code = "unreachable"
    status = 0
    retry_after: float | None = None

    def __init__(self, text: str, reason: Reason) -> None:
        super().__init__(text)
        self.reason = reason


class WrongServer(ClientError):
    code = "wrong_server"


class WrongAddress(ClientError):
    code = "wrong_address"


class FileError(ClientError):
    """Something about what is to be sent."""


class FileMissing(FileError):
    code = "file_missing"


class NotAFile(FileError):
    code = "not_a_file"


class FileUnreadable(FileError):
    code = "file_unreadable"


class FileChanged(FileError):
    code = "file_changed"


class OtherFile(FileError):
    code = "other_file"


class NoRoom(FileError):
    code = "no_room"


class StreamTooLong(FileError):
    code = "stream_too_long"


class WrongUse(ClientError):
    code = "wrong_use"


class StoreRefused(ClientError):
    code = "store_refused"


class StoreUnreachable(ClientError):
    code = "store_unreachable"


class PartFailed(ClientError):
    code = "part_failed"


class UploadEnded(ClientError):
    code = "upload_ended"


class UploadCancelled(ClientError):
    code = "upload_cancelled"


def closed() -> WrongUse:
    return WrongUse("The client is closed. Make a new one.")


_KINDS: Final[Mapping[int, type[ServerRefused]]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: TooLarge,
    422: Invalid,
}


def refusal(status: int) -> type[ServerRefused]:
    """The class of error for an answer of the coordinator."""
    return ServerFailing if status >= 500 else _KINDS.get(status, ServerRefused)
