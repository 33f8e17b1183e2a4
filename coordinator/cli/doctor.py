"""`coordinator doctor`: every check, one line each, and how to mend what is wrong.

On a terminal with symbols and colours, plain when piped, as a JSON list with `--json`. Ends with 0 when nothing failed,
else 1; wrong settings end it earlier with 2.
"""

import json
import os
import secrets
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.text import Text

from coordinator.cli.interruption import run_heeding
from coordinator.cli.running_dev import settings_of_running_dev
from coordinator.doctor.examination import examine
from coordinator.doctor.finding import Finding, Status
from coordinator.doctor.patient import Patient
from coordinator.settings import Settings, load_settings
from coordinator.signing.credentials import Credentials, CredentialsError
from coordinator.storage.credentials import find_credentials

__all__ = ["run_doctor", "show"]

_SYMBOLS: Final[dict[Status, tuple[str, str]]] = {
    "passed": ("✓", "green"),
    "warning": ("!", "yellow"),
    "failed": ("✗", "bold red"),
}

_WIDEST_NAME: Final = 27


def run_doctor(origins: Sequence[str], data_dir: str | None, *, as_json: bool) -> None:
    """Raises ConfigurationError, Interrupted, and SystemExit with 1 when a check failed."""
    named = {"allowed_origins": tuple(origins)} if origins else {}
    settings = load_settings(named) if data_dir is None else settings_of_running_dev(Path(data_dir), named)
    findings = _examined(settings)
    if as_json:
        print(json.dumps(msgspec.to_builtins(findings), indent=2))
    else:
        show(findings, Console(highlight=False, soft_wrap=True))
    if any(finding.status == "failed" for finding in findings):
        sys.exit(1)


def show(findings: Sequence[Finding], console: Console) -> None:
    for finding in findings:
        symbol, style = _SYMBOLS[finding.status]
        mark = symbol if console.is_terminal else f"{finding.status:7}"
        console.print(
            Text.assemble(
                (mark, style), f" {finding.name:{_WIDEST_NAME}} ", (finding.detail, _dimmed(finding))
            )
        )
        if finding.remedy:
            console.print(Text(f"{' ' * (len(mark) + 1)}{'':{_WIDEST_NAME}} -> {finding.remedy}"))
    count = Counter(finding.status for finding in findings)
    console.print(Text(f"{count['passed']} passed, {count['warning']} warnings, {count['failed']} failed"))


def _dimmed(finding: Finding) -> str:
    return "dim" if finding.status == "passed" else ""


def _examined(settings: Settings) -> list[Finding]:
    patient = Patient(
        settings=settings,
        origins=_origins(settings),
        environ=os.environ,
        clock=lambda: datetime.now(UTC),
        new_name=lambda: secrets.token_hex(8),
    )
    return run_heeding(_examination(patient))


async def _examination(patient: Patient) -> list[Finding]:
    """A signal ends it after the probes were removed."""
    patient = replace(patient, found=await _found(patient))
    return await examine(patient, left_behind=_tell_left_behind)


async def _found(patient: Patient) -> Credentials | None:
    """The machine's own credentials, where no key is given; none are left for the examination to report."""
    if patient.store.access_key_id is not None or patient.environ.get("AWS_ACCESS_KEY_ID"):
        return None
    try:
        return await find_credentials()
    except CredentialsError:
        return None


def _origins(settings: Settings) -> tuple[str, ...]:
    """Of all pages that send: the named ones, and the service's own upload page."""
    own = [settings.public_url] if settings.public_url and settings.page else []
    return tuple(dict.fromkeys([*settings.allowed_origins, *own]))


def _tell_left_behind(keys: Sequence[str]) -> None:
    print(f"coordinator: left in the bucket, remove by hand: {', '.join(keys)}", file=sys.stderr)
