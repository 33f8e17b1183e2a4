"""`coordinator fail`: give up a row that waits on a store which will never answer. The ledger alone is touched."""

import sys
from uuid import UUID

from coordinator.api.strangers_text import REASON_LENGTH
from coordinator.audit.giving_up import give_up, stuck
from coordinator.cli.arguments import check_text
from coordinator.cli.interruption import run_heeding
from coordinator.cli.question import agreed
from coordinator.database.uploads import Uploads
from coordinator.errors import ConfigurationError
from coordinator.opening import open_database
from coordinator.settings import Settings, load_settings
from coordinator.uploads.model import Upload, UploadId

__all__ = ["run_fail"]

_WARNING = """\
upload {id} of {tenant}/{owner}
  {filename}, {state} since {since:%Y-%m-%d %H:%M} UTC, {attempts} drives without an outcome

It becomes failed (unresolved), for ever. Nothing is asked of the store and nothing is done there:
  * an object may be there, or may still come to be, that nobody will ever call completed;
  * parts may stay, and cost, until a lifecycle rule of the bucket ends them.
If the store will answer again, do not do this: the upload then ends by itself.
"""

_LATE_WARNING = """\
upload {id} of {tenant}/{owner}
  {filename}, {state} since {since:%Y-%m-%d %H:%M} UTC, {attempts} late checks without an outcome

It stays {state}, and is not checked any more. Nothing is asked of the store and nothing is done there:
  * parts that landed late may stay, and cost, until a lifecycle rule of the bucket ends them.
If the store will answer again, do not do this: the upload is then checked by itself.
"""


def run_fail(upload_id: str, text: str | None, *, yes: bool) -> None:
    """Raises ConfigurationError, Failure, Interrupted, and SystemExit with 1 when the answer was no."""
    if not yes and not (sys.stdin and sys.stdin.isatty()):
        raise ConfigurationError(
            "--yes", "there is no terminal to ask at; give --yes to do it without asking"
        )
    wanted = _parsed(upload_id)
    check_text("--text", text, REASON_LENGTH)
    moved = run_heeding(_fail(load_settings(), wanted, text, yes=yes))
    if moved is None:
        print("nothing was changed")
        sys.exit(1)
    print(f"{moved.id} is {moved.state} ({moved.reason})")


async def _fail(settings: Settings, upload_id: UploadId, text: str | None, *, yes: bool) -> Upload | None:
    async with open_database(settings) as engine:
        repository = Uploads(engine)
        row = await stuck(repository, upload_id)
        print(
            (_LATE_WARNING if row.terminal else _WARNING).format(
                id=row.id,
                tenant=row.tenant,
                owner=row.owner,
                filename=row.filename,
                state=row.state,
                since=row.updated_at,
                attempts=row.attempts,
            )
        )
        if not yes and not agreed("give it up?"):
            return None
        return await give_up(repository, row, text)


def _parsed(upload_id: str) -> UploadId:
    try:
        return UploadId(UUID(upload_id))
    except ValueError:
        raise ConfigurationError("UPLOAD_ID", "it is not an upload's id") from None
