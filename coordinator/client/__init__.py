"""The Python client: files straight into the store, resumable, through a coordinator.

    async with AsyncClient("https://uploads.example.com", token=key) as client:
        upload = await client.upload("film.mp4")

`Client` is the same for programs without asyncio. Importing this pulls in no server package.
"""

from coordinator.client.bandwidth import Bandwidth
from coordinator.client.client import AsyncClient, Source
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
    NotAFile,
    NotFound,
    OtherFile,
    PartFailed,
    ServerFailing,
    ServerRefused,
    ServerUnreachable,
    StoreRefused,
    StoreUnreachable,
    TooLarge,
    Unauthorized,
    UploadCancelled,
    UploadEnded,
    WrongAddress,
    WrongServer,
    WrongUse,
)
from coordinator.client.ongoing import OngoingUpload
from coordinator.client.progress import Progress
from coordinator.protocol import DownloadAnswer as Download
from coordinator.protocol import PartAnswer as Part
from coordinator.protocol import UploadAnswer as Upload

__all__ = [
    "AsyncClient",
    "Bandwidth",
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
    "NotAFile",
    "NotFound",
    "OngoingUpload",
    "OtherFile",
    "Part",
    "PartFailed",
    "Progress",
    "ServerFailing",
    "ServerRefused",
    "ServerUnreachable",
    "Source",
    "StoreRefused",
    "StoreUnreachable",
    "TooLarge",
    "Unauthorized",
    "Upload",
    "UploadCancelled",
    "UploadEnded",
    "WrongAddress",
    "WrongServer",
    "WrongUse",
]
