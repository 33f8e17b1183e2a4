"""The client a program uses: everything it can do, each method in the words of the HTTP contract."""

import asyncio
import os
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypedDict, Unpack
from weakref import WeakSet

from coordinator.client.api import Coordinator
from coordinator.client.bandwidth import Bandwidth, bandwidth_of_process
from coordinator.client.calls import Calls
from coordinator.client.climb import MOST_PLACES, Climb
from coordinator.client.connections import Connections
from coordinator.client.credential import Token
from coordinator.client.delivery import Delivery, Watcher
from coordinator.client.digests import Algorithm, Digests, Hashing
from coordinator.client.errors import WrongUse, closed
from coordinator.client.finding import Finding
from coordinator.client.many import Outcome, check_several, files_in, send_many
from coordinator.client.ongoing import OngoingUpload
from coordinator.client.options import UploadOptions
from coordinator.client.places import Places
from coordinator.client.progress import Progress
from coordinator.client.records import Record, Records, state_directory
from coordinator.client.sender import Way
from coordinator.client.sources import Opening, Source, opening_of
from coordinator.client.start import Start
from coordinator.client.stream import Memory
from coordinator.client.under_way import UnderWay
from coordinator.client.window import window_size
from coordinator.protocol import DownloadAnswer, HealthAnswer, PartAnswer, UploadAnswer

__all__ = ["AsyncClient", "Options"]


class Options(TypedDict, total=False):
    """What one upload may be given; options.py says what each means."""

    name: str | None
    filename: str | None
    metadata: Mapping[str, str] | None
    policy: str | None
    content_type: str | None
    digests: Digests
    file_digest: Algorithm | None
    part_size: int | None
    restart: bool
    gzip: bool
    on_progress: Callable[[Progress], None] | None


_EACH: Final = 8_000_000
"""Bytes a second that each part under way gets of a limit, so that the first ones arrive soon."""


class AsyncClient:
    """Sends files to a coordinator's store. All uploads of one client share its connections.

    `connections`: parts under way at once; None finds out by trying, up to 32. `limit`: bytes a second of this process, for all
    its clients that name the same number; a Bandwidth is for those alone that it is given to. `state`: where the resume file is
    kept, `$XDG_STATE_HOME/coordinator` unless given; with `remember` false there is none, and no turns are taken with other
    processes. Raises WrongAddress, WrongUse.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token | None = None,
        policy: str | None = None,
        connections: int | None = None,
        limit: int | Bandwidth | None = None,
        state: str | os.PathLike[str] | None = None,
        remember: bool = True,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        if connections is not None and connections < 1:
            raise WrongUse("There must be at least one connection (connections).")
        self._connections = Connections(ssl_context)
        self._coordinator = Coordinator(Calls(url, self._connections, token))
        self._policy = policy
        bandwidth = _bandwidth(limit)
        self._way = Way(
            self._coordinator, self._connections, Places(Climb(connections, most=_most(bandwidth))), bandwidth
        )
        self._hashing = Hashing()
        self._memory = Memory()
        self._under_way = UnderWay()
        self._ongoing: WeakSet[OngoingUpload] = WeakSet()
        self._closed = False
        self._state = (Path(state) if state is not None else state_directory()) if remember else None
        self._records = None if self._state is None else Records(self._state)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Uploads under way are cancelled, and can be resumed; await them before. The client is of no use afterwards."""
        self._closed = True
        await asyncio.gather(*(one.cancel() for one in list(self._ongoing)))
        await self._under_way.settle()
        await self._coordinator.aclose()
        self._hashing.close()
        await self._connections.aclose()

    @property
    def url(self) -> str:
        return self._coordinator.url

    async def upload(self, source: Source, **options: Unpack[Options]) -> UploadAnswer:
        """Send a source, or go on where an unfinished upload of the same content stopped. Raises ClientError."""
        return await self.uploading(source, **options)

    def uploading(self, source: Source, **options: Unpack[Options]) -> OngoingUpload:
        """The same, to be watched and cancelled. Raises WrongUse at once, all else when it is awaited."""
        return self._begin(source, None, options)

    def upload_many(
        self, paths: Iterable[str | os.PathLike[str]], **options: Unpack[Options]
    ) -> AsyncGenerator[Outcome]:
        """Files and folders, some at a time: an Outcome for each as it ends. `paths` may be lazy, and wait for its next one.

        A file below a folder keeps its place as `path` in its upload's metadata, with slashes. Raises WrongUse at once for
        one path that is in no list.
        """
        check_several(paths)
        return self._send_many(files_in(paths), options)

    def _send_many(
        self, files: Iterator[tuple[str, str] | Outcome], options: Options
    ) -> AsyncGenerator[Outcome]:
        metadata = dict(options.get("metadata") or {})

        def begin(path: str, relative: str) -> OngoingUpload:
            own = options.copy()
            own["metadata"] = metadata if "/" not in relative else {**metadata, "path": relative}
            return self.uploading(path, **own)

        return send_many(files, begin)

    async def resume(self, upload_id: str, source: Source, **options: Unpack[Options]) -> UploadAnswer:
        """Go on with this very upload, whose content is given again, wherever it lies now. Raises ClientError."""
        return await self.resuming(upload_id, source, **options)

    def resuming(self, upload_id: str, source: Source, **options: Unpack[Options]) -> OngoingUpload:
        return self._begin(source, str(upload_id), options)

    async def uploads(
        self, *, state: str | None = None, prefix: str | None = None, older_than: int | None = None
    ) -> AsyncGenerator[UploadAnswer]:
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
        """A short-lived URL of a completed upload: a password while it lives."""
        return await self._coordinator.download(upload_id)

    async def health(self) -> HealthAnswer:
        return await self._coordinator.health()

    def remembered(self) -> list[Record]:
        """What the resume file holds for this coordinator, newest first."""
        records = [] if self._records is None else self._records.all()
        return [record for record in records if record.server == self.url]

    def _begin(self, source: Source, chosen: str | None, given: Options) -> OngoingUpload:
        if self._closed:
            raise closed()
        on_progress = given.pop("on_progress", None)
        given["policy"] = given.get("policy") or self._policy
        options = UploadOptions(**given)  # type: ignore[misc]  # on_progress, the one member more, is gone
        opening = opening_of(source, options, self._memory)
        ongoing = OngoingUpload(
            opening.filename,
            lambda watcher, warn: self._delivery(opening, options, chosen, watcher, warn),
            on_progress=on_progress,
        )
        self._ongoing.add(ongoing)
        return ongoing

    def _delivery(
        self,
        opening: Opening,
        options: UploadOptions,
        chosen: str | None,
        watcher: Watcher,
        warn: Callable[[str], None],
    ) -> Delivery:
        sign = window_size(self._way.places.count)
        start = Start(
            self._coordinator, self._hashing, options, opening.filename, sign, self._way.places.pace
        )
        finding = Finding(
            self._coordinator,
            options,
            start,
            under_way=self._under_way,
            chosen=chosen,
            records=self._records,
            warn=warn,
            now=time.time,
        )
        return Delivery(
            opening,
            options,
            way=self._way,
            hashing=self._hashing,
            finding=finding,
            watcher=watcher,
            state=self._state,
        )


def _bandwidth(limit: int | Bandwidth | None) -> Bandwidth | None:
    if limit is None or isinstance(limit, Bandwidth):
        return limit
    if not isinstance(limit, int):
        raise WrongUse(
            "A bandwidth limit must be a whole number of bytes per second, or a Bandwidth (limit)."
        )
    try:
        return bandwidth_of_process(limit)
    except ValueError as wrong:
        raise WrongUse(f"{wrong} (limit).".capitalize()) from None


def _most(bandwidth: Bandwidth | None) -> int:
    if bandwidth is None:
        return MOST_PLACES
    return max(1, min(MOST_PLACES, bandwidth.bytes_per_second // _EACH))
