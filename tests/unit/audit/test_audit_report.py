"""How findings are counted, kept and told."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from coordinator.audit.finding import Finding, Name, Remedy, Report
from coordinator.cli.audit import _older_than
from coordinator.cli.fail import run_fail
from coordinator.cli.failure import Failure
from coordinator.errors import ConfigurationError
from coordinator.settings import load_settings
from coordinator.uploads.model import MultipartUploadId, new_upload_id

PAGE = Path(__file__).parents[3] / "docs" / "audit.md"


def test_all_are_counted_and_so_many_are_kept() -> None:
    report = Report(most_of_a_name=2)
    for name in [Name.ROW_OVERDUE] * 5 + [Name.OBJECT_MISSING]:
        report.add(Finding(name, "so it is"))
    summary = report.told()["summary"]
    assert isinstance(summary, dict)
    assert (summary["counts"], summary["not_shown"]) == ({"object.missing": 1, "row.overdue": 5}, 3)
    assert [finding.name for finding in report.findings] == [Name.ROW_OVERDUE] * 2 + [Name.OBJECT_MISSING]
    assert not report.clean


def test_the_store_s_id_is_never_told() -> None:
    finding = Finding(
        Name.MULTIPART_LEFT, "left", new_upload_id(), "key", Remedy.ABORT, MultipartUploadId("the-store-s"), 7
    )
    assert set(finding.told()) == {"name", "upload_id", "key", "detail", "apply", "outcome"}
    assert "the-store-s" not in f"{finding!r}{finding.told()}"


def test_the_page_explains_every_name_and_no_other() -> None:
    named = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(named) == sorted(Name)


@pytest.mark.parametrize(
    ("hard_lifetime", "asked", "days"),
    [(6 * 86_400, None, 7), (20 * 86_400, None, 21), (3600, None, 7), (3600, 1, 1), (6 * 86_400, 7, 7)],
)
def test_orphans_must_be_older_than_any_upload_may_live(
    hard_lifetime: int, asked: int | None, days: int
) -> None:
    assert _older_than(load_settings({"hard_lifetime": hard_lifetime}), asked) == timedelta(days=days)


def test_a_shorter_age_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="must be 7 or more"):
        _older_than(load_settings(), 6)


def test_an_id_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="UPLOAD_ID: it is not an upload's id"):
        run_fail("no-id", None, yes=True)


@pytest.mark.parametrize("text", ["x" * 201, "403\x01", "a\u202eb"])
def test_what_owners_will_read_is_plain_and_short(text: str) -> None:
    with pytest.raises(Failure, match="--text"):
        run_fail(str(new_upload_id()), text, yes=True)
