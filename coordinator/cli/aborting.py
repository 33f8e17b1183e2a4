"""`coordinator abort ID...`: end uploads and have the store forget their parts. What is completed stays."""

import sys
from collections.abc import Sequence

import msgspec

from coordinator.api.strangers_text import REASON_LENGTH
from coordinator.cli.arguments import check_text
from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.connecting import connected, where_uploads_are
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.interruption import run_heeding
from coordinator.cli.reporting import failure_of
from coordinator.cli.upload_id import read_upload_id
from coordinator.client import ServerRefused, Unauthorized

__all__ = ["run_abort"]


def run_abort(
    settings: ClientSettings, upload_ids: Sequence[str], reason: str | None, *, as_json: bool
) -> None:
    """Goes on after an upload that was refused. Raises Failure, what the client raises, and SystemExit."""
    check_text("--reason", reason, REASON_LENGTH)
    code = run_heeding(_abort(settings, [*map(read_upload_id, upload_ids)], reason, as_json=as_json))
    if code is not ExitCode.DONE:
        sys.exit(code)


async def _abort(
    settings: ClientSettings, upload_ids: Sequence[str], reason: str | None, *, as_json: bool
) -> ExitCode:
    code = ExitCode.DONE
    async with connected(settings) as client:
        for upload_id in upload_ids:
            try:
                async with where_uploads_are(client):
                    upload = await client.abort(upload_id, reason=reason)
            except Unauthorized:
                raise
            except ServerRefused as refused:
                failure = failure_of(refused)
                print(f"coordinator: {upload_id}: {failure}", file=sys.stderr)
                code = failure.code
                continue
            print(msgspec.json.encode(upload).decode() if as_json else f"{upload.id} is {upload.state}")
    return code
