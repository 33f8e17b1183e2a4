"""`--apply`: what an audit may mend, and how little that is.

An abort is exact: one multipart upload by the store's id, under a key that is provably ours, with no object under it
(on some stores an upload that outlived its Complete shares the object's bytes), listed again a moment before. A row is
settled by the rules themselves, which read several times and move by compare-and-set. Whatever has changed since it
was found is left alone.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

from coordinator.audit.auditor import Auditor
from coordinator.audit.finding import Finding, Name, Remedy, Report
from coordinator.uploads.completion import resolve_gone
from coordinator.uploads.driving import Driving
from coordinator.uploads.model import Upload
from coordinator.uploads.state import State
from coordinator.uploads.store import StoreError, StoreUploadGone

__all__ = ["mend"]

_MOVED_ON = "left alone: the row has moved on"


async def mend(auditor: Auditor, driving: Driving, report: Report) -> AsyncIterator[Finding]:
    """Apply each remedy in turn, and yield its finding with the outcome. Nothing at a store that is in doubt."""
    doubted = report.counts[Name.STORE_STRANGE] > 0
    for place, finding in enumerate(report.findings):
        if finding.remedy is Remedy.NOTHING:
            continue
        outcome = (
            "left alone: is it the right store?" if doubted else await _outcome(auditor, driving, finding)
        )
        report.findings[place] = replace(finding, outcome=outcome)
        yield report.findings[place]


async def _outcome(auditor: Auditor, driving: Driving, finding: Finding) -> str:
    try:
        row = await driving.repository.reread(finding.upload_id) if finding.upload_id else None
        if (None if row is None else row.epoch) != finding.epoch:
            return _MOVED_ON
        if finding.remedy is Remedy.ABORT:
            return await _abort(auditor, finding)
        return _MOVED_ON if row is None else await _settle(driving, row)
    except StoreError as failed:
        return f"failed: {failed}"


async def _abort(auditor: Auditor, finding: Finding) -> str:
    key, made = finding.key, finding.multipart_upload_id
    if key is None or made is None:
        raise RuntimeError("what is to be aborted has a key and the store's id")
    if await auditor.asked(lambda: auditor.store.head_object(key)) is not None:
        return "left alone: there is an object under the key"
    try:
        # an upload that stands unlisted can be aborted all the same: what counts is that it stands
        await auditor.asked(lambda: auditor.store.list_parts(key, made))
        await auditor.store.abort_multipart_upload(key, made)
    except StoreUploadGone:
        return "left alone: it is gone already"
    return "aborted"


async def _settle(driving: Driving, row: Upload) -> str:
    settled = await resolve_gone(driving, row)
    if settled.state is State.OPEN:
        return "left alone: the store shows it again"
    return f"{settled.state}" if settled.reason is None else f"{settled.state} ({settled.reason})"
