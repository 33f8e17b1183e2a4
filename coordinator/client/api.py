"""The coordinator's HTTP contract, one method a route. Every route used here is safe to repeat, and calls.py
repeats it: starting carries an Idempotency-Key.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from msgspec import Struct
from msgspec.structs import asdict

from coordinator.client.bandwidth import Bandwidth
from coordinator.client.bodies import Body
from coordinator.client.calls import Calls, Reply
from coordinator.client.errors import ServerRefused, WrongServer
from coordinator.client.retry import BRIEF_TRIES
from coordinator.client.together import Together
from coordinator.protocol import (
    ClaimBody,
    CompleteBody,
    CompleteItem,
    DownloadAnswer,
    HealthAnswer,
    PartAnswer,
    PartsAnswer,
    PartToSign,
    RecordBody,
    SignBody,
    SignedPartAnswer,
    SignedPartsAnswer,
    StartAnswer,
    StartBody,
    StartItem,
    UploadAnswer,
    UploadsAnswer,
)
from coordinator.uploads.plan import AWS_LIMITS

__all__ = ["Coordinator", "Started"]

_SLOW: Final = 120.0
"""Seconds to wait where the store's answer stands behind the coordinator's."""


@dataclass(frozen=True, slots=True)
class Started:
    created: bool
    """False: the coordinator knew this file, or this start, and the upload goes on."""
    upload: UploadAnswer
    parts: Sequence[SignedPartAnswer]


class _Relayed(Struct):
    etag: str | None = None


class Coordinator:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._starts = Together(calls, "/v1/uploads/start", patience=_SLOW)
        self._completions = Together(calls, "/v1/uploads/complete", patience=_SLOW)

    @property
    def url(self) -> str:
        return self._calls.url

    def now(self) -> float:
        return self._calls.now()

    async def aclose(self) -> None:
        """Ends what goes together with others."""
        await self._starts.aclose()
        await self._completions.aclose()

    async def start(self, body: StartBody, idempotency_key: str) -> Started:
        async def alone() -> Reply:
            return await self._calls.call(
                "POST", "/v1/uploads", body=body, headers={"Idempotency-Key": idempotency_key}
            )

        small = body.size is not None and body.size <= AWS_LIMITS.min_part_size
        with self._where_uploads_are():
            if small:
                item = StartItem(**asdict(body), idempotency_key=idempotency_key)
                reply = await self._starts.ask(item, alone)
            else:
                reply = await alone()
        answer = reply.read(StartAnswer)
        # a repeated start is answered with 201, whichever upload the first answer named
        return Started(reply.status == 201 and not reply.replayed, answer.upload, answer.parts)

    async def get(self, upload_id: str) -> UploadAnswer:
        return (await self._calls.call("GET", _path(upload_id))).read(UploadAnswer)

    async def uploads(self, filters: Mapping[str, str]) -> AsyncIterator[UploadAnswer]:
        """Newest first, all pages."""
        cursor: str | None = None
        while True:
            query = urlencode(filters if cursor is None else {**filters, "cursor": cursor})
            with self._where_uploads_are():
                reply = await self._calls.call("GET", f"/v1/uploads?{query}", tries=BRIEF_TRIES)
            page = reply.read(UploadsAnswer)
            for upload in page.uploads:
                yield upload
            if page.next is None:
                return
            cursor = page.next

    async def parts(self, upload_id: str, *, refresh: bool) -> list[PartAnswer]:
        """What the ledger holds, all pages; `refresh` first merges what the store lists."""
        found: list[PartAnswer] = []
        query = {"refresh": "true"} if refresh else {}
        while True:
            route = f"{_path(upload_id)}/parts?{urlencode(query)}"
            page = (await self._calls.call("GET", route, patience=_SLOW)).read(PartsAnswer)
            found += page.parts
            if page.next is None:
                return found
            query = {"cursor": page.next}

    async def sign(self, upload_id: str, parts: Sequence[PartToSign]) -> list[SignedPartAnswer]:
        """At most 1,000."""
        body = SignBody(parts=list(parts))
        reply = await self._calls.call("POST", f"{_path(upload_id)}/parts/sign", body=body)
        return reply.read(SignedPartsAnswer).parts

    async def report(self, upload_id: str, claims: Sequence[ClaimBody]) -> UploadAnswer:
        """At most 1,000."""
        body = RecordBody(parts=list(claims))
        return (await self._calls.call("PUT", f"{_path(upload_id)}/parts", body=body)).read(UploadAnswer)

    async def relay(
        self,
        upload_id: str,
        part: PartToSign,
        body: Body,
        *,
        on_sent: Callable[[int], None],
        bandwidth: Bandwidth | None,
    ) -> str | None:
        """One part through the coordinator: its ETag. No report is needed afterwards."""
        given = {"Content-MD5": part.md5, "x-amz-checksum-sha256": part.sha256}
        reply = await self._calls.send(
            f"{_path(upload_id)}/parts/{part.part_number}",
            body,
            {name: value for name, value in given.items() if value is not None},
            patience=_SLOW,
            on_sent=on_sent,
            bandwidth=bandwidth,
        )
        return reply.read(_Relayed).etag

    async def complete(
        self, upload_id: str, body: CompleteBody, *, quick: bool
    ) -> tuple[UploadAnswer, float | None]:
        """The upload, and the seconds to wait before asking again. `quick`: the answer is a matter of one look at the store."""

        async def alone() -> Reply:
            return await self._calls.call("POST", f"{_path(upload_id)}/complete", body=body, patience=_SLOW)

        if quick:
            item = CompleteItem(**asdict(body), id=upload_id)
            reply = await self._completions.ask(item, alone)
        else:
            reply = await alone()
        return reply.read(UploadAnswer), reply.retry_after

    async def abort(self, upload_id: str, reason: str | None = None) -> UploadAnswer:
        query = f"?{urlencode({'reason': reason})}" if reason else ""
        reply = await self._calls.call("DELETE", f"{_path(upload_id)}{query}", tries=BRIEF_TRIES)
        return reply.read(UploadAnswer)

    async def download(self, upload_id: str) -> DownloadAnswer:
        reply = await self._calls.call("GET", f"{_path(upload_id)}/download", tries=BRIEF_TRIES)
        return reply.read(DownloadAnswer)

    async def health(self) -> HealthAnswer:
        return (await self._calls.call("GET", "/healthz", tries=1)).read(HealthAnswer)

    @contextmanager
    def _where_uploads_are(self) -> Iterator[None]:
        """Where uploads are begun and listed nothing can be missing, unless the address is that of a page below it."""
        try:
            yield
        except ServerRefused as refused:
            if refused.status not in {404, 405}:
                raise
            raise WrongServer(
                f"A coordinator answers at {self.url}, but has no uploads there. Give its own address, without the path of a "
                "page or of its API (/upload, /v1)."
            ) from None


def _path(upload_id: str) -> str:
    return f"/v1/uploads/{quote(str(upload_id), safe='')}"
