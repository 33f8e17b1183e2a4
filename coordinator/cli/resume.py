"""`coordinator resume [ID] [FILE]`: goes on with one upload, wherever its file lies now; without an ID, says what can be."""

from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.connecting import connected, where_uploads_are
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure, one_line
from coordinator.cli.here import check_here
from coordinator.cli.interruption import run_heeding
from coordinator.cli.listing import shown_progress
from coordinator.cli.setting import DigestChoice
from coordinator.cli.source import STDIN, Source, check_stdin
from coordinator.cli.standard_input import standard_input
from coordinator.cli.transfer import Transfer, command_here, display_for, run_transfer
from coordinator.cli.units import shown_size
from coordinator.cli.upload_id import read_upload_id
from coordinator.client import AsyncClient, OngoingUpload, Upload

__all__ = ["run_resumable", "run_resume"]


def run_resumable(settings: ClientSettings, *, as_json: bool) -> None:
    """What is under way at the coordinator, with the file on this machine where one is remembered."""
    for upload, path in run_heeding(_resumable(settings)):
        if as_json:
            told = {"path": path, "upload": upload}
            print(msgspec.json.encode(told).decode(), flush=True)
        else:
            print(f"{upload.id}  {_how_far(upload)}  {one_line(path or upload.filename)}")
            print(f"  {one_line(_command(settings, upload, path))}", flush=True)


def run_resume(
    settings: ClientSettings, upload_id: str, file: str | None, *, as_json: bool, quiet: bool
) -> None:
    """Raises SystemExit with the code when it was not completed, and Failure."""
    upload_id = read_upload_id(upload_id)
    if urlsplit(settings.address).path:
        # a page's, perhaps; what is said of a missing upload would not tell
        run_heeding(_there(settings, upload_id))
    source = _source(settings, upload_id, file)
    run_transfer(
        Transfer(
            settings=settings,
            found=lambda: iter([source]),
            begin=partial(_begin, settings, upload_id),
            display=display_for(as_json=as_json, quiet=quiet),
        )
    )


async def _resumable(settings: ClientSettings) -> list[tuple[Upload, str | None]]:
    async with connected(settings) as client:
        paths = {record.upload_id: record.path for record in client.remembered()}
        return [
            (upload, paths.get(str(upload.id)))
            async for upload in client.uploads(state="open")
            if not _is_packed(upload)
        ]


def _is_packed(upload: Upload) -> bool:
    """Compressed on the way: the same file, sent again, is other bytes."""
    return upload.content_encoding == "gzip" and upload.size is None


def _how_far(upload: Upload) -> str:
    if upload.size is None:
        return f"{shown_size(upload.bytes_uploaded)} of a stream"
    return f"{shown_progress(upload)} of {shown_size(upload.size)}"


def _command(settings: ClientSettings, upload: Upload, path: str | None) -> str:
    file = [] if path else [STDIN if upload.size is None else "FILE"]
    return command_here(settings, "resume", str(upload.id), *file)


def _source(settings: ClientSettings, upload_id: str, file: str | None) -> Source:
    """Raises Failure when it is not known which file is meant."""
    if file == STDIN:
        check_stdin()
        return Source("standard input", None, upload_id, None)
    path = file or run_heeding(_remembered(settings, upload_id))
    if path is None:
        problem = f"this machine does not remember which file upload {upload_id} is of"
        raise Failure(
            ExitCode.WRONG_USE, problem, f"name it: {command_here(settings, 'resume', upload_id, 'FILE')}"
        )
    check_here(path)
    return Source(path, Path(path), Path(path).name, None)


async def _there(settings: ClientSettings, upload_id: str) -> Upload:
    async with connected(settings) as client, where_uploads_are(client):
        return await client.get(upload_id)


async def _remembered(settings: ClientSettings, upload_id: str) -> str | None:
    async with connected(settings) as client:
        return next((one.path for one in client.remembered() if one.upload_id == upload_id), None)


def _begin(settings: ClientSettings, upload_id: str, client: AsyncClient, source: Source) -> OngoingUpload:
    digest: DigestChoice = settings["digest"]
    return client.resuming(
        upload_id,
        standard_input() if source.path is None else source.path,
        digests=digest,
    )
