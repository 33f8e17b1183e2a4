"""What numbers and settings are taken for."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from coordinator.doctor.database_checks import connections_verdict, durability_verdict, version_verdict
from coordinator.doctor.lifecycle_checks import lifecycle_verdict

DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


@pytest.mark.parametrize(
    ("number", "status"), [(130_012, "failed"), (140_000, "passed"), (180_006, "passed")]
)
def test_versions(number: int, status: str) -> None:
    assert version_verdict(number).status == status


@pytest.mark.parametrize("off", [*DURABLE])
def test_a_database_that_may_forget_fails_and_says_by_what(off: str) -> None:
    found = durability_verdict(DURABLE | {off: "off"})
    assert found.status == "failed"
    assert off in found.detail


def test_a_durable_database() -> None:
    assert durability_verdict(DURABLE).status == "passed"
    assert durability_verdict(DURABLE | {"synchronous_commit": "remote_apply"}).status == "passed"


@pytest.mark.parametrize(
    ("pool_size", "most", "others", "status"),
    [(10, 97, 0, "passed"), (10, 97, 87, "passed"), (10, 97, 88, "warning"), (98, 97, 0, "failed")],
)
def test_connections(pool_size: int, most: int, others: int, status: str) -> None:
    assert connections_verdict(pool_size=pool_size, most=most, others=others).status == status


def abort(days: int, **other: Any) -> Mapping[str, Any]:
    return {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days}, **other}


SIX_DAYS = timedelta(days=6)


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ([], "warning"),
        ([abort(7)], "passed"),
        ([abort(7, Prefix="")], "passed"),
        ([abort(7, Filter={"Prefix": ""})], "passed"),
        ([abort(7, Status="Disabled")], "warning"),
        ([abort(7, Prefix="logs/")], "warning"),
        ([abort(7, Filter={"And": {"Prefix": "logs/", "Tags": []}})], "warning"),
        ([abort(6)], "failed"),
        ([abort(7), abort(2, Prefix="acme/")], "failed"),
        ([{"Status": "Enabled", "Expiration": {"Days": 30}}], "warning"),
    ],
)
def test_lifecycle_rules(rules: list[Mapping[str, Any]], status: str) -> None:
    found = lifecycle_verdict(rules, SIX_DAYS)
    assert found.status == status
    assert bool(found.remedy) == (status != "passed")
