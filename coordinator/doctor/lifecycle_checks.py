"""The store's own end of uploads that nobody ended: the last net, which must not be pulled in too early.

The sweep ends stale uploads itself; the rule catches what a lost database forgot. It counts whole days from the start
of an upload (S3 User Guide, "Aborting incomplete multipart uploads using a bucket lifecycle configuration").
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from coordinator.doctor.bench import Bench
from coordinator.doctor.bucket import BucketRefused, Rule
from coordinator.doctor.check import Check
from coordinator.doctor.finding import Verdict, failed, passed, warning

__all__ = ["LIFECYCLE_CHECKS", "abort_days", "lifecycle_verdict", "prefix_of"]


async def abort_incomplete(bench: Bench) -> Verdict:
    longest = timedelta(seconds=bench.patient.settings.hard_lifetime)
    try:
        rules = await bench.bucket.lifecycle_rules()
    except BucketRefused as refused:
        return warning(
            f"the bucket's lifecycle rules cannot be read ({refused.code})",
            "Allow s3:GetLifecycleConfiguration; where the store has none, look up when it gives up uploads"
            " and keep COORDINATOR_HARD_LIFETIME below that.",
        )
    return lifecycle_verdict(rules, longest)


def lifecycle_verdict(rules: Sequence[Rule], longest: timedelta) -> Verdict:
    """`longest` is how long an upload may take."""
    days = [found for rule in rules if (found := abort_days(rule)) is not None]
    if days and timedelta(days=min(days)) <= longest:
        return failed(
            f"the store aborts uploads after {min(days)} days, while they may take {longest}",
            f"Set the rule to {longest // timedelta(days=1) + 1} days or more, or lower COORDINATOR_HARD_LIFETIME.",
        )
    whole = [rule for rule in rules if abort_days(rule) is not None and not prefix_of(rule)]
    if not whole:
        return warning(
            "no lifecycle rule aborts unfinished uploads: parts that the ledger lost cost space for ever",
            "Run `coordinator bucket setup`, or make a rule with AbortIncompleteMultipartUpload.",
        )
    return passed(f"the store aborts unfinished uploads after {min(days)} days")


def abort_days(rule: Rule) -> int | None:
    """After how many days the rule aborts uploads; None when it does not, or is switched off."""
    if rule.get("Status") != "Enabled":
        return None
    days = rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation")
    return None if days is None else int(days)


def prefix_of(rule: Rule) -> str:
    """The keys the rule is for; empty for all. Older rules have the prefix outside the filter."""
    within = rule.get("Filter", {})
    return str(rule.get("Prefix") or within.get("Prefix") or within.get("And", {}).get("Prefix") or "")


LIFECYCLE_CHECKS: Final = (Check("lifecycle.abort_incomplete", abort_incomplete, needs=("store.bucket",)),)
