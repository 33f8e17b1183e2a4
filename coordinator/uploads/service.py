"""The protocol of an upload, as its users see it: start, sign, record, complete, abort, status, download.

Each method reads from top to bottom as what happens. Intent is committed before each effect at the store; effects run
in `driver`, which outlives the request. No method holds a database transaction while it talks to the store.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from coordinator.errors import (
    AlreadyCompleted,
    Completing,
    IdempotencyInProgress,
    NotCompleted,
    NotFound,
    PartsMismatch,
    RequestError,
    Unavailable,
)
from coordinator.signing.presigner import Presigner
from coordinator.uploads.admission import admitted
from coordinator.uploads.asking import (
    make_plan,
    method_of,
    refuse_changed_parts,
    refuse_elsewhere,
    refuse_other_content,
    refuse_other_end,
    require_open,
    sized_claims,
)
from coordinator.uploads.beginning import Wish, begin_completion
from coordinator.uploads.creation import create, create_again
from coordinator.uploads.driver import Driver
from coordinator.uploads.keys import make_key
from coordinator.uploads.ledger import IdempotencyKey, ListFilter, Started
from coordinator.uploads.model import (
    Claim,
    Digest,
    Identity,
    Method,
    NewUpload,
    Part,
    Quota,
    Upload,
    UploadId,
    new_mark,
    new_upload_id,
)
from coordinator.uploads.part_digests import PartDigests
from coordinator.uploads.plan import AWS_LIMITS, S3Limits
from coordinator.uploads.reconciling import merge_listed
from coordinator.uploads.relaying import ArrivingPart, relay_part
from coordinator.uploads.requests import Download, Rules, SignedPart, StartRequest, WantedPart
from coordinator.uploads.state import Event, Reason, State
from coordinator.uploads.store import LonePut
from coordinator.uploads.url_signer import URL_SLACK, UrlSigner

__all__ = ["Lifetimes", "UploadService"]

log = structlog.stdlib.get_logger()

DEFAULT_CONTENT_TYPE: Final = "application/octet-stream"
ANSWER_WITHIN: Final = timedelta(seconds=10)
"""Complete and abort answer by then, finished or not."""

_COMPLETIONS: Final = 2
"""A part that was sent again while it was being completed makes the store refuse once; a fresh list then fits."""

_STARTING: Final = "Another request is just starting this upload. Send it again."
_REFUSED: Final = (
    "The store refuses to make one object of these parts. Abort this upload and start a new one."
)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """URLs in seconds, as S3 has them."""

    url_expires: int = 900
    download_expires: int = 300
    hard: timedelta = timedelta(days=6)


class UploadService:
    def __init__(
        self,
        driver: Driver,
        presigner: Presigner,
        *,
        lifetimes: Lifetimes | None = None,
        limits: S3Limits = AWS_LIMITS,
        quota: Quota | None = None,
        lone_put: LonePut | None = None,
        part_digests: PartDigests | None = None,
    ) -> None:
        """`lone_put`: what the bucket allows for uploads of method `put`; None: none are begun."""
        self._driver = driver
        self._driving = driver.driving
        self._repository = driver.driving.repository
        self._lifetimes = lifetimes or Lifetimes()
        self._url_signer = UrlSigner(
            presigner,
            self._repository,
            self._lifetimes.url_expires,
            self._lifetimes.download_expires,
            lone_put,
        )
        self._lone_put = lone_put
        self.part_digests: Final = part_digests or PartDigests()
        self._limits = limits
        self._quota = quota

    async def start(
        self,
        tenant: str,
        owner: str,
        request: StartRequest,
        rules: Rules,
        idempotency: IdempotencyKey | None = None,
    ) -> tuple[Started, Sequence[SignedPart]]:
        """Raises SizeNotAllowed, ValidationFailed (the fingerprint is another file's), QuotaExceeded, IdempotencyKeyReuse,
        IdempotencyInProgress, PartChanged, StorageMisconfigured, Unavailable.
        """
        intent = self._intent(tenant, owner, request, rules)
        started = await self._repository.start(
            intent, idempotency, self._driving.me, self._driving.timing.lease
        )
        upload = self._here(started.upload)
        if upload.state is State.CREATING:
            first = started.kind == "created"
            upload = await (create(self._driving, upload) if first else self._create_again(upload))
            if upload.state is State.FAILED and not first:
                # what the first request may have made is never found: its key counts as unused from now on
                return await self.start(tenant, owner, request, rules, idempotency)
        if upload.state is State.CREATING:
            # overtaken: our lease had ended before the store answered, and whoever took over is not done yet
            raise IdempotencyInProgress(_STARTING, retry_after=1)
        if started.kind == "resumed":
            refuse_other_content(upload, request.md5)
            upload = await self._caught_up(upload)
            if upload.state is State.FAILED:
                # the store had lost it: this file is not on its way any more
                again = idempotency and replace(idempotency, instead_of=upload.id)
                return await self.start(tenant, owner, request, rules, again)
        signed = []
        if upload.state is State.OPEN and self.part_digests.admits_start(upload, request):
            signed = await self._url_signer.sign_missing(
                upload, request.sign, md5=request.md5, sha256=request.sha256
            )
        return Started(upload, started.kind), signed

    async def get(self, upload_id: UploadId, identity: Identity) -> Upload:
        """Raises NotFound, for another owner's upload as for an unknown one."""
        upload = await self._repository.get(upload_id, identity)
        if upload is None:
            raise NotFound("There is no such upload.")
        return upload

    async def find(self, query: ListFilter) -> tuple[Sequence[Upload], UploadId | None]:
        return await self._repository.find(query)

    async def parts(
        self,
        upload_id: UploadId,
        identity: Identity,
        *,
        after: int = 0,
        limit: int = 1000,
        refresh: bool = False,
    ) -> tuple[Sequence[Part], int | None]:
        """What the ledger holds, and the part number to go on after. `refresh` merges what the store lists."""
        upload = await self.get(upload_id, identity)
        if refresh and upload.state is State.OPEN:
            await merge_listed(self._driving, self._here(upload))
        found = await self._repository.parts(upload.id, after=after, limit=limit + 1)
        more = len(found) > limit
        return found[:limit], found[limit - 1].part_number if more else None

    async def sign(
        self, upload_id: UploadId, identity: Identity, wanted: Sequence[WantedPart]
    ) -> Sequence[SignedPart]:
        """Raises StorageUnavailable, BucketElsewhere, and what `admitted` does."""
        upload = self._here(await self.get(upload_id, identity))
        return await self._url_signer.sign(
            *await admitted(self._repository, upload, wanted, self.part_digests)
        )

    async def relay(
        self, upload_id: UploadId, identity: Identity, wanted: WantedPart, body: AsyncIterator[bytes]
    ) -> Claim:
        """Send a part on to the store and record it. Raises what `admitted`, `relay_part` and `record` do."""
        upload = self._here(await self.get(upload_id, identity))
        upload, [(part, size)] = await admitted(
            self._repository, upload, [wanted], self.part_digests, "Content-Length"
        )
        claim = await relay_part(self._driving, self._url_signer, upload, ArrivingPart(part, size, body))
        await self.record(upload_id, identity, [claim])
        return claim

    async def record(self, upload_id: UploadId, identity: Identity, claims: Sequence[Claim]) -> Upload:
        """Write what a client says it sent. Raises PartChanged where somebody else has reported another content for a part,
        and as `sign`.
        """
        upload = require_open(await self.get(upload_id, identity))
        sized = sized_claims(upload, claims)
        if digested := [claim for claim in sized if claim.md5 is not None or claim.sha256 is not None]:
            numbers = [claim.part_number for claim in digested]
            refuse_changed_parts(digested, await self._repository.parts_by_number(upload.id, numbers))
        if not await self._repository.record_parts(upload.id, sized):
            require_open(await self.get(upload_id, identity))
        if upload.expires_at - upload.now < upload.lifetime - URL_SLACK:
            await self._repository.extend(upload, urls_until=None, active_at=None)
        return await self.get(upload_id, identity)

    async def complete(
        self,
        upload_id: UploadId,
        identity: Identity,
        *,
        size: int | None = None,
        digest: Digest | None = None,
        wait: timedelta = ANSWER_WITHIN,
    ) -> Upload:
        """Completed, or still completing after `wait`.

        Raises PartsMissing, PartsMismatch, ValidationFailed, AlreadyCompleted (with another size), Completing, UploadGone,
        StorageUnavailable, BucketElsewhere.
        """
        upload = self._here(await self.get(upload_id, identity))
        clock = asyncio.get_running_loop().time
        began, begun = clock(), 0
        while True:
            left = wait - timedelta(seconds=min(clock() - began, wait.total_seconds()))
            if upload.state is State.OPEN and begun < _COMPLETIONS:
                begun += 1
                waits = max(ANSWER_WITHIN.total_seconds() - (clock() - began), 0)
                upload = await begin_completion(self._driver, upload, Wish(size, digest, self._limits), waits)
            elif upload.state is State.COMPLETING and left:
                upload = await self._driver.join(upload, left)
            else:
                break
        if upload.state is State.OPEN:
            raise PartsMismatch(_REFUSED, members={"part_numbers": []})
        if upload.state is State.COMPLETED:
            return refuse_other_end(upload, size)
        if upload.state is not State.COMPLETING:
            require_open(upload)
        return await self.get(upload_id, identity)

    async def abort(
        self,
        upload_id: UploadId,
        identity: Identity,
        *,
        reason: Reason = Reason.CLIENT,
        text: str | None = None,
        wait: timedelta = ANSWER_WITHIN,
    ) -> Upload:
        """Ended, or still aborting after `wait`. Raises AlreadyCompleted, Completing, BucketElsewhere."""
        upload = self._here(await self.get(upload_id, identity))
        while upload.state in {State.CREATING, State.OPEN}:
            changes = self._driving.leased(reason=reason, reason_text=text)
            moved = await self._repository.move(upload, Event.ABORTING, changes)
            if moved is not None:
                upload = await self._driver.abort(moved, wait)
                break
            upload = await self.get(upload_id, identity)
        else:
            if upload.state is State.ABORTING:
                upload = await self._driver.join(upload, wait)
        if upload.state is State.COMPLETED:
            raise AlreadyCompleted("The upload is completed and cannot be aborted any more.")
        if upload.state is State.COMPLETING:
            raise Completing("The upload is being completed and cannot be aborted now.", retry_after=2)
        return await self.get(upload_id, identity)

    async def download(self, upload_id: UploadId, identity: Identity) -> Download:
        """A presigned GetObject. Raises NotCompleted, UploadGone, StorageUnavailable, BucketElsewhere."""
        upload = await self.get(upload_id, identity)
        if upload.state in {State.ABORTING, State.ABORTED, State.FAILED}:
            require_open(upload)
        if upload.state is not State.COMPLETED:
            raise NotCompleted("There is nothing to download until the upload is completed.")
        return self._url_signer.download(refuse_elsewhere(upload, self._driving.store.bucket))

    def _here(self, upload: Upload) -> Upload:
        """One that has ended needs no store to say so."""
        return upload if upload.terminal else refuse_elsewhere(upload, self._driving.store.bucket)

    def _intent(self, tenant: str, owner: str, request: StartRequest, rules: Rules) -> NewUpload:
        upload_id = new_upload_id()
        plan = make_plan(request, rules, self._limits)
        method = method_of(plan, request, rules, self._lone_put)
        lone = method is Method.PUT
        urls_live = timedelta(seconds=self._lifetimes.url_expires) + URL_SLACK
        return NewUpload(
            id=upload_id,
            tenant=tenant,
            owner=owner,
            policy=rules.name,
            filename=request.filename,
            content_type=request.content_type or DEFAULT_CONTENT_TYPE,
            content_encoding=request.content_encoding,
            metadata=request.metadata,
            plan=plan,
            bucket=self._driving.store.bucket,
            key=make_key(tenant, owner, upload_id, request.filename),
            mark=new_mark(),
            fingerprint=request.fingerprint,
            lifetime=timedelta(seconds=rules.lifetime),
            hard_lifetime=self._lifetimes.hard,
            quota=self._quota,
            method=method,
            digest=Digest("md5", request.md5) if lone and request.md5 else None,
            urls_live=urls_live if lone and request.sign else None,
        )

    async def _create_again(self, upload: Upload) -> Upload:
        """A replay of a start whose outcome is not known yet."""
        if not upload.leased:
            taken = await self._repository.move(upload, Event.TAKEN_OVER, self._driving.leased())
            if taken is not None:
                return await create_again(self._driving, taken)
        raise IdempotencyInProgress(_STARTING, retry_after=1)

    async def _caught_up(self, upload: Upload) -> Upload:
        """With parts that reached the store and were never reported, so that nobody sends them twice."""
        if upload.state is not State.OPEN:
            return upload
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                await merge_listed(self._driving, upload)
        except (Unavailable, TimeoutError):
            return upload
        except RequestError as ended:
            log.info("resume.ended", upload_id=str(upload.id), code=ended.code)
        return await self._repository.reread(upload.id) or upload
