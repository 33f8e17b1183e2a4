"""A clock that drifts is told of before the store refuses everything for it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from coordinator.api.readiness import Readiness
from coordinator.storage.clock_skew import ClockSkew
from coordinator.storage.s3 import S3Store
from tests.unit.storage.canned import Canned, answer

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def dated(ahead: timedelta) -> dict[str, str]:
    return {"date": format_datetime(NOW - ahead, usegmt=True)}


@pytest.mark.parametrize(
    ("minutes", "word"),
    [(-600, "behind"), (-11, "behind"), (-10, None), (0, None), (10, None), (11, "ahead of")],
)
async def test_readiness_warns_of_it_and_does_not_fail(minutes: int, word: str | None) -> None:
    skew = ClockSkew(lambda: NOW)
    skew.note(dated(timedelta(minutes=minutes)))
    ready = Readiness({}, within=1, monotonic=lambda: 0.0, warning=lambda: skew.warning)
    answered = await ready.answer()
    assert answered.status == "ok"
    assert [f"{abs(minutes)} minutes {word}" in told for told in answered.warnings] == (
        [True] if word else []
    )


@pytest.mark.parametrize("headers", [{}, {"date": ""}, {"date": "yesterday"}])
def test_an_answer_without_a_date_says_nothing(headers: dict[str, str]) -> None:
    skew = ClockSkew(lambda: NOW)
    skew.note(dated(timedelta(hours=1)))
    skew.note(headers)
    assert skew.ahead == timedelta(hours=1)


async def test_every_answer_of_the_store_is_read_for_it(canned: Canned, store: S3Store) -> None:
    date = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    canned.answers.append(answer(404, "", f"Date: {date}"))
    assert await store.head_object("key") is None
    assert timedelta(minutes=59) < store.clock_skew.ahead < timedelta(minutes=70)
