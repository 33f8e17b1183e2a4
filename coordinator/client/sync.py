"""The same client for programs without asyncio: each method waits for the one of AsyncClient, on a loop in a thread."""

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator, Coroutine, Iterable, Iterator
from contextlib import suppress
from threading import Event, Thread, current_thread
from types import TracebackType
from typing import Any, Final, Self, TypeVar, Unpack

from coordinator.client.bandwidth import Bandwidth
from coordinator.client.client import AsyncClient, Options
from coordinator.client.credential import Token
from coordinator.client.errors import WrongUse, closed
from coordinator.client.many import Outcome
from coordinator.client.records import Record
from coordinator.client.sources import Source
from coordinator.protocol import DownloadAnswer, HealthAnswer, PartAnswer, UploadAnswer

__all__ = ["Client"]

T = TypeVar("T")

_TIDY: Final = 5.0
"""Seconds an interrupted call has for telling the coordinator what had arrived."""


class Client:
    """Arguments, methods and errors are those of AsyncClient. A KeyboardInterrupt leaves uploads resumable.

    May be used in any thread but its own, which calls `on_progress` and `token`, and not in a process forked from the one
    that made it: WrongUse.
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
        self._client = AsyncClient(
            url,
            token=token,
            policy=policy,
            connections=connections,
            limit=limit,
            state=state,
            remember=remember,
            ssl_context=ssl_context,
        )
        self._closed = False
        self._each_open: set[AsyncGenerator[Any]] = set()
        """What is iterated over."""
        self._process = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=_run, args=(self._loop,), name="coordinator-client", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """As `AsyncClient.aclose`. In a forked process nothing happens: all there is belongs to the other one."""
        if self._closed or self._is_forked():
            return
        self._check_thread()
        self._closed = True
        self._result(self._client.aclose())
        for items in list(self._each_open):
            with suppress(RuntimeError):  # another thread waits for its next one
                self._result(items.aclose())
        self._result(_end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return self._client.url

    def upload(self, source: Source, **options: Unpack[Options]) -> UploadAnswer:
        return self._wait(self._client.upload(source, **options))

    def upload_many(
        self, paths: Iterable[str | os.PathLike[str]], **options: Unpack[Options]
    ) -> Iterator[Outcome]:
        return self._each(self._client.upload_many(paths, **options))

    def resume(self, upload_id: str, source: Source, **options: Unpack[Options]) -> UploadAnswer:
        return self._wait(self._client.resume(upload_id, source, **options))

    def uploads(
        self, *, state: str | None = None, prefix: str | None = None, older_than: int | None = None
    ) -> Iterator[UploadAnswer]:
        return self._each(self._client.uploads(state=state, prefix=prefix, older_than=older_than))

    def get(self, upload_id: str) -> UploadAnswer:
        return self._wait(self._client.get(upload_id))

    def parts(self, upload_id: str, *, refresh: bool = False) -> list[PartAnswer]:
        return self._wait(self._client.parts(upload_id, refresh=refresh))

    def abort(self, upload_id: str, *, reason: str | None = None) -> UploadAnswer:
        return self._wait(self._client.abort(upload_id, reason=reason))

    def download_url(self, upload_id: str) -> DownloadAnswer:
        return self._wait(self._client.download_url(upload_id))

    def health(self) -> HealthAnswer:
        return self._wait(self._client.health())

    def remembered(self) -> list[Record]:
        return self._client.remembered()

    def _wait(self, call: Coroutine[Any, Any, T]) -> T:
        """The call's result. Raises WrongUse where it would never come."""
        try:
            self._check()
        except WrongUse:
            call.close()
            raise
        return self._result(call)

    def _check(self) -> None:
        if self._closed:
            raise closed()
        if self._is_forked():
            raise WrongUse(
                "The client was made before this process was forked. Make another one in this process."
            )
        self._check_thread()

    def _check_thread(self) -> None:
        if current_thread() is self._thread:
            raise WrongUse(
                "The client is used in its own on_progress or token function, where it would wait for itself. Use another one there."
            )

    def _is_forked(self) -> bool:
        return os.getpid() != self._process

    def _result(self, call: Coroutine[Any, Any, T]) -> T:
        """Interrupted, it ends the call, and returns only when that has tidied up."""
        over = Event()
        future = asyncio.run_coroutine_threadsafe(_tell(call, over), self._loop)
        try:
            return future.result()
        except BaseException:
            if future.cancel() or future.cancelled():
                over.wait(_TIDY)
            raise

    def _each(self, items: AsyncGenerator[T]) -> Iterator[T]:
        self._each_open.add(items)
        try:
            while (item := self._wait(_next(items))) is not None:
                yield item
        finally:
            self._each_open.discard(items)
            if not self._closed and not self._is_forked():
                self._leave(items)

    def _leave(self, items: AsyncGenerator[Any]) -> None:
        """An iteration that nobody holds any more may be collected in any thread, and the loop's own cannot wait."""
        if current_thread() is self._thread:
            asyncio.run_coroutine_threadsafe(items.aclose(), self._loop)
        else:
            self._result(items.aclose())


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """What ends a program (sys.exit in a caller's function) is raised to the caller that waits. The loop is for all of them."""
    while True:
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            continue  # of a task, which holds it as its result
        return


async def _next(items: AsyncGenerator[T]) -> T | None:
    """None at the end: no exception of that meaning crosses from thread to thread."""
    return await anext(items, None)


async def _end_all() -> None:
    """A loop that stops leaves nothing half done, which the interpreter would complain of."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()


async def _tell(call: Coroutine[Any, Any, T], over: Event) -> T:
    try:
        return await call
    finally:
        over.set()
