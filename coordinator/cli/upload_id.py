"""An upload's id, as it is typed."""

from uuid import UUID

from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure

__all__ = ["read_upload_id"]


def read_upload_id(text: str) -> str:
    """Raises Failure for what can be none."""
    try:
        return str(UUID(text.strip()))
    except ValueError:
        raise Failure(
            ExitCode.WRONG_USE, f"{text} is not an upload's id", "`coordinator ls` shows ids"
        ) from None
