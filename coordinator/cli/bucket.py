"""`coordinator bucket setup`: the bucket's CORS and lifecycle rules, after showing them and asking.

Ends with 0 when all is as it should be, 1 when the store refused or forgot a rule or the answer was no, 2 for wrong
settings or arguments.
"""

import os
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from coordinator.cli.interruption import run_heeding
from coordinator.cli.question import agreed
from coordinator.doctor.bucket_setup import Change, open_bucket, planned_changes
from coordinator.doctor.patient import Patient
from coordinator.errors import ConfigurationError
from coordinator.settings import Settings, load_settings

__all__ = ["run_setup"]


def run_setup(origins: Sequence[str], abort_days: int | None, *, yes: bool) -> None:
    """Raises ConfigurationError, Interrupted, and SystemExit with 1 when something is not as it should be in the end."""
    settings = load_settings({"allowed_origins": tuple(origins)} if origins else {})
    days = _days(settings, abort_days)
    if not yes and not (sys.stdin and sys.stdin.isatty()):
        raise ConfigurationError(
            "--yes", "there is no terminal to ask at; give --yes to set up without asking"
        )
    if not run_heeding(_setup(settings, days, yes=yes)):
        sys.exit(1)


async def _setup(settings: Settings, days: int, *, yes: bool) -> bool:
    async with open_bucket(_patient(settings)) as bucket:
        changes = await planned_changes(bucket, origins=settings.allowed_origins, days=days)
        print(f"bucket {bucket.name} at {settings.store.endpoint_url or 'AWS S3'}")
        for change in changes:
            print(f"\n{change.title}")
            print("\n".join(f"  {line}" for line in change.shown()) or "  no rules")
        if not settings.allowed_origins:
            print("\nCORS\n  left as it is: no origin is named (--origin, or COORDINATOR_ALLOWED_ORIGINS)")
        needed = [change for change in changes if change.needed]
        if not needed:
            print("\nnothing to do")
        elif not yes and not agreed("\nset this up?"):
            print("nothing was changed")
            return False
        done = [await _carried_out(change) for change in needed]
        return all(done) and all(change.before is not None for change in changes)


async def _carried_out(change: Change) -> bool:
    trouble = await change.carried_out()
    if trouble is not None:
        print(f"{change.title}: {trouble}; set it where this store keeps such rules", file=sys.stderr)
        return False
    print(f"{change.title}: set, and read back", flush=True)
    return True


def _days(settings: Settings, wanted: int | None) -> int:
    """More than an upload may take, in whole days. Raises ConfigurationError for fewer."""
    longest = timedelta(seconds=settings.hard_lifetime)
    least = longest // timedelta(days=1) + 1
    if wanted is not None and wanted < least:
        problem = f"uploads may take {longest} (hard_lifetime), so it must be {least} or more"
        raise ConfigurationError("--abort-days", problem)
    return wanted or least


def _patient(settings: Settings) -> Patient:
    return Patient(
        settings=settings,
        origins=settings.allowed_origins,
        environ=os.environ,
        clock=lambda: datetime.now(UTC),
        new_name=lambda: secrets.token_hex(8),
    )
