"""What the probes of a bucket work with: the store through the service's own port, its public side through plain HTTP,
and uploads of their own.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from coordinator.doctor.bucket import Bucket
from coordinator.doctor.patient import Patient
from coordinator.doctor.scratch import Scratch
from coordinator.doctor.wire import Answer, Wire, open_wire
from coordinator.signing.addressing import Location, locate
from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.signing.presigner import PresignedRequest, Presigner
from coordinator.storage.connection import connect
from coordinator.storage.s3 import S3Store
from coordinator.uploads.model import ManifestPart, MultipartUploadId
from coordinator.uploads.store import StoreError

__all__ = ["BODY", "OTHER_BODY", "Bench", "Probe", "open_bench"]

BODY: Final = b"a part that the doctor sent"
OTHER_BODY: Final = b"a part that somebody faked."
"""Of the same length, so that only a digest tells them apart."""

LIFE: Final = 60
"""Seconds a probe's URL lives."""

_REQUEST_TIMEOUT: Final = 10.0


class Probe(NamedTuple):
    """A multipart upload of the doctor's own."""

    key: str
    multipart_upload_id: MultipartUploadId
    mark: str


@dataclass(frozen=True, slots=True)
class Bench:
    patient: Patient
    credentials: Credentials = field(repr=False)
    store: S3Store
    bucket: Bucket
    inside: Wire
    """To the endpoint the service itself uses."""
    outside: Wire
    """To the public one."""
    scratch: Scratch

    @property
    def internal(self) -> Location:
        return locate(self.patient.internal)

    @property
    def public(self) -> Location:
        return locate(self.patient.public)

    async def open(self, name: str) -> Probe:
        """Raises StoreError."""
        key = self.scratch.key(name)
        mark = self.patient.new_name()
        created = await self.store.create_multipart_upload(
            key,
            mark=mark,
            content_type="application/octet-stream",
            content_encoding=None,
            content_disposition="attachment",
        )
        return Probe(key, created.multipart_upload_id, mark)

    @asynccontextmanager
    async def upload(self, name: str) -> AsyncIterator[Probe]:
        """An upload that is aborted afterwards, unless it was completed. Raises StoreError."""
        probe = await self.open(name)
        try:
            yield probe
        finally:
            with suppress(StoreError):
                await self.store.abort_multipart_upload(probe.key, probe.multipart_upload_id)

    async def completed(self, name: str, body: bytes = BODY) -> Probe:
        """An upload of one part whose Complete was accepted. Raises StoreError, Unanswered."""
        probe = await self.open(name)
        await self.complete(probe, [await self.accepted_part(probe, body)])
        return probe

    async def complete(self, probe: Probe, manifest: list[ManifestPart]) -> None:
        await self.store.complete_multipart_upload(probe.key, probe.multipart_upload_id, tuple(manifest))

    async def accepted_part(self, probe: Probe, body: bytes = BODY, part_number: int = 1) -> ManifestPart:
        """Sent over the public endpoint. Raises Refused when the store did not take it."""
        answer = await self.put(self.part(probe, part_number, len(body)), body)
        if not answer.accepted:
            raise PartRefused(answer.said)
        return ManifestPart(part_number, answer.headers.get("etag", "").strip('"'), len(body))

    def part(
        self,
        probe: Probe,
        part_number: int = 1,
        size: int = len(BODY),
        *,
        md5: str | None = None,
        sha256: str | None = None,
        ago: timedelta = timedelta(),
    ) -> PresignedRequest:
        """As the service signs it, or as it would have signed it some time `ago`."""
        multipart = self._presigner(ago).multipart(probe.key, probe.multipart_upload_id, expires_in=LIFE)
        return multipart.part(part_number, size, md5=md5, sha256=sha256)

    def object(self, key: str, headers: Mapping[str, str], size: int = len(BODY)) -> PresignedRequest:
        """A whole object in one PUT, with these headers."""
        return self._presigner(timedelta()).put_object(key, size, headers=headers, expires_in=LIFE)

    def download(self, key: str) -> PresignedRequest:
        return self._presigner(timedelta()).get_object(key, expires_in=LIFE)

    def plain_url(self, key: str) -> str:
        """Without any signature."""
        return self.download(key).url.partition("?")[0]

    async def put(
        self, part: PresignedRequest, body: bytes = BODY, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Raises Unanswered."""
        return await self.outside.send(
            "PUT", part.url, headers={**part.headers, **(headers or {})}, body=body
        )

    async def content(self, key: str) -> bytes | None:
        """What a download gives; None when it is refused. Raises Unanswered."""
        answer = await self.outside.send("GET", self.download(key).url)
        return answer.body if answer.accepted else None

    def _presigner(self, ago: timedelta) -> Presigner:
        clock: Callable[[], datetime] = self.patient.clock
        return Presigner(
            addressing=self.patient.public,
            credentials=StaticCredentials(self.credentials),
            clock=lambda: clock() - ago,
        )


class PartRefused(StoreError):
    """The public endpoint did not take a part with a good URL."""

    def __init__(self, said: str) -> None:
        super().__init__("upload_part", said, "through the public endpoint")


@asynccontextmanager
async def open_bench(patient: Patient, credentials: Credentials) -> AsyncIterator[Bench]:
    """Nothing is sent yet, and nothing is removed at the end: see `Scratch.clean`. Raises StoreMisconfigured."""
    async with (
        connect(patient.options(patience=_REQUEST_TIMEOUT)) as clients,
        open_wire(patient.internal.endpoint_url, patience=_REQUEST_TIMEOUT) as inside,
        open_wire(patient.public.endpoint_url, patience=_REQUEST_TIMEOUT) as outside,
    ):
        yield Bench(
            patient=patient,
            credentials=credentials,
            store=S3Store(patient.store.bucket, clients),
            bucket=Bucket(patient.store.bucket, clients.usual),
            inside=inside,
            outside=outside,
            scratch=Scratch(patient.new_name()),
        )
