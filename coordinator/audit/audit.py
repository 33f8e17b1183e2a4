"""An audit from beginning to end: the ledger's rows, the bucket's multipart uploads, its objects. It changes nothing."""

from typing import Final

from coordinator.audit.auditor import Auditor
from coordinator.audit.finding import Finding, Name, Report
from coordinator.audit.rows import compare_rows
from coordinator.audit.strays import compare_multipart_uploads, compare_objects

__all__ = ["audit"]

_ENOUGH: Final = 10
"""Rows that must all be unheard of at the store before the store itself is doubted."""


async def audit(auditor: Auditor) -> Report:
    """Raises DatabaseUnavailable; the store's trouble becomes findings."""
    sample = await compare_rows(auditor)
    await compare_multipart_uploads(auditor, sample)
    await compare_objects(auditor)
    report = auditor.report
    if report.judged >= _ENOUGH and report.confirmed == 0:
        detail = f"of {report.judged} uploads the store shows nothing; is it the bucket they were sent to?"
        report.add(Finding(Name.STORE_STRANGE, detail))
    return report
