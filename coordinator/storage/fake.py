"""A store in memory, with S3's rules, that fails on command.

Keeps what `uploads.store.ObjectStore` promises (`tests/contract` runs on it too). The rules are `fake_rules`, the
deviations of real stores `fake_profiles`, the failures of single calls `faults`. Every call passes through the event
loop once, so that races are real, and stays in `log`. A call whose sender goes away before the effect is kept in
`adrift`: on a network, what was sent may still arrive.
"""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar, cast

from coordinator.storage.errors import Operation
from coordinator.storage.fake_profiles import AWS, Profile
from coordinator.storage.fake_rules import FakeBucket, Headers, StandingUpload
from coordinator.storage.faults import (
    FailAfter,
    FailBefore,
    Fault,
    Hold,
    KeepUpload,
    ListTwice,
    Pretend,
    Refuse,
    Resurrect,
    Twice,
)
from coordinator.uploads.model import Manifest, MultipartUploadId
from coordinator.uploads.plan import AWS_LIMITS, S3Limits
from coordinator.uploads.store import (
    CompletedObject,
    CreatedMultipartUpload,
    ListedMultipartUpload,
    ListedPart,
    LonePut,
    StoredObject,
    StoreError,
    StoreOutcomeUnknown,
)
from coordinator.uploads.transactions import outside_transaction
from coordinator.uploads.whole_bucket import KeyedMultipartUpload, KeyedObject, Marker, Page

__all__ = ["Call", "FakeStore", "Headers", "Moment"]

_Answer = TypeVar("_Answer")

Moment = Literal["sent", "done"]
"""Before the effect, and after it but before the answer."""


@dataclass(eq=False, slots=True)
class Call:
    """One call, from its arrival on. `ended` is when its sender heard of it, or ceased to listen; None: not yet."""

    operation: Operation
    key: str | None
    multipart_upload_id: MultipartUploadId | None
    manifest: Manifest | None
    began: datetime
    ended: datetime | None = None
    answer: object = None
    error: StoreError | None = None
    heard: bool = False
    """The sender got the answer, or the error."""
    adrift: bool = False
    """Nobody waits for the answer any more, and the effect had not happened yet."""
    effect: Callable[[], object] = field(default=lambda: None, repr=False)


async def _through_the_loop(_call: Call, moment: Moment) -> None:
    if moment == "sent":
        await asyncio.sleep(0)


class FakeStore(FakeBucket):
    """An ObjectStore, and what a test does in place of a browser or of other users of the bucket.

    `pause` is awaited at each moment of each call; it may raise StoreOutcomeUnknown for a sender that waits no longer.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        limits: S3Limits = AWS_LIMITS,
        bucket: str = "uploads",
        profile: Profile = AWS,
        pause: Callable[[Call, Moment], Awaitable[None]] = _through_the_loop,
    ) -> None:
        super().__init__(clock, limits, profile)
        self.calls: list[Operation] = []
        """Every call, in the order they arrived."""
        self.log: list[Call] = []
        """The same, with all that is known of them."""
        self.adrift: list[Call] = []
        """Calls whose senders went away before the effect; `land` lets one arrive after all."""
        self.most_at_once: Counter[Operation] = Counter()
        """The most calls of an operation that were under way at the same time."""
        self.rows_per_page = 1000
        """Of the listings of the whole bucket."""
        self._bucket = bucket
        self._pause = pause
        self._under_way: list[Call] = []
        self._returning: list[tuple[datetime, StandingUpload]] = []
        self._script: defaultdict[Operation, deque[Fault]] = defaultdict(deque)

    @property
    def bucket(self) -> str:
        return self._bucket

    def script(self, operation: Operation, *faults: Fault) -> None:
        """Let the next calls of this operation fail, one fault each, in this order; later ones work again."""
        self._script[operation].extend(faults)

    def heal(self) -> None:
        """No scripted fault is left, and what was sent and not heard of is lost for good."""
        self._script.clear()
        self.adrift.clear()

    def land(self, call: Call) -> None:
        """Let a call arrive whose sender has gone."""
        self.adrift.remove(call)
        with suppress(StoreError):
            call.effect()

    async def create_multipart_upload(
        self,
        key: str,
        *,
        mark: str,
        content_type: str,
        content_encoding: str | None,
        content_disposition: str,
    ) -> CreatedMultipartUpload:
        headers = Headers(content_type, content_encoding, content_disposition)
        call = self._arrived("create_multipart_upload", key)
        return await self._answer(call, lambda: self._create(key, mark, headers))

    async def list_multipart_uploads(self, key: str) -> Sequence[ListedMultipartUpload]:
        call = self._arrived("list_multipart_uploads", key)
        return await self._answer(call, lambda: self._list_uploads(key))

    async def list_parts(self, key: str, multipart_upload_id: MultipartUploadId) -> Sequence[ListedPart]:
        call = self._arrived("list_parts", key, multipart_upload_id)
        return await self._answer(call, lambda: self._list_parts(key, multipart_upload_id))

    async def upload_part(
        self,
        key: str,
        multipart_upload_id: MultipartUploadId,
        part_number: int,
        body: AsyncIterator[bytes],
        *,
        size: int,
        md5: str | None = None,
        sha256: str | None = None,
    ) -> str:
        call = self._arrived("upload_part", key, multipart_upload_id)
        content = await _all(body, size)
        return await self._answer(
            call,
            lambda: self._put_checked(key, multipart_upload_id, part_number, content, md5=md5, sha256=sha256),
        )

    async def send_object(
        self, key: str, body: AsyncIterator[bytes], *, size: int, headers: Mapping[str, str]
    ) -> str:
        call = self._arrived("put_object", key)
        content = await _all(body, size)
        return await self._answer(call, lambda: self.put_signed(key, content, headers))

    async def complete_multipart_upload(
        self, key: str, multipart_upload_id: MultipartUploadId, manifest: Manifest
    ) -> CompletedObject:
        call = self._arrived("complete_multipart_upload", key, multipart_upload_id, manifest)
        return await self._answer(call, lambda: self._complete(key, multipart_upload_id, manifest))

    async def abort_multipart_upload(self, key: str, multipart_upload_id: MultipartUploadId) -> None:
        def abort() -> None:
            completing = any(
                other.operation == "complete_multipart_upload"
                and other.multipart_upload_id == multipart_upload_id
                for other in self._under_way
            )
            if completing and self.profile.abort_during_complete_destroys:
                self._garbage.add(key)
            self._abort(key, multipart_upload_id)

        await self._answer(self._arrived("abort_multipart_upload", key, multipart_upload_id), abort)

    async def head_object(self, key: str) -> StoredObject | None:
        return await self._answer(self._arrived("head_object", key), lambda: self.stored(key))

    async def delete_object(self, key: str, version_id: str | None) -> None:  # noqa: ARG002 - it keeps no versions
        await self._answer(self._arrived("delete_object", key), lambda: self.lose_object(key))

    async def probe_lone_put(self) -> LonePut:
        once = not self.profile.ignores_if_none_match
        return await self._answer(self._arrived("probe_lone_put", None), lambda: LonePut(once=once))

    async def probe_sha256(self) -> bool:
        return await self._answer(self._arrived("probe_sha256", None), lambda: True)

    async def page_of_multipart_uploads(
        self, prefix: str, after: Marker | None
    ) -> Page[KeyedMultipartUpload]:
        call = self._arrived("list_multipart_uploads", None)
        return await self._answer(call, lambda: self._page_of_uploads(prefix, after, self.rows_per_page))

    async def page_of_objects(self, prefix: str, after: Marker | None) -> Page[KeyedObject]:
        call = self._arrived("list_objects", None)
        return await self._answer(call, lambda: self._page_of_objects(prefix, after, self.rows_per_page))

    async def check(self) -> None:
        await self._answer(self._arrived("check", None), lambda: None)

    def _arrived(
        self,
        operation: Operation,
        key: str | None,
        multipart_upload_id: MultipartUploadId | None = None,
        manifest: Manifest | None = None,
    ) -> Call:
        outside_transaction(operation)
        call = Call(operation, key, multipart_upload_id, manifest, self._clock())
        self.calls.append(operation)
        self.log.append(call)
        return call

    async def _answer(self, call: Call, effect: Callable[[], _Answer]) -> _Answer:
        fault = self._script[call.operation].popleft() if self._script[call.operation] else None
        with self._counted(call):
            await self._sent(call, fault, effect)
            answer = self._happen(call, fault, effect)
            call.answer = answer
            await self._pause(call, "done")
            if isinstance(fault, Hold) and fault.after_effect:
                await fault.wait()
            call.heard = True
            return answer

    async def _sent(self, call: Call, fault: Fault | None, effect: Callable[[], object]) -> None:
        try:
            await self._pause(call, "sent")
            if isinstance(fault, Hold) and not fault.after_effect:
                await fault.wait()
        except (asyncio.CancelledError, StoreOutcomeUnknown):
            call.adrift, call.effect = True, effect
            self.adrift.append(call)
            raise

    def _happen(self, call: Call, fault: Fault | None, effect: Callable[[], _Answer]) -> _Answer:
        self._return_uploads()
        match fault:
            case FailBefore(code, answered):
                raise StoreOutcomeUnknown(call.operation, code, answered=answered)
            case FailAfter(code, answered):
                with suppress(StoreError):
                    effect()
                raise StoreOutcomeUnknown(call.operation, code, answered=answered)
            case Refuse(error):
                raise error
            case Pretend(answer):
                return cast(_Answer, answer)
            case Twice():
                with suppress(StoreError):
                    effect()
                return effect()
            case ListTwice(apart):
                return cast(_Answer, _twice(cast(Any, effect()), apart))
            case KeepUpload() | Resurrect():
                return self._keeping(call, fault, effect)
            case _:
                return effect()

    def _keeping(self, call: Call, fault: KeepUpload | Resurrect, effect: Callable[[], _Answer]) -> _Answer:
        kept = self._multipart_uploads.get(call.multipart_upload_id or MultipartUploadId(""))
        answer = effect()
        if kept is None:
            return answer
        if isinstance(fault, KeepUpload):
            self._multipart_uploads[kept.listed.multipart_upload_id] = kept
        elif kept.parts:
            self._returning.append((self._clock() + fault.after, replace(kept, hidden=True)))
        return answer

    def _return_uploads(self) -> None:
        for due, upload in list(self._returning):
            if due <= self._clock():
                self._returning.remove((due, upload))
                self._multipart_uploads[upload.listed.multipart_upload_id] = upload

    @contextmanager
    def _counted(self, call: Call) -> Iterator[None]:
        self._under_way.append(call)
        at_once = sum(other.operation == call.operation for other in self._under_way)
        self.most_at_once[call.operation] = max(self.most_at_once[call.operation], at_once)
        try:
            yield
        except StoreError as error:
            call.error, call.heard = error, True
            raise
        finally:
            call.ended = self._clock()
            self._under_way.remove(call)


async def _all(body: AsyncIterator[bytes], size: int) -> bytes:
    content = bytearray()
    while len(content) < size:
        content += await anext(body)
    return bytes(content)


def _twice(rows: Sequence[ListedPart], apart: timedelta) -> Sequence[ListedPart]:
    earlier = [replace(row, last_modified=row.last_modified - apart) for row in rows]
    return sorted([*earlier, *rows], key=lambda row: (row.part_number, row.last_modified))
