"""Asks the coordinator to complete, and asks again for as long as it says that the outcome is on its way.

Repeating is safe: once completed, the answer is always the same.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from coordinator.client.api import Coordinator
from coordinator.client.errors import ServerRefused
from coordinator.protocol import CompleteBody, UploadAnswer

__all__ = ["complete", "settled"]

_POLL: Final = 2.0


async def complete(
    coordinator: Coordinator, upload: UploadAnswer, body: CompleteBody
) -> UploadAnswer | Sequence[int]:
    """The upload as it ended, or the numbers of the parts to send again."""
    upload_id, quick = str(upload.id), upload.method == "put"
    while True:
        try:
            upload, wait = await coordinator.complete(upload_id, body, quick=quick)
        except ServerRefused as refused:
            if refused.code in {"parts_missing", "parts_mismatch"} and refused.part_numbers:
                return refused.part_numbers
            raise
        if upload.state not in {"completing", "open"}:
            return upload
        await asyncio.sleep(wait or _POLL)


async def settled(coordinator: Coordinator, upload: UploadAnswer) -> UploadAnswer:
    """The upload once nobody is completing it any more."""
    while upload.state == "completing":
        await asyncio.sleep(_POLL)
        upload = await coordinator.get(str(upload.id))
    return upload
