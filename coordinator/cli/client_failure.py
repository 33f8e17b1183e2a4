"""The client's errors as a person at a terminal reads them: which exit code, and what to do."""

from typing import Final

from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure
from coordinator.client import (
    ClientError,
    FileChanged,
    FileError,
    Forbidden,
    NoRoom,
    OtherFile,
    ServerFailing,
    ServerRefused,
    ServerUnreachable,
    StoreRefused,
    StoreUnreachable,
    StreamTooLong,
    Unauthorized,
    UploadEnded,
    WrongAddress,
    WrongServer,
    WrongUse,
)

__all__ = ["failure_of_client"]

_CODES: Final[tuple[tuple[type[ClientError], ExitCode], ...]] = (
    (FileChanged, ExitCode.CHANGED),
    (OtherFile, ExitCode.CHANGED),
    (NoRoom, ExitCode.NO_SPACE),
    (StreamTooLong, ExitCode.WRONG_USE),
    (FileError, ExitCode.NO_FILE),
    (Unauthorized, ExitCode.NOT_ALLOWED),
    (Forbidden, ExitCode.NOT_ALLOWED),
    (ServerFailing, ExitCode.FAILED),
    (ServerRefused, ExitCode.REFUSED),
    (ServerUnreachable, ExitCode.UNREACHABLE),
    (WrongServer, ExitCode.UNREACHABLE),
    (StoreUnreachable, ExitCode.UNREACHABLE),
    (WrongAddress, ExitCode.WRONG_USE),
    (WrongUse, ExitCode.WRONG_USE),
    (StoreRefused, ExitCode.FAILED),
    (UploadEnded, ExitCode.REFUSED),
)
"""The first that fits; the narrow ones stand before the wide ones."""

_AGAIN: Final = "run the same command again"

_REMEDIES: Final = {
    "not_found": "`coordinator ls` shows yours",
    "file_missing": "check its name",
    "file_unreadable": "check its name and its permissions",
    "part_changed": "send it anew with --restart",
    "store_unreachable": _AGAIN,
    "part_failed": _AGAIN,
}
"""By the server's code, where a person at this command line can do more than the server knows."""


def failure_of_client(error: ClientError) -> Failure:
    code = next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.FAILED)
    return Failure(code, _as_said_here(str(error)), _REMEDIES.get(error.code), reason=error.code)


def _as_said_here(text: str) -> str:
    said = text.rstrip().removesuffix(".").replace("(part_size)", "(--part-size)")
    return said.replace("(restart)", "(`coordinator upload --restart`)")
