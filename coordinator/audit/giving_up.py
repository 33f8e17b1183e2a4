"""The admin's way out of a row that waits on a store which will never answer: -> failed, reason unresolved.

It touches nothing at the store and does not need it. What became of the bytes is not known and will not be looked for:
an object may be there, or parts may stay until a lifecycle rule ends them. The row keeps that in its reason.
Source: transition table, `completing, aborting -> failed | admin | unresolved`.

A row that has ended stays as it is: what is given up is its late check, so that it may be forgotten in its time.
"""

from typing import Final

from coordinator.errors import ConfigurationError
from coordinator.uploads.ledger import Changes, UploadRepository
from coordinator.uploads.model import Upload, UploadId
from coordinator.uploads.state import Event, Reason, State

__all__ = ["give_up", "stuck"]

_SETTING: Final = "UPLOAD_ID"

_REFUSED: Final = {
    State.CREATING: "it is being created; the sweep gives it up by itself when the store never hears of it",
    State.OPEN: "it is open: abort it instead, which also ends what the store holds",
    State.COMPLETED: "it is completed, which never changes",
    State.ABORTED: "it is aborted already, and checked late",
    State.FAILED: "it has failed already, and was checked late",
}


async def stuck(repository: UploadRepository, upload_id: UploadId) -> Upload:
    """The row that may be given up. Raises ConfigurationError, in words, when it may not."""
    row = await repository.reread(upload_id)
    if row is None:
        raise ConfigurationError(_SETTING, f"there is no upload {upload_id}")
    due_late = row.state in {State.ABORTED, State.FAILED} and row.wake_at is not None
    if row.state in _REFUSED and not due_late:
        raise ConfigurationError(_SETTING, _REFUSED[row.state])
    if row.leased:
        raise ConfigurationError(
            _SETTING, f"it is {row.state}, and a process is at it right now; try again in a minute"
        )
    return row


async def give_up(repository: UploadRepository, row: Upload, text: str | None) -> Upload:
    """Make the move, or settle a row that has ended; the row then.

    `text` is kept with the reason of the move. Raises ConfigurationError when the row has moved on.
    """
    if row.terminal:
        await repository.settle(row)
        return await repository.reread(row.id) or row
    moved = await repository.move(row, Event.FAILED, Changes(reason=Reason.UNRESOLVED, reason_text=text))
    if moved is None:
        raise ConfigurationError(_SETTING, "it has just moved on; look at it again")
    return moved
