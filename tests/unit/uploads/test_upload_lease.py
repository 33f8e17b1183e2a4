"""A lease is judged by the clock of the database that gave it, however wrong that of the process is (matrix E11)."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.uploads.rows import a_row

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("ahead", [timedelta(hours=-1), timedelta(0), timedelta(hours=1)])
def test_the_process_s_own_clock_does_not_count(ahead: timedelta) -> None:
    """`ahead`: of the process's clock, the database's."""
    now = datetime.now(UTC) + ahead
    assert a_row(now=now, lease_until=now + 30 * SECOND).leased
    assert not a_row(now=now, lease_until=now - SECOND).leased
    assert not a_row(now=now, lease_until=now).leased
    assert not a_row(now=now, lease_until=None).leased
