"""The current directory, which may have been deleted under a shell that still stands in it."""

import os

from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure

__all__ = ["check_here", "here_is_gone"]


def here_is_gone() -> Failure | None:
    """None where it is still there."""
    try:
        os.getcwd()  # noqa: PTH109 - nothing is done with it
    except FileNotFoundError:
        return Failure(ExitCode.NO_FILE, "the current directory is gone", "change to another one")
    return None


def check_here(*paths: str) -> None:
    """Raises Failure where one of them begins in a directory that is gone."""
    gone = here_is_gone()
    if gone is not None and not all(map(os.path.isabs, paths)):
        raise gone
