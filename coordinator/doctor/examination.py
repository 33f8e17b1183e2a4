"""The whole examination: settings first, then database and store at once; and nothing is left behind.

Whatever ends it, the uploads and objects of the probes are removed before it returns or raises.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from coordinator.doctor.abuse_checks import ABUSE_CHECKS
from coordinator.doctor.bench import Bench, open_bench
from coordinator.doctor.check import not_checked, run_checks
from coordinator.doctor.cors_checks import CORS_CHECKS
from coordinator.doctor.database_checks import DATABASE_CHECKS
from coordinator.doctor.ending_checks import ENDING_CHECKS
from coordinator.doctor.finding import Finding
from coordinator.doctor.ledger import open_ledger
from coordinator.doctor.lifecycle_checks import LIFECYCLE_CHECKS
from coordinator.doctor.patient import Patient
from coordinator.doctor.presign_checks import PRESIGN_CHECKS
from coordinator.doctor.reach_checks import REACH_CHECKS
from coordinator.doctor.rights_checks import RIGHTS_CHECKS
from coordinator.doctor.scratch import PREFIX
from coordinator.doctor.settings_checks import SETTINGS_CHECKS
from coordinator.doctor.small_file_checks import SMALL_FILE_CHECKS
from coordinator.errors import ConfigurationError
from coordinator.uploads.store import StoreMisconfigured

__all__ = ["NAMES", "STORE_CHECKS", "examine"]

CLEANED: Final = "probes.removed"

CHECK_TIMEOUT: Final = 30.0
CLEAN_TIMEOUT: Final = 30.0

STORE_CHECKS: Final = (
    *REACH_CHECKS,
    *RIGHTS_CHECKS,
    *PRESIGN_CHECKS,
    *ENDING_CHECKS,
    *SMALL_FILE_CHECKS,
    *ABUSE_CHECKS,
    *CORS_CHECKS,
    *LIFECYCLE_CHECKS,
)

NAMES: Final = (
    *(check.name for check in SETTINGS_CHECKS),
    *(check.name for check in DATABASE_CHECKS),
    *(check.name for check in STORE_CHECKS),
    CLEANED,
)
"""Of every check, in the order of the report."""


async def examine(patient: Patient, *, left_behind: Callable[[Sequence[str]], None]) -> list[Finding]:
    """Every finding. `left_behind` hears, also when the run is cut short, of keys that could not be cleared.

    Raises ConfigurationError where no client can be made of the settings.
    """
    settings = await run_checks(SETTINGS_CHECKS, patient, within=CHECK_TIMEOUT)
    broken = {finding.name for finding in settings if finding.status == "failed"}
    try:
        async with asyncio.TaskGroup() as group:
            database = group.create_task(_database(patient, broken))
            store = group.create_task(_store(patient, broken, left_behind))
    except* ConfigurationError as wrong:
        raise wrong.exceptions[0] from None
    return [*settings, *database.result(), *store.result()]


async def _database(patient: Patient, broken: set[str]) -> list[Finding]:
    if "settings.database_url" in broken:
        return not_checked(DATABASE_CHECKS, "settings.database_url")
    async with open_ledger(patient.settings, patient.clock) as ledger:
        return await run_checks(DATABASE_CHECKS, ledger, within=CHECK_TIMEOUT)


async def _store(
    patient: Patient, broken: set[str], left_behind: Callable[[Sequence[str]], None]
) -> list[Finding]:
    for setting in ("settings.store", "settings.credentials"):
        if setting in broken:
            return [*not_checked(STORE_CHECKS, setting), _cleaned([])]
    try:
        async with open_bench(patient, patient.credentials()) as bench:
            return await _probed(bench, left_behind)
    except StoreMisconfigured as refused:
        raise ConfigurationError("store.endpoint_url", str(refused)) from None


async def _probed(bench: Bench, left_behind: Callable[[Sequence[str]], None]) -> list[Finding]:
    left: Sequence[str] = ()
    try:
        findings = await run_checks(STORE_CHECKS, bench, within=CHECK_TIMEOUT)
    finally:
        left = await bench.scratch.clean(bench.store, bench.bucket, within=CLEAN_TIMEOUT)
        if left:
            left_behind(left)
    return [*findings, _cleaned(left)]


def _cleaned(left: Sequence[str]) -> Finding:
    if left:
        return Finding(
            CLEANED,
            "warning",
            f"{len(left)} keys of the probes could not be cleared: {', '.join(left)}",
            f"Remove them, or allow the access key s3:DeleteObject on {PREFIX}*.",
        )
    return Finding(CLEANED, "passed", "nothing of the probes is left", "")
