"""Examinations of patients that differ from a healthy one in what a test names."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from coordinator.doctor.examination import examine
from coordinator.doctor.finding import Finding
from coordinator.doctor.patient import Patient
from coordinator.local.bucket import LocalStore, store_client
from coordinator.settings import Settings, load_settings

PAGE = "http://localhost:5173"
"""A page on this machine, so that a store on this machine is right for it."""

OF_TEST_DATABASES = {"database.durability"}
"""Tests run on a Postgres that forgets at a power cut, and the doctor says so."""


@dataclass(frozen=True, slots=True)
class Report:
    findings: list[Finding]
    left: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Finding:
        [found] = [finding for finding in self.findings if finding.name == name]
        return found

    @property
    def failed(self) -> set[str]:
        return {f.name for f in self.findings if f.status == "failed"} - OF_TEST_DATABASES

    @property
    def made(self) -> set[str]:
        return {f.name for f in self.findings if not f.detail.startswith("not checked")}

    @property
    def warned(self) -> set[str]:
        return {f.name for f in self.findings if f.status == "warning"} & self.made


@dataclass(frozen=True, slots=True)
class Healthy:
    store: dict[str, Any]
    database_url: str

    def settings(self, store: dict[str, Any] | None = None, **others: Any) -> Settings:
        healthy = {
            "database_url": self.database_url,
            "token_secret": "s" * 32,
            "allowed_origins": (PAGE,),
            "store": {**self.store, **(store or {})},
        }
        return load_settings(healthy | others)

    async def examined(self, store: dict[str, Any] | None = None, **others: Any) -> Report:
        """The report on the same patient, but for these settings."""
        settings = self.settings(store, **others)
        left: list[str] = []
        patient = Patient(
            settings=settings,
            origins=settings.allowed_origins,
            environ={},
            clock=lambda: datetime.now(UTC),
            new_name=lambda: secrets.token_hex(8),
        )
        return Report(await examine(patient, left_behind=left.extend), left)

    async def remaining(self) -> list[str]:
        """Every key and unfinished upload in the bucket."""
        async with store_client(LocalStore(**self.store)) as client:
            objects = await client.list_objects_v2(Bucket=self.store["bucket"])
            uploads = await client.list_multipart_uploads(Bucket=self.store["bucket"])
        return [row["Key"] for row in [*objects.get("Contents", []), *uploads.get("Uploads", [])]]
