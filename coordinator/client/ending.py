"""What to do when an upload turns out to be over while it was being sent.

Lost or stale at the store: start anew. Completed elsewhere (another process): done. Cancelled by someone: stay cancelled,
and say so.
"""

from typing import Final

from coordinator.client.api import Coordinator
from coordinator.client.errors import OtherFile, ServerRefused, UploadEnded
from coordinator.protocol import UploadAnswer

__all__ = ["abort_if_there", "check_open", "completed_already", "ended", "says_over", "what_became"]

_OVER: Final = {"not_found", "upload_gone", "upload_not_open", "already_completed", "completing"}
_LIVE: Final = {"open", "completing"}
_ACCIDENTS: Final = {"stale", "lost", "create_lost"}


def says_over(error: Exception) -> bool:
    """Whether the error says that the upload is not open."""
    return isinstance(error, UploadEnded) or (isinstance(error, ServerRefused) and error.code in _OVER)


async def check_open(coordinator: Coordinator, upload_id: str) -> None:
    """The store said that it knows no such upload. The coordinator looks; raises UploadEnded if it is true."""
    await coordinator.parts(upload_id, refresh=True)
    if (await coordinator.get(upload_id)).state != "open":
        raise ended()


async def what_became(coordinator: Coordinator, upload_id: str) -> UploadAnswer | None:
    """The upload as it is now; None: lost by accident, the file may be sent anew. Raises UploadEnded."""
    try:
        upload = await coordinator.get(upload_id)
    except ServerRefused as refused:
        if says_over(refused):
            return None
        raise
    if upload.state in _LIVE or upload.state == "completed":
        return upload
    if upload.reason in _ACCIDENTS:
        return None
    raise ended()


async def abort_if_there(coordinator: Coordinator, upload_id: str) -> None:
    """An upload that may be gone already, or completed."""
    try:
        await coordinator.abort(upload_id)
    except ServerRefused as refused:
        if refused.status not in {404, 410} and refused.code != "already_completed":
            raise


def completed_already(filename: str) -> OtherFile:
    return OtherFile(
        f"That upload is completed already, and nothing proves that it holds what was given now ({filename}). Send it as an "
        "upload of its own."
    )


def ended() -> UploadEnded:
    return UploadEnded(
        "This upload was ended elsewhere: cancelled by someone, or by an administrator. Send the file again to start anew."
    )
