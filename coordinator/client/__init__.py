"""The Python client: files straight into the store, resumable, through a coordinator.

    async with AsyncClient("https://uploads.example.com", token=key) as client:
        upload = await client.upload("film.mp4")

`Client` is the same for programs without asyncio. Importing this pulls in no server package.
"""

from coordinator.client.bandwidth import Bandwidth
from coordinator.client.client import AsyncClient
from coordinator.client.errors import (
    ClientError,
    Conflict,
    FileChanged,
    FileError,
    FileMissing,
    FileUnreadable,
    Forbidden,
    Gone,
    Invalid,
    NoRoom,
    NotAFile,
    NotFound,
    OtherFile,
    PartFailed,
    ServerFailing,
    ServerRefused,
    ServerUnreachable,
    StoreRefused,
    StoreUnreachable,
    StreamTooLong,
    TooLarge,
    Unauthorized,
    UploadCancelled,
    UploadEnded,
    WrongAddress,
    WrongServer,
    WrongUse,
)
from coordinator.client.left_behind import LeftBehind
from coordinator.client.many import Outcome
from coordinator.client.ongoing import OngoingUpload
from coordinator.client.progress import Progress
from coordinator.client.records import Record as Remembered
from coordinator.client.sources import Source
from coordinator.client.sync import Client
from coordinator.protocol import DownloadAnswer as Download
from coordinator.protocol import PartAnswer as Part
from coordinator.protocol import UploadAnswer as Upload

__all__ = [
    "AsyncClient",
    "Bandwidth",
    "Client",
    "ClientError",
    "Conflict",
    "Download",
    "FileChanged",
    "FileError",
    "FileMissing",
    "FileUnreadable",
    "Forbidden",
    "Gone",
    "Invalid",
    "LeftBehind",
    "NoRoom",
    "NotAFile",
    "NotFound",
    "OngoingUpload",
    "OtherFile",
    "Outcome",
    "Part",
    "PartFailed",
    "Progress",
    "Remembered",
    "ServerFailing",
    "ServerRefused",
    "ServerUnreachable",
    "Source",
    "StoreRefused",
    "StoreUnreachable",
    "StreamTooLong",
    "TooLarge",
    "Unauthorized",
    "Upload",
    "UploadCancelled",
    "UploadEnded",
    "WrongAddress",
    "WrongServer",
    "WrongUse",
]
