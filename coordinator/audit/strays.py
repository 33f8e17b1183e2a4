"""The bucket's side: every multipart upload and every object, and whether a row knows of it.

The listing is read first and the rows after it: a row is committed before the store hears of its upload, so what is
listed and has no row will never have one. Anything whose key or mark does not show that it is ours is counted and not
mentioned.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from coordinator.audit.auditor import Auditor
from coordinator.audit.finding import Finding, Name, Remedy
from coordinator.audit.judging import of_multipart_uploads, of_strange_object
from coordinator.audit.layout import KeyOfOurs, key_of_ours
from coordinator.database.auditing import uploads_by_id
from coordinator.uploads.model import MultipartUploadId, Upload, UploadId
from coordinator.uploads.state import State
from coordinator.uploads.store import StoreError
from coordinator.uploads.whole_bucket import KeyedMultipartUpload, KeyedObject

__all__ = ["compare_multipart_uploads", "compare_objects"]

_UNLISTED: Final = (
    "an open upload's multipart upload is listed under its key, and not among those of the whole bucket: "
    "the store cannot be searched for what no row knows of; let a lifecycle rule end old multipart uploads"
)


async def compare_multipart_uploads(auditor: Auditor, sample: Sequence[Upload]) -> None:
    """`sample`: open rows whose multipart uploads must be among those listed, if the listing is to be believed."""
    missing = {row.multipart_upload_id: row for row in sample}
    try:
        async for page in auditor.pages(auditor.store.page_of_multipart_uploads):
            await _multipart_uploads(auditor, page)
            for listed in page:
                missing.pop(listed.multipart_upload_id, None)
        await _note_unlisted(auditor, list(missing.values()))
    except StoreError as failed:
        auditor.unanswered(failed)


async def compare_objects(auditor: Auditor) -> None:
    try:
        async for page in auditor.pages(auditor.store.page_of_objects):
            await _objects(auditor, page)
    except StoreError as failed:
        auditor.unanswered(failed)


async def _multipart_uploads(auditor: Auditor, page: Sequence[KeyedMultipartUpload]) -> None:
    keys = _keys(page)
    rows = await _rows(auditor, keys)

    async def examine(listed: KeyedMultipartUpload) -> None:
        auditor.report.multipart_uploads += 1
        ours = keys.get(listed.key)
        row = rows.get(ours.upload_id) if ours else None
        try:
            if ours is None or (row is not None and not _of_this(auditor, row, listed.key)):
                auditor.report.foreign += 1
            elif row is None:
                await _orphan(auditor, listed, ours)
            elif row.state is State.COMPLETED:
                await _leftover(auditor, listed, row)
        except StoreError as failed:
            auditor.unanswered(failed, row, listed.key)

    await auditor.each(page, examine, "multipart uploads")


async def _orphan(auditor: Auditor, listed: KeyedMultipartUpload, ours: KeyOfOurs) -> None:
    if not await _still_listed(auditor, listed.key, listed.multipart_upload_id):
        return
    age = auditor.clock() - listed.initiated
    days = f"{age.total_seconds() / 86_400:.1f} days old"
    detail, remedy = f"no row knows of this multipart upload, {days}", Remedy.NOTHING
    if not ours.began(listed.initiated):
        detail += "; it did not begin when its key says, so it may be somebody else's"
    elif age <= auditor.older_than:
        detail += "; too young to be sure that nobody sends to it"
    else:
        remedy = Remedy.ABORT
    auditor.report.add(
        Finding(Name.MULTIPART_ORPHAN, detail, ours.upload_id, listed.key, remedy, listed.multipart_upload_id)
    )


async def _leftover(auditor: Auditor, listed: KeyedMultipartUpload, row: Upload) -> None:
    if await _still_listed(auditor, row.key, listed.multipart_upload_id):
        for finding in of_multipart_uploads(row, [listed.multipart_upload_id]):
            auditor.report.add(finding)


async def _still_listed(auditor: Auditor, key: str, made: MultipartUploadId) -> bool:
    again = await auditor.asked(lambda: auditor.store.list_multipart_uploads(key))
    return any(found.multipart_upload_id == made for found in again)


async def _note_unlisted(auditor: Auditor, missing: Sequence[Upload]) -> None:
    """The listing of the whole bucket left these out: had they ended meanwhile, or is it not to be believed?"""
    rows = await uploads_by_id(auditor.engine, [row.id for row in missing])
    for row in missing:
        now = rows.get(row.id)
        made = row.multipart_upload_id
        unmoved = now is not None and now.epoch == row.epoch and made is not None
        if unmoved and made is not None and await _still_listed(auditor, row.key, made):
            auditor.report.add(Finding(Name.STORE_LISTING, _UNLISTED))
            return


async def _objects(auditor: Auditor, page: Sequence[KeyedObject]) -> None:
    keys = _keys(page)
    rows = await _rows(auditor, keys)

    async def examine(listed: KeyedObject) -> None:
        auditor.report.objects += 1
        ours = keys.get(listed.key)
        row = rows.get(ours.upload_id) if ours else None
        try:
            if ours is None or (row is not None and not _of_this(auditor, row, listed.key)):
                auditor.report.foreign += 1
            elif row is None:
                await _object_without_row(auditor, listed, ours)
            elif row.state is not State.COMPLETED:
                await _strange_object(auditor, row)
        except StoreError as failed:
            auditor.unanswered(failed, row, listed.key)

    await auditor.each(page, examine, "objects")


async def _object_without_row(auditor: Auditor, listed: KeyedObject, ours: KeyOfOurs) -> None:
    if auditor.retention is not None and auditor.clock() - listed.last_modified > auditor.retention:
        auditor.report.objects_forgotten += 1
        return
    found = await auditor.asked(lambda: auditor.store.head_object(listed.key))
    if found is None:
        return
    if found.mark is None:
        auditor.report.foreign += 1
        return
    detail = f"an object with a mark of ours, {found.size} bytes, that no row knows"
    auditor.report.add(Finding(Name.OBJECT_ORPHAN, detail, ours.upload_id, listed.key))


async def _strange_object(auditor: Auditor, row: Upload) -> None:
    found = await auditor.asked(lambda: auditor.store.head_object(row.key))
    finding = None if found is None else of_strange_object(row, found)
    again = (await uploads_by_id(auditor.engine, [row.id])).get(row.id) if finding else None
    if finding is not None and again is not None and again.epoch == row.epoch:
        auditor.report.add(finding)


def _keys(page: Sequence[KeyedMultipartUpload] | Sequence[KeyedObject]) -> Mapping[str, KeyOfOurs]:
    found = {listed.key: key_of_ours(listed.key) for listed in page}
    return {key: ours for key, ours in found.items() if ours is not None}


async def _rows(auditor: Auditor, keys: Mapping[str, KeyOfOurs]) -> Mapping[UploadId, Upload]:
    return await uploads_by_id(auditor.engine, list({ours.upload_id for ours in keys.values()}))


def _of_this(auditor: Auditor, row: Upload, key: str) -> bool:
    """A row's id under another key or bucket is a copy somebody made."""
    return (row.bucket, row.key) == (auditor.store.bucket, key)
