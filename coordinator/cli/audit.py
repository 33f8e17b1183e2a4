"""`coordinator audit`: the ledger held against the bucket, both ways; with `--apply`, the little that can be mended.

Ends with 0 when nothing was found, with 1 when something was, mended or not, and with 2 for wrong settings. The report
goes to standard output, as one JSON object with `--json`; a progress bar, on a terminal, to standard error.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from coordinator.audit.audit import audit
from coordinator.audit.auditor import Auditor, Stage
from coordinator.audit.finding import Finding, Remedy, Report
from coordinator.audit.mending import mend
from coordinator.cli.interruption import run_heeding
from coordinator.cli.operating import operating
from coordinator.cli.running_dev import settings_of_running_dev
from coordinator.database.auditing import estimated_uploads
from coordinator.errors import ConfigurationError
from coordinator.logs import configure_logs
from coordinator.settings import Settings, load_settings

__all__ = ["AuditWishes", "run_audit"]

_DAY: Final = timedelta(days=1)
_USUAL_DAYS: Final = 7
_WIDEST_NAME: Final = 26


@dataclass(frozen=True, slots=True)
class AuditWishes:
    as_json: bool
    apply: bool
    older_than: int | None
    """Days."""
    prefix: str
    at_once: int


def run_audit(data_dir: str | None, wishes: AuditWishes) -> None:
    """Raises ConfigurationError, Interrupted, and SystemExit with 1 when something was found."""
    settings = load_settings() if data_dir is None else settings_of_running_dev(Path(data_dir), {})
    configure_logs(settings)
    report = run_heeding(_audited(settings, wishes))
    if wishes.as_json:
        print(json.dumps(report.told(), indent=2))
    if not report.clean:
        sys.exit(1)


async def _audited(settings: Settings, wishes: AuditWishes) -> Report:
    older_than = _older_than(settings, wishes.older_than)
    async with operating(settings) as at:
        with _bar(None if wishes.prefix else await estimated_uploads(at.engine)) as bar:
            auditor = Auditor(
                at.engine,
                at.store,
                retention=timedelta(days=settings.retention) or None,
                older_than=older_than,
                prefix=wishes.prefix,
                at_once=wishes.at_once,
                progress=bar.advanced,
            )
            report = await audit(auditor)
        if not wishes.as_json:
            _show(report, applying=wishes.apply)
        if wishes.apply:
            async for finding in mend(auditor, at.driving, report):
                if not wishes.as_json:
                    print(f"{finding.name:{_WIDEST_NAME}} {_whose(finding)}: {finding.outcome}")
    return report


def _older_than(settings: Settings, days: int | None) -> timedelta:
    """Longer than any upload may live. Raises ConfigurationError for less."""
    least = timedelta(seconds=settings.hard_lifetime) // _DAY + 1
    if days is not None and days < least:
        longest = timedelta(seconds=settings.hard_lifetime)
        raise ConfigurationError(
            "--older-than", f"uploads may take {longest} (hard_lifetime), so it must be {least} or more"
        )
    return _DAY * (max(_USUAL_DAYS, least) if days is None else days)


def _show(report: Report, *, applying: bool) -> None:
    for finding in report.findings:
        print(f"{finding.name:{_WIDEST_NAME}} {_whose(finding)}: {finding.detail}")
        if finding.remedy is not Remedy.NOTHING and not applying:
            print(f"{'':{_WIDEST_NAME}} -> --apply would {finding.remedy}")
    left_out = report.counts.total() - len(report.findings)
    if left_out:
        print(f"and {left_out} more, of the same kinds")
    print(
        f"{report.rows} rows, {report.multipart_uploads} multipart uploads, {report.objects} objects "
        f"({report.objects_forgotten} older than the ledger's memory, {report.foreign} not ours): "
        f"{report.counts.total() or 'no'} findings"
    )


def _whose(finding: Finding) -> str:
    return finding.key or (str(finding.upload_id) if finding.upload_id else "-")


class _Bar:
    def __init__(self, progress: Progress, rows: int | None) -> None:
        self._progress = progress
        self._stages: dict[Stage, TaskID] = {"rows": progress.add_task("rows", total=rows)}

    def advanced(self, stage: Stage, count: int) -> None:
        if stage not in self._stages:
            self._stages[stage] = self._progress.add_task(stage, total=None)
        self._progress.advance(self._stages[stage], count)


@contextmanager
def _bar(rows: int | None) -> Iterator[_Bar]:
    """Shown on a terminal alone, and gone at the end."""
    console = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress:
        yield _Bar(progress, rows)
