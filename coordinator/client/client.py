"""The client a program uses: everything it can do, each method in the words of the HTTP contract."""

import os
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any, BinaryIO, Self

from coordinator.client.api import Coordinator
from coordinator.client.bandwidth import Bandwidth
from coordinator.client.calls import Calls
from coordinator.client.climb import Climb
from coordinator.client.connections import Connections
from coordinator.client.credential import Token
from coordinator.client.delivery import Delivery
from coordinator.client.digests import Hashing
from coordinator.client.errors import WrongUse
from coordinator.client.files import Content, MemoryContent, open_file
from coordinator.client.ongoing import OngoingUpload
from coordinator.client.options import UploadOptions
from coordinator.client.places import Places
from coordinator.client.progress import Progress
from coordinator.client.sender import Way
from coordinator.protocol import DownloadAnswer, HealthAnswer, PartAnswer, UploadAnswer

__all__ = ["AsyncClient", "Source"]

Source = str | os.PathLike[str] | bytes | BinaryIO


class AsyncClient:
    """Sends files to a coordinator's store. All uploads of one client share its connections and its bandwidth.

    `connections`: parts under way at once; None finds out by trying, up to 32. `limit`: bytes a second. Raises WrongAddress.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token | None = None,
        policy: str | None = None,
        connections: int | None = None,
        limit: int | Bandwidth | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._connections = Connections(ssl_context)
        self._coordinator = Coordinator(Calls(url, self._connections, token))
        self._policy = policy
        bandwidth = Bandwidth(limit) if isinstance(limit, int) else limit
        self._way = Way(self._coordinator, self._connections, Places(Climb(connections)), bandwidth)
        self._hashing = Hashing()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        self._hashing.close()
        await self._connections.aclose()

    @property
    def url(self) -> str:
        return self._coordinator.url

    async def upload(
        self, source: Source, *, on_progress: Callable[[Progress], None] | None = None, **options: Any
    ) -> UploadAnswer:
        return await self.uploading(source, on_progress=on_progress, **options)

    def uploading(
        self, source: Source, *, on_progress: Callable[[Progress], None] | None = None, **options: Any
    ) -> OngoingUpload:
        return self._ongoing(source, UploadOptions(**options), None, on_progress)

    async def resume(
        self,
        upload_id: str,
        source: Source,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        **options: Any,
    ) -> UploadAnswer:
        return await self.resuming(upload_id, source, on_progress=on_progress, **options)

    def resuming(
        self,
        upload_id: str,
        source: Source,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        **options: Any,
    ) -> OngoingUpload:
        return self._ongoing(source, UploadOptions(**options), str(upload_id), on_progress)

    async def uploads(
        self, *, state: str | None = None, prefix: str | None = None, older_than: int | None = None
    ) -> AsyncIterator[UploadAnswer]:
        """One's own, newest first; `prefix` of the filename, `older_than` in seconds."""
        given: Mapping[str, object] = {"state": state, "prefix": prefix, "older_than": older_than}
        filters = {name: str(value) for name, value in given.items() if value is not None}
        async for upload in self._coordinator.uploads(filters):
            yield upload

    async def get(self, upload_id: str) -> UploadAnswer:
        return await self._coordinator.get(upload_id)

    async def parts(self, upload_id: str, *, refresh: bool = False) -> list[PartAnswer]:
        """What the ledger holds; `refresh` first merges what the store lists."""
        return await self._coordinator.parts(upload_id, refresh=refresh)

    async def abort(self, upload_id: str, *, reason: str | None = None) -> UploadAnswer:
        return await self._coordinator.abort(upload_id, reason)

    async def download_url(self, upload_id: str) -> DownloadAnswer:
        return await self._coordinator.download(upload_id)

    async def health(self) -> HealthAnswer:
        return await self._coordinator.health()

    def _ongoing(
        self,
        source: Source,
        options: UploadOptions,
        chosen: str | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> OngoingUpload:
        content = _content(source, options)
        return OngoingUpload(
            options.filename or content.filename,
            content.size,
            lambda watcher: Delivery(self._way, self._hashing, content, options, watcher, chosen=chosen),
            on_progress=on_progress,
        )


def _content(source: Source, options: UploadOptions) -> Content:
    if isinstance(source, bytes):
        return MemoryContent(source, options.filename or "data")
    if isinstance(source, str | os.PathLike):
        return open_file(source)
    raise WrongUse("Give a path or bytes to upload.")
