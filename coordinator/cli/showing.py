"""`coordinator show ID`: everything the coordinator says about one upload, line by line."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.connecting import connected, where_uploads_are
from coordinator.cli.failure import one_line
from coordinator.cli.interruption import run_heeding
from coordinator.cli.listing import shown_progress
from coordinator.cli.units import shown_seconds, shown_size
from coordinator.cli.upload_id import read_upload_id
from coordinator.client import Upload

__all__ = ["run_show"]


def run_show(settings: ClientSettings, upload_id: str, *, as_json: bool) -> None:
    """Raises what the client raises."""
    upload = run_heeding(_upload(settings, read_upload_id(upload_id)))
    if as_json:
        print(msgspec.json.encode(upload).decode())
        return
    lines = list(_lines(upload))
    widest = max(len(name) for name, _ in lines)
    for name, value in lines:
        print(f"{name:{widest}}  {one_line(value)}")


async def _upload(settings: ClientSettings, upload_id: str) -> Upload:
    async with connected(settings) as client, where_uploads_are(client):
        return await client.get(upload_id)


def _lines(upload: Upload) -> Iterator[tuple[str, str]]:
    """What is not known is left out."""
    told: dict[str, Any] = msgspec.structs.asdict(upload)
    told["size"] = None if upload.size is None else f"{shown_size(upload.size)} ({upload.size} bytes)"
    told["bytes_uploaded"] = f"{shown_size(upload.bytes_uploaded)} ({shown_progress(upload)})"
    told["part_size"] = shown_size(upload.part_size)
    told["digest"] = _digest(upload)
    if upload.bytes_per_second is not None:
        told["bytes_per_second"] = f"{shown_size(upload.bytes_per_second)}/s"
    if upload.seconds_left is not None:
        told["seconds_left"] = shown_seconds(upload.seconds_left)
    told["metadata"] = ", ".join(f"{name}={value}" for name, value in upload.metadata.items())
    for name, value in told.items():
        if value not in (None, ""):
            yield name, _text(value)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    # answers may grow: a member that is not known here is shown as the coordinator told it
    return msgspec.json.encode(value).decode() if isinstance(value, msgspec.Struct) else str(value)


def _digest(upload: Upload) -> str | None:
    if upload.digest is None:
        return None
    verified = "verified" if upload.digest.verified else "as the client said"
    return f"{upload.digest.algorithm} {upload.digest.value} ({verified})"
