"""The two rules a bucket needs, and how they are put among those that are there.

* CORS: S3 takes the first rule that fits origin and method, so ours goes first. Origins named earlier stay in it.
* Lifecycle: the earliest of all rules counts, so the order does not matter.

Ours are known by their ID, or by what they say where a store drops IDs. Foreign rules stay as they are, in their order.
"""

from collections.abc import Sequence
from typing import Any, Final

from coordinator.doctor.bucket import Rule
from coordinator.doctor.lifecycle_checks import abort_days, prefix_of
from coordinator.uploads.model import MARK_NAME

__all__ = ["cors_line", "kept", "lifecycle_line", "with_abort_rule", "with_cors_rule"]

_CORS_ID: Final = "coordinator"
_ABORT_ID: Final = "coordinator-abort-incomplete"

_METHODS: Final = ("PUT", "GET", "HEAD")
_HEADERS: Final = (
    *("content-type", "content-disposition", "content-encoding", "content-md5", "if-none-match"),
    *("x-amz-checksum-*", f"x-amz-meta-{MARK_NAME}"),
)
_EXPOSED: Final = ("ETag",)
_MAX_AGE: Final = 3_600


def with_cors_rule(rules: Sequence[Rule], origins: Sequence[str]) -> list[Rule]:
    ours = [rule for rule in rules if _is_our_cors(rule)]
    named = [origin for rule in ours for origin in rule.get("AllowedOrigins", [])]
    rule: dict[str, Any] = {
        "ID": _CORS_ID,
        "AllowedOrigins": list(dict.fromkeys([*named, *origins])),
        "AllowedMethods": list(_METHODS),
        "AllowedHeaders": list(_HEADERS),
        "ExposeHeaders": list(_EXPOSED),
        "MaxAgeSeconds": _MAX_AGE,
    }
    return [rule, *(other for other in rules if not _is_our_cors(other))]


def with_abort_rule(rules: Sequence[Rule], days: int) -> list[Rule]:
    """Unchanged when another rule already does the same for all keys."""
    foreign = [rule for rule in rules if rule.get("ID") != _ABORT_ID]
    if any(abort_days(rule) == days and not prefix_of(rule) for rule in foreign):
        return foreign
    rule = {
        "ID": _ABORT_ID,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days},
    }
    return [*foreign, rule]


def kept(wanted: Sequence[str], found: Sequence[str]) -> bool:
    """Whether every wanted rule is there, by what it says in one line: stores fill in IDs and defaults of their own."""
    return set(wanted) <= set(found)


def cors_line(rule: Rule) -> str:
    origins = ", ".join(rule.get("AllowedOrigins", []))
    headers = ", ".join(rule.get("AllowedHeaders", [])) or "none"
    exposed = ", ".join(rule.get("ExposeHeaders", [])) or "nothing"
    methods = ", ".join(rule.get("AllowedMethods", []))
    return f"{origins} may {methods} with headers {headers}; sees {exposed}"


def lifecycle_line(rule: Rule) -> str:
    keys = f"keys below {prefix_of(rule)}" if prefix_of(rule) else "all keys"
    days = rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation")
    does = [] if days is None else [f"abort unfinished uploads after {days} days"]
    does += sorted(set(rule) - {"ID", "Status", "Filter", "Prefix", "AbortIncompleteMultipartUpload"})
    off = "" if rule.get("Status") == "Enabled" else " (off)"
    return f"{keys}: {', '.join(does) or 'nothing'}{off}"


def _is_our_cors(rule: Rule) -> bool:
    says = (rule.get("AllowedMethods"), rule.get("AllowedHeaders"), rule.get("ExposeHeaders"))
    return rule.get("ID") == _CORS_ID or says == (list(_METHODS), list(_HEADERS), list(_EXPOSED))
