"""A file that cannot be guessed, and what became of it at the store."""

import hashlib
import os
from pathlib import Path

import httpx2

from coordinator.client import AsyncClient

MIB = 1024 * 1024


def random_file(folder: Path, mebibytes: int) -> tuple[Path, str]:
    """And its SHA-256."""
    path, digest = folder / "random", hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(mebibytes):
            block = os.urandom(MIB)
            digest.update(block)
            file.write(block)
    return path, digest.hexdigest()


async def stored(client: AsyncClient, upload_id: str) -> str:
    """The SHA-256 of the object, read back."""
    digest = hashlib.sha256()
    url = (await client.download_url(upload_id)).url
    async with httpx2.AsyncClient(timeout=60) as http, http.stream("GET", url) as answer:
        async for piece in answer.aiter_bytes():
            digest.update(piece)
    return digest.hexdigest()
