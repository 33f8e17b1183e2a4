"""How a client's command ends when it fails: as a Failure, whatever was raised; a traceback only for who asks for it."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure
from coordinator.cli.here import here_is_gone
from coordinator.cli.output import OutputFailed, is_full
from coordinator.errors import CoordinatorError

__all__ = ["failure_of", "reporting"]


@contextmanager
def reporting(*, debug: bool) -> Iterator[None]:
    """Raises Failure, or a CoordinatorError that says as much, for every failure inside but OutputFailed."""
    try:
        yield
    except OutputFailed:
        raise
    except Exception as error:
        if debug:
            traceback.print_exc()
        if isinstance(error, CoordinatorError):
            raise
        raise failure_of(error) from error


def failure_of(error: Exception) -> Failure:
    """The exit code and the line for anything that may be raised."""
    from coordinator.client import ClientError

    if isinstance(error, Failure):
        return error
    if isinstance(error, ClientError):
        from coordinator.cli.client_failure import failure_of_client

        return failure_of_client(error)
    if isinstance(error, OSError):
        return here_is_gone() or _refused(error)
    said = str(error) or "no more is known"
    return Failure(
        ExitCode.FAILED,
        f"this should not happen: {type(error).__name__}: {said}",
        "please report it with what --debug prints",
    )


def _refused(error: OSError) -> Failure:
    """By the system: what it has too little of, or does not allow."""
    where = f" at {error.filename}" if error.filename else ""
    if is_full(error):
        return Failure(ExitCode.NO_SPACE, f"there is no space left{where}", "free some and run it again")
    why = error.strerror or str(error) or type(error).__name__
    return Failure(ExitCode.FAILED, f"this system refuses it ({why}){where}", "mend that and run it again")
