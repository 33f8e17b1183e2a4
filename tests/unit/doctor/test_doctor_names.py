"""The checks there are, and the page that describes them."""

import re
from pathlib import Path

from coordinator.doctor.database_checks import DATABASE_CHECKS
from coordinator.doctor.examination import NAMES, STORE_CHECKS
from coordinator.doctor.settings_checks import SETTINGS_CHECKS

PAGE = Path(__file__).parents[3] / "docs" / "doctor.md"

GROUPS = [
    {check.name: check.needs for check in SETTINGS_CHECKS},
    {check.name: check.needs for check in DATABASE_CHECKS},
    {check.name: check.needs for check in STORE_CHECKS},
]


def test_there_are_at_least_thirty_each_with_a_name_of_its_own() -> None:
    assert len(NAMES) >= 30
    assert len(set(NAMES)) == len(NAMES)
    assert [name for name in NAMES if not re.fullmatch(r"[a-z]+\.[a-z0-9_]+", name)] == []


def test_the_page_describes_every_check_in_the_order_of_the_report() -> None:
    described = re.findall(r"^\| `([a-z0-9_.]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert described == list(NAMES)


def test_the_page_says_how_many() -> None:
    assert f"{len(NAMES)} checks" in PAGE.read_text(encoding="utf-8")


def test_every_need_can_be_met() -> None:
    for group in GROUPS:
        met: set[str] = set()
        while ready := {name for name, needs in group.items() if name not in met and met >= set(needs)}:
            met |= ready
        assert set(group) - met == set()
