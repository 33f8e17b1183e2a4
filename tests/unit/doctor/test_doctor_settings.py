"""What the settings alone show."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from coordinator.doctor.check import run_checks
from coordinator.doctor.finding import Finding
from coordinator.doctor.patient import Patient
from coordinator.doctor.settings_checks import SETTINGS_CHECKS
from coordinator.settings import load_settings

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "database_url": "postgresql://a:b@host/c",
    "token_secret": "s" * 32,
    "allowed_origins": ("https://app.example",),
}
STORE = {"endpoint_url": "https://s3.example", "access_key_id": "id", "secret_access_key": "secret"}


async def trouble(
    store: Mapping[str, Any] | None = None, *, environ: Mapping[str, str] | None = None, **others: Any
) -> dict[str, Finding]:
    settings = load_settings({**GOOD, "store": {**STORE, **(store or {})}, **others})
    patient = Patient(settings, settings.allowed_origins, environ or {}, lambda: NOW, lambda: "name")
    findings = await run_checks(SETTINGS_CHECKS, patient, within=30)
    return {finding.name: finding for finding in findings if finding.status != "passed"}


async def test_good_ones() -> None:
    assert await trouble() == {}


@pytest.mark.parametrize(
    ("store", "others", "name", "status"),
    [
        ({}, {"database_url": ""}, "settings.database_url", "failed"),
        ({}, {"database_url": "mysql://a:b@host/c"}, "settings.database_url", "failed"),
        ({"bucket": "under/way"}, {}, "settings.store", "failed"),
        ({"access_key_id": None, "secret_access_key": None}, {}, "settings.credentials", "failed"),
        ({"access_key_id": "", "secret_access_key": ""}, {}, "settings.credentials", "failed"),
        ({}, {"token_secret": None}, "settings.token_secret", "failed"),
        ({}, {"allowed_origins": ()}, "settings.origins", "warning"),
        ({}, {"allowed_origins": ("http://app.example",)}, "settings.origins", "warning"),
        ({"public_endpoint_url": "http://s3.example"}, {}, "settings.mixed_content", "failed"),
        ({"public_endpoint_url": "https://localhost:9000"}, {}, "settings.public_host", "failed"),
        ({"public_endpoint_url": "https://seaweedfs:8333"}, {}, "settings.public_host", "warning"),
        ({}, {"url_expires": 7_200}, "settings.url_expires", "warning"),
    ],
)
async def test_bad_ones(store: Mapping[str, Any], others: Mapping[str, Any], name: str, status: str) -> None:
    found = await trouble(store, **others)
    assert found[name].status == status
    assert found[name].remedy
    assert "b@host" not in found[name].detail


async def test_credentials_that_end_before_a_url_does() -> None:
    environ = {
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_CREDENTIAL_EXPIRATION": "2026-11-21T08:10:00+00:00",
    }
    found = await trouble({"access_key_id": None, "secret_access_key": None}, environ=environ)
    assert found.keys() == {"settings.credentials"}
    assert "0:10:00" in found["settings.credentials"].detail
