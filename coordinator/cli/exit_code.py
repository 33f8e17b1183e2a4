"""How the command ended, for scripts: the one list of exit codes. docs/cli.md shows it, and a test compares the two."""

from enum import IntEnum
from typing import Self

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    meaning: str

    def __new__(cls, value: int, meaning: str) -> Self:
        made = int.__new__(cls, value)
        made._value_ = value
        made.meaning = meaning
        return made

    DONE = 0, "all that was asked for is done"
    FAILED = 1, "the coordinator or the store failed, or several files failed for different reasons"
    WRONG_USE = 2, "a setting or an argument is wrong"
    NO_FILE = 3, "a file cannot be read: it is missing, a directory, or closed to this user"
    UNREACHABLE = 4, "the coordinator or the store does not answer, or what answers is no coordinator we know"
    NOT_ALLOWED = 5, "the credentials are missing, wrong or expired, or may not do this"
    REFUSED = (
        6,
        "the coordinator refused: no such upload, its state, its size, its type, its compression, a quota",
    )
    CHANGED = 7, "the file changed while it was sent, or is not the one that the upload was started with"
    NO_SPACE = 8, "this machine's disk is full, or standard output cannot be written"
    NOT_VERIFIED = 9, "what the store holds is not what was sent"
    HUNG_UP = 129, "the terminal has gone (SIGHUP); uploads under way can be resumed"
    INTERRUPTED = 130, "Ctrl-C (SIGINT); uploads under way can be resumed"
    CLOSED_OUTPUT = 141, "whoever read the output has gone (SIGPIPE); uploads under way can be resumed"
    TERMINATED = 143, "SIGTERM; uploads under way can be resumed"
