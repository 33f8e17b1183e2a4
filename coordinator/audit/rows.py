"""The ledger's side: every row, what it breaks by itself, and whether the store bears it out.

The store is read after the row, and the row once more after the store: what has moved on meanwhile is not judged, so
that a listing which was true a moment ago accuses nobody.
"""

from collections.abc import Sequence
from typing import Final, Literal

from coordinator.audit.auditor import Auditor
from coordinator.audit.finding import Finding, Name
from coordinator.audit.judging import of_completed, of_gone, of_multipart_uploads, of_wake_up
from coordinator.database.auditing import (
    drifted_quotas,
    page_of_uploads,
    uploads_by_id,
    violations,
    without_upload,
)
from coordinator.uploads.model import Method, MultipartUploadId, Upload, UploadId
from coordinator.uploads.state import State
from coordinator.uploads.store import StoreError, StoreUploadGone

__all__ = ["compare_rows"]

_SAMPLE: Final = 20

_STRAYS: Final[tuple[tuple[Literal["parts", "events"], Name], ...]] = (
    ("parts", Name.LEDGER_STRAY_PARTS),
    ("events", Name.LEDGER_STRAY_EVENTS),
)


async def compare_rows(auditor: Auditor) -> list[Upload]:
    """Go through the ledger. A few open rows whose multipart uploads the store listed by key, for `strays`."""
    sample: list[Upload] = []

    async def examine(row: Upload) -> None:
        try:
            if await _examine(auditor, row) and len(sample) < _SAMPLE:
                sample.append(row)
        except StoreError as failed:
            auditor.unanswered(failed, row)

    after: UploadId | None = None
    while page := await page_of_uploads(auditor.engine, after=after, limit=auditor.rows_per_page):
        after = page[-1].id
        # not in the statement: it would look for the few among millions for longer than a statement may take
        wanted = [row for row in page if row.key.startswith(auditor.prefix)]
        await _note_violations(auditor, wanted)
        await auditor.each(wanted, examine, "rows")
    if not auditor.prefix:
        await _look_beside_the_rows(auditor)
    if auditor.report.rows_elsewhere:
        detail = (
            f"{auditor.report.rows_elsewhere} rows name another bucket than store.bucket, and were not judged"
        )
        auditor.report.add(Finding(Name.STORE_ELSEWHERE, detail))
    return sample


async def _examine(auditor: Auditor, row: Upload) -> bool:
    """Whether the store listed the multipart upload of an open row."""
    auditor.report.rows += 1
    due = of_wake_up(row, auditor.overdue)
    found = [] if due is None else [due]
    listed = False
    if row.bucket != auditor.store.bucket:
        auditor.report.rows_elsewhere += 1
    elif row.state is State.COMPLETED:
        found += await _completed(auditor, row)
    elif row.state is State.OPEN and row.method is Method.MULTIPART:
        # of method `put` the store knows nothing before the object is there, and then only complete is missing
        more, listed = await _open(auditor, row)
        found += more
    elif row.state in {State.ABORTED, State.FAILED} and row.wake_at is None:
        found += of_multipart_uploads(row, await _standing(auditor, row))
    if found and await _unmoved(auditor, row):
        for finding in found:
            auditor.report.add(finding)
    return listed


async def _completed(auditor: Auditor, row: Upload) -> list[Finding]:
    found = await auditor.asked(lambda: auditor.store.head_object(row.key))
    finding = of_completed(row, found)
    _count(auditor, confirmed=found is not None and found.mark == row.mark)
    return [] if finding is None else [finding]


async def _open(auditor: Auditor, row: Upload) -> tuple[list[Finding], bool]:
    standing = await _standing(auditor, row)
    found = of_multipart_uploads(row, standing)
    gone = row.multipart_upload_id not in standing
    if gone:
        lost = of_gone(row, await auditor.asked(lambda: auditor.store.head_object(row.key)))
        found.append(lost)
        gone = lost.name is Name.ROW_LOST
    _count(auditor, confirmed=not gone)
    return found, row.multipart_upload_id in standing


async def _standing(auditor: Auditor, row: Upload) -> Sequence[MultipartUploadId]:
    """What is listed under the key; and the row's own, which some stores do not list although it stands."""
    listed = await auditor.asked(lambda: auditor.store.list_multipart_uploads(row.key))
    standing = [found.multipart_upload_id for found in listed]
    own = row.multipart_upload_id
    if own is None or own in standing:
        return standing
    try:
        await auditor.asked(lambda: auditor.store.list_parts(row.key, own))
    except StoreUploadGone:
        return standing
    return [*standing, own]


async def _unmoved(auditor: Auditor, row: Upload) -> bool:
    again = (await uploads_by_id(auditor.engine, [row.id])).get(row.id)
    return again is not None and (again.epoch, again.wake_at) == (row.epoch, row.wake_at)


async def _note_violations(auditor: Auditor, page: Sequence[Upload]) -> None:
    rows = {row.id: row for row in page}
    for upload_id, name in await violations(auditor.engine, list(rows)):
        row = rows[upload_id]
        auditor.report.add(
            Finding(
                Name(name), f"the ledger contradicts itself about this {row.state} upload", row.id, row.key
            )
        )


async def _look_beside_the_rows(auditor: Auditor) -> None:
    """What no page of rows leads to."""
    for table, name in _STRAYS:
        following: UploadId | None = None
        while True:
            strays, following = await without_upload(
                auditor.engine, table, after=following, limit=auditor.rows_per_page
            )
            for upload_id in strays:
                auditor.report.add(Finding(name, f"{table} of an upload that is not there", upload_id))
            if following is None:
                break
    for quota in await drifted_quotas(auditor.engine, auditor.report.most_of_a_name):
        whose = f"owner {quota.owner} of tenant {quota.tenant}" if quota.owner else f"tenant {quota.tenant}"
        auditor.report.add(
            Finding(
                Name.LEDGER_QUOTA,
                f"{whose}: {quota.reserved} bytes of {quota.live} uploads are reserved, "
                f"and {quota.counted_reserved} bytes of {quota.counted_live} uploads are under way; "
                f"{quota.used} are used, of {'any number' if quota.bytes_limit is None else quota.bytes_limit}",
            )
        )


def _count(auditor: Auditor, *, confirmed: bool) -> None:
    auditor.report.judged += 1
    auditor.report.confirmed += confirmed
